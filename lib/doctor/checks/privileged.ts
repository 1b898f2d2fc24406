import { type Engine, nameOf } from "../engine.ts";
import type { Container } from "../engine_answers.ts";
import type { Check } from "../facts.ts";
import type { Finding } from "../finding.ts";

/** Capabilities with which a container's root takes the host, without a weakness in anything (capabilities(7)). */
const decisive: Readonly<Record<string, string>> = {
  ALL: "every capability",
  SYS_MODULE: "it loads code into the kernel",
  DAC_READ_SEARCH: "it opens every file of the host's by its handle (open_by_handle_at(2))",
};

/** Those that lead out of many a container. */
const strong = new Set(["BPF", "MAC_ADMIN", "SYS_ADMIN", "SYS_BOOT", "SYS_PTRACE", "SYS_RAWIO"]);

/** Containers that have less around them than others. */
export const privileged: Check = {
  name: "privileged",
  group: "engine",
  live: true,
  look(facts) {
    return facts.engines.flatMap((engine) => {
      const { containers } = engine;
      if (containers === undefined) return [];
      const found = containers.flatMap((container) => lookAt(container, hasOwnRoot(engine)));
      if (found.length > 0 || containers.length === 0) return found;
      return [{
        level: "fine" as const,
        title: "no container is privileged or has the host's namespaces",
      }];
    });
  },
};

/** Where root in a container is another user on the host, what root may do there is less. */
function hasOwnRoot({ info }: Engine): boolean {
  return info?.isRootless === true || info?.SecurityOptions.includes("name=userns") === true;
}

function lookAt(container: Container, ownRoot: boolean): Finding[] {
  const own = container.HostConfig;
  const capabilities = own.CapAdd.map((name) => name.toUpperCase().replace(/^CAP_/, ""));
  const remapped = ownRoot && own.UsernsMode !== "host";
  const takes = [
    ...(own.Privileged
      ? ["--privileged: every device and capability, no seccomp, no AppArmor"]
      : []),
    ...capabilities.flatMap((name) => {
      const how = decisive[name];
      return how === undefined ? [] : [`--cap-add ${name}: ${how}`];
    }),
    ...(own.PidMode === "host" && capabilities.includes("SYS_PTRACE")
      ? ["--pid host --cap-add SYS_PTRACE: it makes the host's processes do what it likes"]
      : []),
  ];
  const leads = capabilities.filter((name) => strong.has(name));
  const open = own.SecurityOpt.filter((option) =>
    /^(?:seccomp|apparmor)[=:]unconfined$/.test(option)
  );
  const less = [
    ...(own.PidMode === "host"
      ? ["--pid host: it sees the host's processes, and their files below /proc"]
      : []),
    ...(own.NetworkMode === "host"
      ? ["--network host: it reaches abstract sockets and ports of 127.0.0.1"]
      : []),
    ...(own.IpcMode === "host" ? ["--ipc host: it shares the host's memory segments"] : []),
    ...(own.UsernsMode === "host"
      ? ["--userns host: its root is the host's, whatever userns-remap says"]
      : []),
    ...(leads.length > 0 ? [`--cap-add ${leads.join(", ")}: leads to the host`] : []),
    ...(open.length > 0 ? [`--security-opt ${open.join(", ")}`] : []),
  ];
  const evidence = [...takes, ...less];
  if (evidence.length === 0) return [];
  const isRoot = takes.length > 0 && !remapped;
  return [{
    level: isRoot ? "wrong" : "advice",
    title: isRoot
      ? `the container ${nameOf(container)} can take this host without the real socket`
      : `the container ${nameOf(container)} is kept apart less than others`,
    evidence,
    fix: [
      "# make it anew without what it does not need; a policy's constraints (privileged, capabilities, " +
      "namespaces) keep the gate's clients from making such containers",
    ],
  }];
}

import { type Engine, nameOf } from "../engine.ts";
import type { Container } from "../engine_answers.ts";
import type { Check } from "../facts.ts";
import type { Finding } from "../finding.ts";
import type { Host } from "../host.ts";
import { devicesOfHost } from "../host_devices.ts";
import { mountsOfHost } from "../host_mounts.ts";

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
      const found = containers.flatMap((container) => lookAt(facts.host, engine, container));
      if (found.length > 0 || containers.length === 0) return found;
      return [{
        level: "fine" as const,
        title:
          "no container is privileged, or has the host's namespaces, devices or files that root trusts",
      }];
    });
  },
};

/** Where root in a container is another user on the host, what root may do there is less. */
function hasOwnRoot({ info }: Engine): boolean {
  return info?.isRootless === true || info?.SecurityOptions.includes("name=userns") === true;
}

/** Whose namespace a container has: of `container:NAME`, that one's. */
function modeOf(
  engine: Engine,
  container: Container,
  key: "PidMode" | "NetworkMode" | "IpcMode",
  steps = 0,
): string | undefined {
  const { containers = [] } = engine;
  const mode = container.HostConfig[key];
  const [, name] = /^container:(.+)$/.exec(mode ?? "") ?? [];
  if (name === undefined || steps > containers.length) return mode;
  const other = containers.find(({ Id, Name }) => Id.startsWith(name) || Name === `/${name}`);
  return other === undefined ? mode : modeOf(engine, other, key, steps + 1);
}

function lookAt(host: Host, engine: Engine, container: Container): Finding[] {
  const own = {
    ...container.HostConfig,
    PidMode: modeOf(engine, container, "PidMode"),
    NetworkMode: modeOf(engine, container, "NetworkMode"),
    IpcMode: modeOf(engine, container, "IpcMode"),
  };
  const [mounts, devices] = [
    mountsOfHost(host, engine, container),
    devicesOfHost(container.HostConfig),
  ];
  const capabilities = own.CapAdd.map((name) => name.toUpperCase().replace(/^CAP_/, ""));
  const remapped = hasOwnRoot(engine) && own.UsernsMode !== "host";
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
    ...mounts.takes,
    ...devices.takes,
  ];
  const leads = capabilities.filter((name) => strong.has(name));
  const open = own.SecurityOpt.filter((option) =>
    /^(?:(?:seccomp|apparmor|systempaths)[=:]unconfined|label[=:]disable|unmask[=:].*)$/.test(
      option,
    )
  );
  const unmasked = own.isUnmasked && !own.Privileged;
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
    ...(unmasked
      ? ["--security-opt systempaths=unconfined: nothing of /proc and /sys is hidden or read-only"]
      : []),
    ...mounts.less,
    ...devices.less,
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
      "namespaces, devices, mounts) keep the gate's clients from making such containers",
    ],
  }];
}

import type { Check } from "../facts.ts";
import { type Container, nameOf } from "../engine.ts";
import type { Finding } from "../finding.ts";

/** Capabilities that lead out of a container (capabilities(7)). */
const strong = new Set([
  "ALL",
  "BPF",
  "DAC_READ_SEARCH",
  "MAC_ADMIN",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_MODULE",
  "SYS_PTRACE",
  "SYS_RAWIO",
]);

/** Containers that have less around them than others. */
export const privileged: Check = {
  name: "privileged",
  group: "engine",
  live: true,
  look(facts) {
    const gate = new Set(facts.own.flatMap(({ container }) => container ?? []));
    return facts.engines.flatMap(({ containers }) => {
      if (containers === undefined) return [];
      const found = containers.filter(({ Id }) => !gate.has(Id)).flatMap(lookAt);
      if (found.length > 0 || containers.length === 0) return found;
      return [{
        level: "fine" as const,
        title: "no container is privileged or has the host's namespaces",
      }];
    });
  },
};

function lookAt(container: Container): Finding[] {
  const own = container.HostConfig ?? {};
  const capabilities = (own.CapAdd ?? []).map((name) => name.toUpperCase().replace(/^CAP_/, ""))
    .filter((name) => strong.has(name));
  const open = (own.SecurityOpt ?? []).filter((option) =>
    /^(?:seccomp|apparmor)[=:]unconfined$/.test(option)
  );
  const reasons = [
    ...(own.Privileged === true
      ? ["--privileged: every device and capability, no seccomp, no AppArmor"]
      : []),
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
    ...(capabilities.length > 0 ? [`--cap-add ${capabilities.join(", ")}: leads to the host`] : []),
    ...(open.length > 0 ? [`--security-opt ${open.join(", ")}`] : []),
  ];
  if (reasons.length === 0) return [];
  return [{
    level: "advice",
    title: `the container ${nameOf(container)} is kept apart less than others`,
    evidence: reasons,
    fix:
      "start it without what it does not need; a policy's constraints (privileged, capabilities, namespaces) keep others from it",
  }];
}

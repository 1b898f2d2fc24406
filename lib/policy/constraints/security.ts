import { denied } from "./finding.ts";
import type { Judgement } from "./lookups.ts";
import { allows, isOpen } from "./patterns.ts";
import type { ContainerSpec } from "./spec.ts";
import type { Limits } from "./types.ts";
import { listWith, notAllowed, notAmong, shown } from "./wording.ts";

/** What only says what the engine does anyway, or more strictly. */
const HARMLESS = new Set([
  "no-new-privileges",
  ...["1", "t", "T", "TRUE", "true", "True"].map((yes) => `no-new-privileges=${yes}`),
  "seccomp=builtin",
  "apparmor=docker-default",
]);

/** What runc keeps from a container (moby oci DefaultSpec of 20.10; later engines add to it). */
const MASKED = [
  "/proc/acpi",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
];
const READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

const OPEN_PATHS = "unmasked_paths: true";

/** What weakens the walls around a container. */
// deno-lint-ignore require-yield
export function* judgeSecurity(limits: Limits, spec: ContainerSpec): Judgement {
  return options(limits, spec.securityOptions) ?? runtime(limits, spec) ?? paths(limits, spec) ??
    sysctls(limits, spec) ?? judgeCgroups(limits, spec.cgroupParent, spec.cgroup) ??
    judgeOutOfMemory(limits, spec.oomProtected) ??
    annotations(limits, spec);
}

/** Both spellings, `seccomp=unconfined` and `seccomp:unconfined`, are one (moby daemon parseSecurityOpt). */
function options(limits: Limits, given: readonly string[]) {
  const allowed = limits.security_options;
  if (isOpen(allowed)) return undefined;
  const patterns = respelt(allowed);
  for (const written of given) {
    const option = respell(written);
    if (HARMLESS.has(option) || allows(patterns, option)) continue;
    const reason = `${shown(option)} ${notAmong(allowed)}`;
    return denied("security_options", reason, listWith("security_options", allowed, option));
  }
  return undefined;
}

const spellings = new WeakMap<readonly string[], readonly string[]>();

function respelt(patterns: readonly string[]): readonly string[] {
  const found = spellings.get(patterns) ?? patterns.map(respell);
  spellings.set(patterns, found);
  return found;
}

/** The engine cuts at the first `=`, and at the first colon where there is none. */
function respell(option: string): string {
  return option.includes("=") ? option : option.replace(":", "=");
}

function runtime(limits: Limits, { runtime, isolation }: ContainerSpec) {
  if (runtime !== "" && !allows(limits.runtimes, runtime)) {
    return notAllowed("runtimes", limits.runtimes, runtime);
  }
  // Only Windows has others.
  if (isOpen(limits.runtimes) || ["", "default"].includes(isolation.toLowerCase())) {
    return undefined;
  }
  return denied("runtimes", `Isolation is ${shown(isolation)}, and may only be default`, "");
}

/** Clients that make a container anew send the paths that inspect told them: then all must be there. */
function paths(limits: Limits, spec: ContainerSpec) {
  if (limits.unmasked_paths !== false) return undefined;
  const pairs = [
    ["MaskedPaths", spec.maskedPaths, MASKED],
    ["ReadonlyPaths", spec.readonlyPaths, READONLY],
  ] as const;
  for (const [field, given, own] of pairs) {
    const missing = given === undefined ? undefined : own.find((path) => !given.includes(path));
    if (missing === undefined) continue;
    return denied("unmasked_paths", `${field} leaves out ${missing}`, OPEN_PATHS);
  }
  return undefined;
}

function sysctls(limits: Limits, spec: ContainerSpec) {
  const denied = spec.sysctls.find(([name, value]) =>
    !allows(limits.sysctls, name) && !allows(limits.sysctls, `${name}=${value}`)
  );
  return denied === undefined ? undefined : notAllowed("sysctls", limits.sysctls, denied[0]);
}

/** Cgroups that it is put into, "" for the engine's choice. Engines join the name to the root's without a look at `..`. */
export function judgeCgroups({ cgroup_parents: allowed }: Limits, ...values: string[]) {
  if (isOpen(allowed)) return undefined;
  for (const value of values) {
    if (value === "") continue;
    if (value.split("/").includes("..")) {
      return denied("cgroup_parents", `${shown(value)} has a .. in it`, "");
    }
    if (!allows(allowed, value)) return notAllowed("cgroup_parents", allowed, value);
  }
  return undefined;
}

export function judgeOutOfMemory({ oom_protection }: Limits, isProtected: boolean) {
  if (oom_protection !== false || !isProtected) return undefined;
  const reason = "a negative OomScoreAdj or OomKillDisable makes others die for it";
  return denied("oom_protection", reason, "oom_protection: true");
}

function annotations(limits: Limits, spec: ContainerSpec) {
  const odd = spec.annotations.find(([name, value]) =>
    !allows(limits.annotations, name) && !allows(limits.annotations, `${name}=${value}`)
  );
  return odd === undefined ? undefined : notAllowed("annotations", limits.annotations, odd[0]);
}

import type { Edit } from "../../json/value.ts";
import { findContainer, type Judgement } from "./lookups.ts";
import { allows, isOpen } from "./patterns.ts";
import type { ContainerSpec, Mode } from "./spec.ts";
import type { Allowed, Limits } from "./types.ts";
import { notAllowed } from "./wording.ts";

const CONTAINER = "container:";

/**
 * The namespaces that a container may share, but that of the network. An absent mode is the engine's default; clients of API
 * versions before 1.41 get the host's cgroup namespace by it, which shows names of cgroups and gives nothing away.
 */
export function* judgeModes(limits: Limits, spec: ContainerSpec, edits: Edit[]): Judgement {
  const modes = [
    ["pid_mode", spec.pid],
    ["ipc_mode", spec.ipc],
    ["uts_mode", spec.uts],
    ["userns_mode", spec.userns],
    ["cgroupns_mode", spec.cgroupns],
  ] as const;
  for (const [key, mode] of modes) {
    const against = yield* judgeMode(key, limits[key], mode, edits);
    if (against !== undefined) return against;
  }
  return undefined;
}

function* judgeMode(
  key: keyof Limits,
  allowed: Allowed | undefined,
  mode: Mode,
  edits: Edit[],
): Judgement {
  if (mode.value === "" || isOpen(allowed)) return undefined;
  if (!mode.value.startsWith(CONTAINER)) {
    return allows(allowed, mode.value) ? undefined : notAllowed(key, allowed, mode.value);
  }
  return yield* judgeContainerMode(key, allowed, mode, edits);
}

/** `container:NAME`, which must be allowed by the name that the container has; its id goes to the engine. */
export function* judgeContainerMode(
  key: keyof Limits,
  allowed: readonly string[],
  mode: Mode,
  edits: Edit[],
): Judgement {
  if (!allowed.some((pattern) => pattern.startsWith(CONTAINER))) {
    return notAllowed(key, allowed, mode.value);
  }
  const found = yield* findContainer(mode.value.slice(CONTAINER.length));
  if (!found.ok) return found;
  const value = CONTAINER + found.name;
  if (!allows(allowed, value)) return notAllowed(key, allowed, value);
  if (mode.replace !== undefined) edits.push(mode.replace(found.id));
  return undefined;
}

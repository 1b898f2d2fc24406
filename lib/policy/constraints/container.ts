import type { Edit, JsonDocument } from "../../json/value.ts";
import { judgeCapabilities } from "./capabilities.ts";
import { judgeDevices } from "./devices.ts";
import { readEngineContainer } from "./engine_container.ts";
import { denied } from "./finding.ts";
import type { Judgement } from "./lookups.ts";
import { judgeModes } from "./modes.ts";
import { judgeMounts } from "./mounts.ts";
import type { ContainerSpec } from "./spec.ts";
import type { Constraints, Limits, Scrutinised, Scrutiny } from "./types.ts";

/** Judges what a container is asked to be, under whatever API. The edits put ids in the place of the names that were judged. */
export function* judgeContainer(spec: ContainerSpec, limits: Limits): Scrutiny {
  const edits: Edit[] = [];
  for (const part of parts(spec, limits, edits)) {
    const against = yield* part;
    if (against !== undefined) return against;
  }
  return { ok: true, edits, added: [] };
}

function parts(spec: ContainerSpec, limits: Limits, edits: Edit[]): Judgement[] {
  return [
    judgePrivileged(limits, spec.privileged),
    judgeMounts(limits, spec, edits),
    judgeCapabilities(limits, spec.capabilities),
    judgeDevices(limits, spec),
    judgeModes(limits, spec, edits),
  ];
}

// deno-lint-ignore require-yield
function* judgePrivileged(limits: Limits, privileged: boolean): Judgement {
  if (limits.privileged !== false || !privileged) return undefined;
  return denied("privileged", "Privileged is true", "privileged: true");
}

/** POST /containers/create. */
export function* scrutiniseCreate(
  constraints: Constraints,
  _request: Scrutinised,
  document: JsonDocument,
): Scrutiny {
  const finding = yield* judgeContainer(readEngineContainer(document.root), constraints.limits);
  return finding.ok && finding.edits.length > 0 ? { ...finding, document } : finding;
}

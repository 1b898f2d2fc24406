import type { Edit, JsonDocument } from "../../json/value.ts";
import { withoutCidFile } from "./cid_file.ts";
import { judgeCapabilities } from "./capabilities.ts";
import { judgeDevices } from "./devices.ts";
import { readEngineContainer } from "./engine_container.ts";
import { denied } from "./finding.ts";
import type { Judgement } from "./lookups.ts";
import { judgeModes } from "./modes.ts";
import { judgeMounts } from "./mounts.ts";
import { addDefaults, withAdditions } from "./additions.ts";
import { judgeNetworks } from "./container_networks.ts";
import { judgeEnv, judgeLog, judgeRestart } from "./environment.ts";
import { judgeLabels } from "./labels.ts";
import { judgeLinks } from "./links.ts";
import { Parameters } from "./parameters.ts";
import { allows } from "./patterns.ts";
import { judgePorts } from "./ports.ts";
import { judgeImage } from "./references.ts";
import { judgeResources } from "./resources.ts";
import { judgeSecurity } from "./security.ts";
import { judgeUser } from "./user.ts";
import { notAllowed } from "./wording.ts";
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
    judgeWithoutAsking(limits, spec),
    judgeSecurity(limits, spec),
    judgeCapabilities(limits, spec.capabilities),
    judgeMounts(limits, spec, edits),
    judgeDevices(limits, spec),
    judgeModes(limits, spec, edits),
    judgeNetworks(limits, spec.networks, edits),
    judgeLinks(limits, spec.links, edits),
    judgeImage(limits.images, spec.image),
  ];
}

// deno-lint-ignore require-yield
function* judgeWithoutAsking(limits: Limits, spec: ContainerSpec): Judgement {
  if (limits.privileged === false && spec.privileged) {
    return denied("privileged", "Privileged is true", "privileged: true");
  }
  return judgeResources(limits, spec.resources, "create") ?? judgeUser(limits, spec.user) ??
    judgeEnv(limits, spec.env) ?? judgeLabels(limits, spec.labels) ??
    judgeRestart(limits, spec.restart) ?? judgePorts(limits, spec) ?? judgeLog(limits, spec);
}

/** POST /containers/create. */
export function* scrutiniseCreate(
  { limits, set }: Constraints,
  request: Scrutinised,
  document: JsonDocument,
): Scrutiny {
  const name = new Parameters(request.target).one("name").replace(/^\//, "");
  if (!allows(limits.names, name)) {
    if (name !== "") return notAllowed("names", limits.names, name);
    return denied("names", "no name is given, and the engine's choice may be any", "names: any");
  }
  const filled = addDefaults(document, set);
  const finding = yield* judgeContainer(readEngineContainer(filled.document.root), limits);
  if (!finding.ok) return finding;
  const edits = [...finding.edits, ...withoutCidFile(limits, filled.document.root)];
  return withAdditions(document, filled, edits);
}

export { scrutiniseUpdate } from "./update.ts";

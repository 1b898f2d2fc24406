import type { Json, JsonDocument } from "../../json/value.ts";
import { judgeContainer } from "./container.ts";
import { type Denial, denied, fine } from "./finding.ts";
import { judgeName, judgeTarget } from "./images.ts";
import { judgeLabels } from "./labels.ts";
import { rawCgroupValues, readLibpodContainer } from "./libpod_container.ts";
import { Parameters } from "./parameters.ts";
import { allows, isOpen } from "./patterns.ts";
import { pairsAt, textAt } from "./reading.ts";
import { parseImage } from "./references.ts";
import type { Constraints, Limits, Scrutinised, Scrutiny } from "./types.ts";
import { judgeVolumeSource } from "./volume_options.ts";
import { notAllowed, shown } from "./wording.ts";

/** POST /libpod/containers/create. */
export function* scrutiniseLibpodCreate(
  { limits }: Constraints,
  _request: Scrutinised,
  document: JsonDocument,
): Scrutiny {
  const { root } = document;
  const against = judgeOwnName(limits, textAt(root, "name")) ?? judgeCgroupValues(limits, root) ??
    judgeWholeName(limits, textAt(root, "image"));
  if (against !== undefined) return against;
  const finding = yield* judgeContainer(readLibpodContainer(root), limits);
  return finding.ok && finding.edits.length > 0 ? { ...finding, document } : finding;
}

function judgeOwnName(limits: Limits, name: string): Denial | undefined {
  if (allows(limits.names, name)) return undefined;
  if (name !== "") return notAllowed("names", limits.names, name);
  return denied("names", "no name is given, and the engine's choice may be any", "names: any");
}

function judgeCgroupValues(limits: Limits, root: Json): Denial | undefined {
  const key = (["memory", "cpus", "pids"] as const).find((name) => limits[name] !== undefined);
  const [value] = rawCgroupValues(root);
  if (key === undefined || value === undefined) return undefined;
  return denied(key, `unified sets ${shown(value[0])} past every limit`, "");
}

/**
 * Podman looks for a short name in every registry that the host's registries.conf names, and at images that were built here, so
 * that it says nothing about where an image comes from.
 */
function judgeWholeName(limits: Limits, reference: string): Denial | undefined {
  if (isOpen(limits.images) || reference === "") return undefined;
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(reference)) return undefined;
  const [first, ...rest] = reference.split("/");
  if (rest.length > 0 && /^localhost$|[.:]/.test(first!)) return undefined;
  const reason = `${shown(reference)} can be any registry's; write the whole name, such as ` +
    `docker.io/library/alpine or localhost/built`;
  return denied("images", reason, "");
}

/** POST /libpod/images/pull: `docker://` may stand before the name. */
// deno-lint-ignore require-yield
export function* scrutiniseLibpodPull({ limits }: Constraints, { target }: Scrutinised): Scrutiny {
  if (isOpen(limits.images)) return fine;
  return judgeReference(limits, new Parameters(target).one("reference")) ?? fine;
}

/** POST /libpod/images/{name}/push: by its name, and by where it goes. */
// deno-lint-ignore require-yield
export function* scrutiniseLibpodPush({ limits }: Constraints, { target }: Scrutinised): Scrutiny {
  if (isOpen(limits.images)) return fine;
  const name = target.segments.slice(target.segments.indexOf("images") + 1, -1).join("/");
  const destination = new Parameters(target).one("destination");
  return judgeReference(limits, name) ??
    (destination === "" ? undefined : judgeReference(limits, destination)) ?? fine;
}

function judgeReference(limits: Limits, text: string): Denial | undefined {
  const reference = text.replace(/^docker:\/\//, "");
  return judgeWholeName(limits, reference) ??
    judgeName(limits.images, reference, parseImage(reference));
}

/** POST /libpod/commit: the name that the image gets. */
// deno-lint-ignore require-yield
export function* scrutiniseLibpodCommit(
  { limits }: Constraints,
  { target }: Scrutinised,
): Scrutiny {
  return judgeTarget(limits.images, new Parameters(target), false) ?? fine;
}

/** POST /libpod/volumes/create: as Docker's, in other words. */
export function* scrutiniseLibpodVolume(
  { limits }: Constraints,
  _request: Scrutinised,
  { root }: JsonDocument,
): Scrutiny {
  const name = textAt(root, "Name");
  if (!allows(limits.names, name)) return notAllowed("names", limits.names, name);
  const source = {
    driver: textAt(root, "Driver"),
    options: pairsAt(root, "Options"),
    readOnly: false,
  };
  const labels = [...pairsAt(root, "Label"), ...pairsAt(root, "Labels")];
  return (yield* judgeVolumeSource(limits, source)) ?? judgeLabels(limits, labels) ?? fine;
}

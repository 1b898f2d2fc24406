import { denied } from "./finding.ts";
import { judgeBind } from "./host_mounts.ts";
import { findContainer, isTold, type Judgement, type Told } from "./lookups.ts";
import { allows, isOpen } from "./patterns.ts";
import { judgeImage } from "./references.ts";
import type { ContainerSpec, Inherited, Mount, Pairs, Volume } from "./spec.ts";
import type { Edit } from "../../json/value.ts";
import type { Limits } from "./types.ts";
import { judgeVolumeSource } from "./volume_options.ts";
import { notAllowed, shown } from "./wording.ts";
import { refused } from "./finding.ts";

/** Everything that a container gets to see of the host and of volumes. */
export function* judgeMounts(limits: Limits, spec: ContainerSpec, edits: Edit[]): Judgement {
  for (const mount of spec.mounts) {
    const against = yield* judgeMount(limits, mount);
    if (against !== undefined) return against;
  }
  // Volumes that an image asks for get it, too.
  const { volumeDriver: driver } = spec;
  if (driver !== "") {
    const against = yield* judgeVolumeSource(limits, { driver, options: [], readOnly: false });
    if (against !== undefined) return against;
  }
  for (const other of spec.volumesFrom) {
    const against = yield* judgeInherited(limits, other, edits);
    if (against !== undefined) return against;
  }
  return undefined;
}

function* judgeMount(limits: Limits, mount: Mount): Judgement {
  switch (mount.kind) {
    case "bind":
      return yield* judgeBind(limits, mount);
    case "volume":
      return yield* judgeVolume(limits, mount);
    case "tmpfs":
      return undefined;
    case "image":
      return yield* judgeImage(limits.images, mount.reference);
    case "other":
      if (isOpen(limits.host_mounts)) return undefined;
      return denied("host_mounts", `${shown(mount.what)} cannot be judged`, "");
  }
}

/** By name, by what is asked for in case it has to be made, and by what it is if it is there. */
function* judgeVolume(limits: Limits, volume: Volume): Judgement {
  const { name, readOnly } = volume;
  if (name !== "" && !allows(limits.volumes, name)) {
    return notAllowed("volumes", limits.volumes, name);
  }
  const against = yield* judgeVolumeSource(limits, volume);
  if (against !== undefined || name === "" || isAnyVolume(limits)) return against;
  // What drivers take (moby names.RestrictedNamePattern).
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
    return denied("volumes", `${shown(name)} is neither a volume's name nor an absolute path`, "");
  }
  const answer = yield { kind: "volume", name };
  if ("absent" in answer) return undefined;
  if ("failed" in answer) return refused(502, answer.failed);
  return yield* judgeExisting(limits, answer.found, readOnly);
}

function* judgeExisting(limits: Limits, told: unknown, readOnly: boolean): Judgement {
  if (!isTold(told) || typeof told["Driver"] !== "string") {
    return refused(502, "the engine does not say what the volume is");
  }
  const { Driver: driver, Options: options } = told as { Driver: string; Options?: unknown };
  const pairs: Pairs = isTold(options)
    ? Object.entries(options).map(([key, value]) => [key, String(value)])
    : [];
  return yield* judgeVolumeSource(limits, { driver, options: pairs, readOnly });
}

function isAnyVolume(limits: Limits): boolean {
  return isOpen(limits.volume_drivers) && isOpen(limits.volume_types) && isOpen(limits.host_mounts);
}

/** Another container's mounts, judged as if they were asked for here; its id goes in the place of its name. */
function* judgeInherited(limits: Limits, other: Inherited, edits: Edit[]): Judgement {
  const isAny = isOpen(limits.volumes_from) && isOpen(limits.volumes) && isAnyVolume(limits);
  if (isAny && isOpen(limits.images)) return undefined;
  const found = yield* findContainer(other.name);
  if (!found.ok) return found;
  if (!allows(limits.volumes_from, found.name)) {
    return notAllowed("volumes_from", limits.volumes_from, found.name);
  }
  const mounts = found.told["Mounts"];
  if (!Array.isArray(mounts)) {
    return refused(502, `the engine does not say what ${shown(found.name)} mounts`);
  }
  for (const told of mounts) {
    const mount = isTold(told) ? readTold(told, other) : undefined;
    if (mount === undefined) return refused(502, "the engine tells of a mount that makes no sense");
    const against = yield* judgeMount(limits, mount);
    if (against === undefined) continue;
    return { ...against, reason: `${against.reason}, and ${shown(found.name)} mounts it` };
  }
  if (other.replace !== undefined) edits.push(other.replace(found.id));
  return undefined;
}

/** A mount point as inspect tells it (moby container.MountPoint). */
function readTold(told: Told, { readOnly, writable }: Inherited): Mount | undefined {
  const text = (name: string) => typeof told[name] === "string" ? told[name] as string : "";
  const type = text("Type");
  const common = { readOnly: readOnly || (told["RW"] === false && !writable) };
  switch (type) {
    case "bind": {
      const shared = ["shared", "rshared"].includes(text("Propagation"));
      return { kind: "bind", source: text("Source"), shared, ...common };
    }
    case "volume":
      if (text("Name") === "") return undefined;
      return { kind: "volume", name: text("Name"), driver: text("Driver"), options: [], ...common };
    case "tmpfs":
      return { kind: "tmpfs" };
    case "image":
      return { kind: "image", reference: text("Source") };
    default:
      return { kind: "other", what: `a mount of type ${type}` };
  }
}

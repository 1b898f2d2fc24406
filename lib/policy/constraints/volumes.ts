import type { JsonDocument } from "../../json/value.ts";
import { denied, fine } from "./finding.ts";
import { judgeLabels } from "./labels.ts";
import { allows } from "./patterns.ts";
import { pairsAt, textAt } from "./reading.ts";
import type { Constraints, Scrutinised, Scrutiny } from "./types.ts";
import { judgeVolumeSource } from "./volume_options.ts";
import { notAllowed } from "./wording.ts";

/** `docker volume rm`: a volume has no other name than the one in the path. */
// deno-lint-ignore require-yield
export function* scrutiniseVolumeRemove(
  { limits }: Constraints,
  { target }: Scrutinised,
): Scrutiny {
  const name = target.segments.slice(target.segments.indexOf("volumes") + 1).join("/");
  return allows(limits.volumes, name) ? fine : notAllowed("volumes", limits.volumes, name);
}

/** A new volume; one without a name gets a random one. */
export function* scrutiniseVolumeCreate(
  { limits }: Constraints,
  _request: Scrutinised,
  { root }: JsonDocument,
): Scrutiny {
  const name = textAt(root, "Name");
  if (name === "" && !allows(limits.names, name)) {
    return denied("names", "no name is given, and the engine's choice may be any", "names: any");
  }
  if (!allows(limits.names, name)) return notAllowed("names", limits.names, name);
  const source = {
    driver: textAt(root, "Driver"),
    options: pairsAt(root, "DriverOpts"),
    readOnly: false,
  };
  return (yield* judgeVolumeSource(limits, source)) ??
    judgeLabels(limits, pairsAt(root, "Labels")) ?? fine;
}

import type { JsonDocument } from "../../json/value.ts";
import { denied, fine } from "./finding.ts";
import { judgeLabels } from "./labels.ts";
import { allows } from "./patterns.ts";
import { pairsAt, textAt } from "./reading.ts";
import type { Constraints, Scrutinised, Scrutiny } from "./types.ts";
import { judgeVolumeSource } from "./volume_options.ts";
import { notAllowed } from "./wording.ts";

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

import { replaceValue } from "../../json/edit.ts";
import type { Edit, Json } from "../../json/value.ts";
import { isOpen } from "./patterns.ts";
import { objectAt, stringAt } from "./reading.ts";
import type { Limits } from "./types.ts";

/**
 * Empties HostConfig.ContainerIDFile, which `docker run --cidfile` sends along though its client writes the file: the engine only
 * keeps it for inspect, but Podman removes a file of that name on its host with the container.
 */
export function withoutCidFile({ host_mounts }: Limits, root: Json): readonly Edit[] {
  const file = stringAt(objectAt(root, "HostConfig"), "ContainerIDFile");
  if (isOpen(host_mounts) || file === undefined || file.value === "") return [];
  return [replaceValue(file, '""')];
}

import { folderEscapes } from "./allowed_folders.ts";
import { buildEscapes } from "./builds.ts";
import { changeEscapes } from "./changes.ts";
import { swarmEscapes } from "./cluster.ts";
import { execEscapes } from "./exec.ts";
import { encodingEscapes, framingEscapes } from "./framing.ts";
import { imageEscapes } from "./images.ts";
import { mountEscapes } from "./mounts.ts";
import { namespaceEscapes } from "./namespaces.ts";
import { networkEscapes } from "./networks.ts";
import { powerEscapes } from "./powers.ts";
import { selectorEscapes } from "./selected.ts";
import { serviceEscapes } from "./services.ts";
import { spellingEscapes } from "./spellings.ts";
import type { Escape } from "./table.ts";
import { optionEscapes } from "./volume_options.ts";
import { volumeEscapes } from "./volumes.ts";

/** By subject. */
export const escapes: Readonly<Record<string, readonly Escape[]>> = {
  "folders of the host": [...mountEscapes, ...optionEscapes, ...folderEscapes],
  "privileges, capabilities, devices": powerEscapes,
  "namespaces": namespaceEscapes,
  "spellings of JSON": [...spellingEscapes, ...encodingEscapes],
  "HTTP": framingEscapes,
  "volumes": volumeEscapes,
  "exec": execEscapes,
  "update and commit": changeEscapes,
  "networks": networkEscapes,
  "builds": buildEscapes,
  "images": imageEscapes,
  "containers of others": selectorEscapes,
  "services": serviceEscapes,
  "swarms, plugins, checkpoints": swarmEscapes,
};

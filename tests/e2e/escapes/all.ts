import { serviceEscapes, swarmEscapes } from "./cluster.ts";
import { encodingEscapes, framingEscapes } from "./framing.ts";
import { buildEscapes, imageEscapes } from "./images.ts";
import { mountEscapes } from "./mounts.ts";
import { namespaceEscapes } from "./namespaces.ts";
import { changeEscapes, execEscapes, networkEscapes, volumeEscapes } from "./objects.ts";
import { powerEscapes } from "./powers.ts";
import { selectorEscapes } from "./selected.ts";
import { spellingEscapes } from "./spellings.ts";
import type { Escape } from "./table.ts";

/** By subject. */
export const escapes: Readonly<Record<string, readonly Escape[]>> = {
  "folders of the host": mountEscapes,
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

import { flavours } from "../flavours.ts";
import { importCetusguard } from "./cetusguard.ts";
import { importImage } from "./images.ts";
import { importSockguard } from "./sockguard.ts";
import type { Source } from "./source.ts";
import { importWollomatic } from "./wollomatic.ts";

/** Reads the texts of somebody else's files. Throws an ImportError. */
export type Importer = (texts: readonly string[], service?: string) => Source;

/** By the name of what is imported. */
export const importers: Readonly<Record<string, Importer>> = {
  tecnativa: (texts, service) => importImage(flavours["tecnativa"]!, texts, service),
  linuxserver: (texts, service) => importImage(flavours["linuxserver"]!, texts, service),
  wollomatic: importWollomatic,
  cetusguard: importCetusguard,
  sockguard: importSockguard,
};

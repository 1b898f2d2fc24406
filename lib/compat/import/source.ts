import type { TcpPlace } from "../../config/tcp.ts";

/** What an importer made of somebody else's rules, before it becomes operations. */
export interface Source {
  /** The policy's name. */
  readonly name: string;
  /** The rules, as they are shown to people; `decide` answers with a place in this list. */
  readonly rules: readonly string[];
  /** The rule that allows a request of this method and path, version included; undefined where none does. */
  readonly decide: (method: string, path: string) => number | undefined;
  /** The same as the source itself does it, where it does not do what was meant. */
  readonly decideLiterally?: (method: string, path: string) => boolean;
  /** Rules that allow nothing by themselves, and are there to deny or to let others allow. */
  readonly gates?: readonly number[];
  /** Words of the rules that could be names of objects. */
  readonly words: readonly string[];
  readonly listener?: SourceListener;
  readonly upstream?: string;
  /** `none` where the source looks into no body, else what is held against it beside the safe defaults. */
  readonly constraints: "none" | SourceConstraints;
  /** What means something else now, or nothing. */
  readonly warnings: readonly string[];
}

/** The unix socket that the source listened on, in its own words, or the address and port. */
export type SourceListener = SourceSocket | SourcePort;

export interface SourceSocket {
  readonly socket: string;
  readonly mode?: string;
  readonly user?: string;
  readonly group?: string;
}

export interface SourcePort {
  readonly tcp: TcpPlace;
  /** The only addresses and ranges that clients may come from; absent: from anywhere. */
  readonly from?: readonly string[];
}

/** By operation and key. */
export type SourceConstraints = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A file that cannot be imported, and why. */
export class ImportError extends Error {
  override readonly name = "ImportError";
}

/** Words of a pattern that could be names of objects: what is written out, between what is not. */
export function wordsIn(pattern: string): string[] {
  const plain = pattern.replace(/\\([^A-Za-z0-9])/g, "$1").replace(/\\./g, " ");
  return plain.match(/[A-Za-z0-9][A-Za-z0-9_.-]+/g) ?? [];
}

/** What `host_mounts` says of a folder and all that is in it. */
export function folderPatterns(folder: string): string[] {
  const plain = folder.replace(/\/+$/, "");
  return plain === "" ? ["/**"] : [plain, `${plain}/**`];
}

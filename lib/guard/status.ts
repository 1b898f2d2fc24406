import { linkInfo, lookupEntry, mapKeys, openPinned } from "../linux/bpf.ts";
import { close } from "../linux/io.ts";
import {
  type FileId,
  type MapName,
  maps,
  type NameId,
  readFileKey,
  readNameKey,
  readU32,
  readU64,
  STATE,
  u32,
} from "./layout.ts";
import { LINK, PIN_FOLDER } from "./pins.ts";

/** A seal that is pinned. */
export interface Status {
  /** The numbers of link and program, as bpftool(8) shows them. */
  readonly link: number;
  readonly program: number;
  readonly files: readonly FileId[];
  readonly names: readonly NameId[];
  /** With the clock tick at which they began. */
  readonly processes: readonly { readonly pid: number; readonly start: bigint }[];
  readonly uids: readonly number[];
  readonly cgroups: readonly bigint[];
  /** Attempts that nobody read. */
  readonly lost: bigint;
}

/** Reads what is pinned; undefined when nothing is. Throws a SystemError. */
export function readStatus(): Status | undefined {
  const link = openPinned(`${PIN_FOLDER}/${LINK}`);
  if (link === undefined) return undefined;
  const { id, program } = linkInfo(link);
  close(link);
  const state = withMap("state", (fd) => lookupEntry(fd, u32(0), STATE.size));
  return {
    link: id,
    program,
    files: keysOf("inodes").map(readFileKey),
    names: keysOf("names").map(readNameKey),
    processes: withMap("processes", (fd) =>
      mapKeys(fd, maps.processes.key).flatMap((key) => {
        const start = lookupEntry(fd, key, maps.processes.value);
        return start === undefined ? [] : [{ pid: readU32(key), start: readU64(start) }];
      })) ?? [],
    uids: keysOf("users").map(readU32),
    cgroups: keysOf("cgroups").map(readU64),
    lost: state === undefined ? 0n : readU64(state.subarray(STATE.lost)),
  };
}

function keysOf(name: MapName): Uint8Array<ArrayBuffer>[] {
  return withMap(name, (fd) => mapKeys(fd, maps[name].key)) ?? [];
}

function withMap<T>(name: MapName, action: (fd: number) => T): T | undefined {
  const fd = openPinned(`${PIN_FOLDER}/${name}`);
  if (fd === undefined) return undefined;
  try {
    return action(fd);
  } finally {
    close(fd);
  }
}

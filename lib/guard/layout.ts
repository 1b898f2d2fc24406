import { MAP_ARRAY, MAP_HASH, MAP_RINGBUF, type MapShape } from "../linux/bpf.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A file as the kernel tells it from others: the device's number as MKDEV makes it (linux/kdev_t.h), and the inode. */
export interface FileId {
  readonly inode: bigint;
  readonly device: bigint;
}

/** A name in a folder: whatever socket is bound there next is the same socket to us. */
export interface NameId {
  readonly folder: FileId;
  readonly name: string;
}

/** Bytes of a name that count, with a NUL: socket paths have 107 at most (unix(7)). */
export const NAME_ROOM = 112;
export const FILE_KEY = 16;
export const NAME_KEY = FILE_KEY + NAME_ROOM;
export const EVENT_SIZE = 64;
export const COMM_SIZE = 16;

/** Where each field of the state stands: whether it only reports, the process that is always refused, and events that found no room. */
export const STATE = { audit: 0, prober: 4, lost: 8, size: 16 } as const;

/** Where each field of an event stands. */
export const EVENT = {
  pid: 0,
  uid: 4,
  cgroup: 8,
  start: 16,
  comm: 24,
  inode: 40,
  device: 48,
  audited: 56,
} as const;

const MANY = 1024;

/** The maps that the program and we share. */
export const maps = {
  /** The sealed sockets' files, now and before: an old one may still be open under another name. */
  inodes: { name: "postern_inodes", type: MAP_HASH, key: FILE_KEY, value: 4, entries: MANY },
  /** Where the sealed sockets stand. */
  names: { name: "postern_names", type: MAP_HASH, key: NAME_KEY, value: 4, entries: MANY },
  /** Who may connect: processes, with the clock tick at which they began, */
  processes: { name: "postern_pids", type: MAP_HASH, key: 4, value: 8, entries: MANY },
  /** users, */
  users: { name: "postern_users", type: MAP_HASH, key: 4, value: 4, entries: MANY },
  /** and cgroups with what is below them. */
  cgroups: { name: "postern_cgroups", type: MAP_HASH, key: 8, value: 4, entries: MANY },
  state: { name: "postern_state", type: MAP_ARRAY, key: 4, value: STATE.size, entries: 1 },
  events: { name: "postern_events", type: MAP_RINGBUF, key: 0, value: 0, entries: 1 << 18 },
} as const satisfies Record<string, MapShape>;

export type MapName = keyof typeof maps;

/** A connection that was refused, or would have been. */
export interface Attempt {
  readonly pid: number;
  /** The real one, in the host's user namespace. */
  readonly uid: number;
  /** The cgroup's number in the cgroup2 hierarchy. */
  readonly cgroup: bigint;
  /** When the process began, in clock ticks since boot, as /proc/PID/stat has it. */
  readonly start: bigint;
  /** The thread's name; a process chooses it. */
  readonly comm: string;
  readonly file: FileId;
  /** It was let pass. */
  readonly audited: boolean;
}

/** Reads what the program wrote; undefined for a record of another size. */
export function readAttempt(bytes: Uint8Array): Attempt | undefined {
  if (bytes.length !== EVENT_SIZE) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const comm = bytes.slice(EVENT.comm, EVENT.comm + COMM_SIZE);
  const end = comm.indexOf(0);
  return {
    pid: view.getUint32(EVENT.pid, true),
    uid: view.getUint32(EVENT.uid, true),
    cgroup: view.getBigUint64(EVENT.cgroup, true),
    start: view.getBigUint64(EVENT.start, true),
    comm: new TextDecoder().decode(end < 0 ? comm : comm.subarray(0, end)),
    file: {
      inode: view.getBigUint64(EVENT.inode, true),
      device: view.getBigUint64(EVENT.device, true),
    },
    audited: view.getUint32(EVENT.audited, true) !== 0,
  };
}

export function fileKey({ inode, device }: FileId): Bytes {
  return new Uint8Array(new BigUint64Array([inode, device]).buffer);
}

export function readFileKey(bytes: Bytes): FileId {
  const [inode = 0n, device = 0n] = new BigUint64Array(bytes.slice(0, FILE_KEY).buffer);
  return { inode, device };
}

/** Throws a RangeError when the name has no room. */
export function nameKey({ folder, name }: NameId): Bytes {
  const encoded = new TextEncoder().encode(name);
  if (encoded.length >= NAME_ROOM) {
    throw new RangeError(`Cannot seal a name of ${encoded.length} bytes: ${name}`);
  }
  const key = new Uint8Array(NAME_KEY);
  key.set(fileKey(folder));
  key.set(encoded, FILE_KEY);
  return key;
}

export function readNameKey(bytes: Bytes): NameId {
  const name = bytes.subarray(FILE_KEY);
  return {
    folder: readFileKey(bytes),
    name: new TextDecoder().decode(name.subarray(0, name.indexOf(0))),
  };
}

export const u32 = (value: number): Bytes => new Uint8Array(new Uint32Array([value]).buffer);
export const u64 = (value: bigint): Bytes => new Uint8Array(new BigUint64Array([value]).buffer);
export const readU32 = (bytes: Bytes): number => new Uint32Array(bytes.slice(0, 4).buffer)[0]!;
export const readU64 = (bytes: Bytes): bigint => new BigUint64Array(bytes.slice(0, 8).buffer)[0]!;

/** The device's number in the kernel, of `major:minor`. */
export function deviceNumber(device: string): bigint {
  const [major = 0n, minor = 0n] = device.split(":").map(BigInt);
  return major << 20n | minor;
}

import { addressOf, cString } from "./bytes.ts";
import { ENOENT, errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";

// Everything here is bpf(2); numbers and layouts are include/uapi/linux/bpf.h's, where `union bpf_attr` has them in this order.
const SYS_BPF = Deno.build.arch === "aarch64" ? 280n : 321n;

const MAP_CREATE = 0n;
const MAP_LOOKUP_ELEM = 1n;
const MAP_UPDATE_ELEM = 2n;
const MAP_DELETE_ELEM = 3n;
const MAP_GET_NEXT_KEY = 4n;
const PROG_LOAD = 5n;
const OBJ_PIN = 6n;
const OBJ_GET = 7n;
const OBJ_GET_INFO_BY_FD = 15n;
const LINK_CREATE = 28n;
const LINK_GET_FD_BY_ID = 30n;

const PROG_TYPE_LSM = 29;
/** The attach type of programs that may refuse. */
const LSM_MAC = 27;

export const MAP_HASH = 1;
export const MAP_ARRAY = 2;
export const MAP_RINGBUF = 27;

/** The most of the verifier's words that are kept, in bytes. */
const LOG_SIZE = 1 << 18;
/** Names of maps and programs have 15 characters: letters, digits, `_` and `.`. */
const NAME_SIZE = 16;

/** What a map is: sizes in bytes; a ring buffer has no keys and values, and `entries` is its size. */
export interface MapShape {
  readonly name: string;
  readonly type: number;
  readonly key: number;
  readonly value: number;
  readonly entries: number;
}

/** A program that the kernel's verifier did not take; `log` ends with why. */
export class VerifierError extends SystemError {
  readonly log: string;

  constructor(name: string, code: number, log: string) {
    super("bpf", `PROG_LOAD ${name}`, code);
    this.log = log;
  }
}

/** A descriptor of a new map, close-on-exec as all of bpf(2)'s. Throws a SystemError. */
export function createMap({ name, type, key, value, entries }: MapShape): number {
  const attr = attributes(72);
  [type, key, value, entries].forEach((field, n) => attr.setUint32(4 * n, field, true));
  putName(attr, 28, name);
  return call(MAP_CREATE, attr, `MAP_CREATE ${name}`);
}

/** Sets an entry, new or not. Throws a SystemError: E2BIG when the map is full. */
export function updateEntry(map: number, key: Bytes, value: Bytes): void {
  call(MAP_UPDATE_ELEM, entry(map, key, value), "MAP_UPDATE_ELEM");
}

/** Takes an entry out, if it is there. Throws a SystemError. */
export function deleteEntry(map: number, key: Bytes): void {
  try {
    call(MAP_DELETE_ELEM, entry(map, key), "MAP_DELETE_ELEM");
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** An entry's value, of `size` bytes; undefined when there is none. Throws a SystemError. */
export function lookupEntry(map: number, key: Bytes, size: number): Bytes | undefined {
  const value = new Uint8Array(size);
  try {
    call(MAP_LOOKUP_ELEM, entry(map, key, value), "MAP_LOOKUP_ELEM");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return value;
}

/** All keys of a map that nobody else changes meanwhile, of `size` bytes each. Throws a SystemError. */
export function mapKeys(map: number, size: number): Bytes[] {
  const keys: Bytes[] = [];
  let last: Bytes | undefined;
  while (true) {
    const next = new Uint8Array(size);
    try {
      call(MAP_GET_NEXT_KEY, entry(map, last, next), "MAP_GET_NEXT_KEY");
    } catch (error) {
      if (isMissing(error)) return keys;
      throw error;
    }
    keys.push(next);
    last = next;
  }
}

/**
 * Loads a program for a hook of the kernel's security modules, `hook` being the number of its function's type. Throws a
 * VerifierError when the verifier refuses, with what it said.
 */
export function loadLsmProgram(name: string, instructions: Bytes, hook: number): number {
  const license = cString("GPL");
  const log = new Uint8Array(LOG_SIZE);
  const attr = attributes(144);
  attr.setUint32(0, PROG_TYPE_LSM, true);
  attr.setUint32(4, instructions.length / 8, true);
  attr.setBigUint64(8, addressOf(instructions), true);
  attr.setBigUint64(16, addressOf(license), true);
  attr.setUint32(24, 1, true);
  attr.setUint32(28, log.length, true);
  attr.setBigUint64(32, addressOf(log), true);
  putName(attr, 48, name);
  attr.setUint32(68, LSM_MAC, true);
  attr.setUint32(108, hook, true);
  const fd = libc.syscall(SYS_BPF, PROG_LOAD, addressOf(attr), BigInt(attr.byteLength));
  if (fd >= 0) return fd;
  const code = errno();
  const end = log.indexOf(0);
  throw new VerifierError(name, code, new TextDecoder().decode(log.subarray(0, end)));
}

/** Lets a loaded program take part in its hook's decisions for as long as the link's descriptor, or a pin of it, is there. Throws a SystemError. */
export function attachLsm(program: number): number {
  const attr = attributes(64);
  attr.setUint32(0, program, true);
  attr.setUint32(8, LSM_MAC, true);
  return call(LINK_CREATE, attr, "LINK_CREATE");
}

/** Gives an object a name in a BPF file system, which keeps it. Throws a SystemError: EEXIST when the name is taken. */
export function pin(fd: number, path: string): void {
  const name = cString(path);
  const attr = attributes(16);
  attr.setBigUint64(0, addressOf(name), true);
  attr.setUint32(8, fd, true);
  call(OBJ_PIN, attr, `OBJ_PIN ${path}`);
}

/** A descriptor of what is pinned; undefined when nothing is. Throws a SystemError. */
export function openPinned(path: string): number | undefined {
  const name = cString(path);
  const attr = attributes(16);
  attr.setBigUint64(0, addressOf(name), true);
  try {
    return call(OBJ_GET, attr, `OBJ_GET ${path}`);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A link's number, and that of its program, as bpftool(8) shows them. Throws a SystemError. */
export function linkInfo(link: number): { readonly id: number; readonly program: number } {
  // struct bpf_link_info: type, id, prog_id, and more that depends on the type.
  const info = new DataView(new ArrayBuffer(128));
  const attr = attributes(16);
  attr.setUint32(0, link, true);
  attr.setUint32(4, info.byteLength, true);
  attr.setBigUint64(8, addressOf(info), true);
  call(OBJ_GET_INFO_BY_FD, attr, "OBJ_GET_INFO_BY_FD");
  return { id: info.getUint32(4, true), program: info.getUint32(8, true) };
}

/** A descriptor of a link that somebody still holds, by its number; undefined when it is gone. Throws a SystemError. */
export function openLink(id: number): number | undefined {
  const attr = attributes(12);
  attr.setUint32(0, id, true);
  try {
    return call(LINK_GET_FD_BY_ID, attr, `LINK_GET_FD_BY_ID ${id}`);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

type Bytes = Uint8Array<ArrayBuffer>;
type Attributes = DataView<ArrayBuffer>;

function attributes(size: number): Attributes {
  return new DataView(new ArrayBuffer(size));
}

/** map_fd, key, and a value or the place of the next key. No key stands before the first. */
function entry(map: number, key: Bytes | undefined, value?: Bytes): Attributes {
  const attr = attributes(32);
  attr.setUint32(0, map, true);
  attr.setBigUint64(8, key === undefined ? 0n : addressOf(key), true);
  attr.setBigUint64(16, value === undefined ? 0n : addressOf(value), true);
  return attr;
}

function putName(attr: Attributes, at: number, name: string): void {
  new Uint8Array(attr.buffer, at, NAME_SIZE).set(cString(name).subarray(0, NAME_SIZE - 1));
}

function call(command: bigint, attr: Attributes, subject: string): number {
  const result = libc.syscall(SYS_BPF, command, addressOf(attr), BigInt(attr.byteLength));
  if (result < 0) throw new SystemError("bpf", subject, errno());
  return result;
}

function isMissing(error: unknown): boolean {
  return error instanceof SystemError && error.errno === ENOENT;
}

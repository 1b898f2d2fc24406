import {
  attachLsm,
  createMap,
  deleteEntry,
  loadLsmProgram,
  lookupEntry,
  updateEntry,
} from "../linux/bpf.ts";
import { close } from "../linux/io.ts";
import { readWholeBytes } from "../linux/proc.ts";
import { RingBuffer } from "../linux/ring_buffer.ts";
import { Btf, BtfError } from "./btf.ts";
import { type Attempt, type MapName, maps, readAttempt, readU64, STATE, u32 } from "./layout.ts";
import { findOffsets } from "./offsets.ts";
import { LINK, pinAll } from "./pins.ts";
import { guardProgram } from "./program.ts";

const TYPES = "/sys/kernel/btf/vmlinux";
const STATE_KEY = u32(0);
type Bytes = Uint8Array<ArrayBuffer>;

/** The program in the kernel, with its maps: holds until `close`, or for good once it is pinned. */
export class Seal {
  readonly #fds: Readonly<Record<MapName, number>>;
  readonly #program: number;
  readonly #link: number;
  readonly #events: RingBuffer;
  readonly #audit: boolean;

  /** Nothing is sealed yet: the maps are empty. `audit`: it only reports. Throws a BtfError or a SystemError, a VerifierError among them. */
  constructor(audit: boolean) {
    const types = readWholeBytes(TYPES);
    if (types === undefined) {
      throw new BtfError(
        `${TYPES} cannot be read: the kernel was built without CONFIG_DEBUG_INFO_BTF`,
      );
    }
    const offsets = findOffsets(new Btf(types));
    const open: number[] = [];
    const keep = (fd: number) => {
      open.push(fd);
      return fd;
    };
    try {
      this.#fds = Object.fromEntries(
        Object.entries(maps).map(([name, shape]) => [name, keep(createMap(shape))]),
      ) as Record<MapName, number>;
      const program = guardProgram(offsets, this.#fds);
      this.#program = keep(loadLsmProgram("postern_guard", program, offsets.hook));
      this.#events = new RingBuffer(this.#fds.events, maps.events.entries);
      this.#audit = audit;
      this.probing(0);
      this.#link = keep(attachLsm(this.#program));
    } catch (error) {
      for (const fd of open) close(fd);
      throw error;
    }
  }

  /** Readable when there are attempts. */
  get descriptor(): number {
    return this.#fds.events;
  }

  set(map: MapName, key: Bytes, value: Bytes): void {
    updateEntry(this.#fds[map], key, value);
  }

  remove(map: MapName, key: Bytes): void {
    deleteEntry(this.#fds[map], key);
  }

  /** Refuses this process, whoever may connect, and tells nobody; 0 for none. */
  probing(pid: number): void {
    const state = new DataView(new ArrayBuffer(STATE.size));
    state.setUint32(STATE.audit, this.#audit ? 1 : 0, true);
    state.setUint32(STATE.prober, pid, true);
    state.setBigUint64(STATE.lost, this.lost, true);
    this.set("state", STATE_KEY, new Uint8Array(state.buffer));
  }

  /** Attempts that could not be told since it stands: nobody read as fast as they came. */
  get lost(): bigint {
    const state = lookupEntry(this.#fds.state, STATE_KEY, STATE.size)!;
    return readU64(state.subarray(STATE.lost));
  }

  /** Attempts since the last call. */
  attempts(): Attempt[] {
    return this.#events.read().map(readAttempt).filter((attempt) => attempt !== undefined);
  }

  /** Keeps it when we end. Throws a SystemError. */
  pin(): void {
    pinAll({ [LINK]: this.#link, program: this.#program, ...this.#fds });
  }

  close(): void {
    this.#events.close();
    for (const fd of [this.#link, this.#program, ...Object.values(this.#fds)]) close(fd);
  }
}

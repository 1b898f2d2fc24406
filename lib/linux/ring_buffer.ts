import { errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
// Bits of a record's length (include/uapi/linux/bpf.h).
const BUSY = 0x80000000;
const DISCARDED = 0x40000000;
const HEADER = 8;

/**
 * The reading end of a map of type BPF_MAP_TYPE_RINGBUF (Documentation/bpf/ringbuf.rst): one page with our position, to be written,
 * one with the kernel's, and behind it the data, twice, so that no record is cut at the end.
 */
export class RingBuffer {
  readonly #size: number;
  readonly #consumer: Mapping;
  readonly #producer: Mapping;
  readonly #ours: BigUint64Array;
  readonly #theirs: BigUint64Array;
  readonly #lengths: Uint32Array;
  readonly #data: Uint8Array;

  /** `size` as the map was made with. Throws a SystemError. */
  constructor(map: number, size: number) {
    const page = libc.getpagesize();
    this.#size = size;
    this.#consumer = new Mapping(map, page, PROT_READ | PROT_WRITE, 0);
    try {
      this.#producer = new Mapping(map, page + 2 * size, PROT_READ, page);
    } catch (error) {
      this.#consumer.close();
      throw error;
    }
    this.#ours = new BigUint64Array(this.#consumer.memory, 0, 1);
    this.#theirs = new BigUint64Array(this.#producer.memory, 0, 1);
    this.#lengths = new Uint32Array(this.#producer.memory, page);
    this.#data = new Uint8Array(this.#producer.memory, page);
  }

  /** Copies of what has been written since the last call. */
  read(): Uint8Array<ArrayBuffer>[] {
    const records: Uint8Array<ArrayBuffer>[] = [];
    let at = Atomics.load(this.#ours, 0);
    // The kernel writes a length after the record, and its position before: what is busy is not there yet.
    while (at < Atomics.load(this.#theirs, 0)) {
      const offset = Number(at % BigInt(this.#size));
      const length = Atomics.load(this.#lengths, offset / 4);
      if ((length & BUSY) !== 0) break;
      const size = length & ~(BUSY | DISCARDED);
      const start = offset + HEADER;
      if ((length & DISCARDED) === 0) {
        records.push(new Uint8Array(this.#data.subarray(start, start + size)));
      }
      at += BigInt((size + HEADER + 7) & ~7);
      Atomics.store(this.#ours, 0, at);
    }
    return records;
  }

  close(): void {
    this.#consumer.close();
    this.#producer.close();
  }
}

class Mapping {
  readonly memory: ArrayBuffer;
  readonly #address: Deno.PointerValue;
  readonly #length: number;

  constructor(fd: number, length: number, protection: number, offset: number) {
    const address = libc.mmap(null, length, protection, MAP_SHARED, fd, BigInt(offset));
    // MAP_FAILED is -1.
    if (address === null || Deno.UnsafePointer.value(address) === 0xffffffffffffffffn) {
      throw new SystemError("mmap", "of a ring buffer", errno());
    }
    this.#address = address;
    this.#length = length;
    this.memory = Deno.UnsafePointerView.getArrayBuffer(address, length);
  }

  close(): void {
    libc.munmap(this.#address, this.#length);
  }
}

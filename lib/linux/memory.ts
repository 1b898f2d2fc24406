/**
 * Bytes that system calls reach by address: an offset into them needs no view, and a view costs more than most calls. The
 * address holds for as long as the object lives.
 */
export class Memory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The lower and upper half of the address of the first byte. */
  readonly low: number;
  readonly high: number;
  /** The address of the first byte. */
  readonly start: Deno.PointerObject;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
    // V8 keeps small arrays in its own heap, where they move, until somebody asks for their buffer.
    if (bytes.buffer.byteLength === 0) throw new RangeError("Cannot take the address of no bytes");
    this.start = Deno.UnsafePointer.of(bytes)!;
    const address = BigInt(Deno.UnsafePointer.value(this.start));
    this.low = Number(address & 0xffffffffn);
    this.high = Number(address >> 32n);
  }
}

/** What one chunk holds: io.Copy's buffer, so that is how the engine and its clients cut long bodies (Go, net/http). */
const CHUNK = 32 * 1024;

export const CHUNKS_END = "0\r\n\r\n";
const END = 0x30_0d_0a_0d_0a;

/** A block as chunks, without the last one. Its length must be a multiple of 32 KiB. */
export function chunked(block: Uint8Array): Uint8Array<ArrayBuffer> {
  const size = new TextEncoder().encode(`${CHUNK.toString(16)}\r\n`);
  const count = block.length / CHUNK;
  const wire = new Uint8Array(count * (size.length + CHUNK + 2));
  for (let i = 0, at = 0; i < count; i++) {
    wire.set(size, at);
    wire.set(block.subarray(i * CHUNK, (i + 1) * CHUNK), at += size.length);
    wire.set([0x0d, 0x0a], at += CHUNK);
    at += 2;
  }
  return wire;
}

/** Finds the end of a chunked body, however it is cut; its data must hold nothing that looks like one. */
export class ChunksEnd {
  /** The last five bytes, as one number. */
  #tail = 0;

  /** Whether the body ends with the first `length` of these bytes. */
  reached(bytes: Uint8Array, length: number): boolean {
    for (let i = Math.max(0, length - 5); i < length; i++) {
      this.#tail = (this.#tail * 256 + bytes[i]!) % 2 ** 40;
    }
    return this.#tail === END;
  }
}

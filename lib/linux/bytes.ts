const encoder = new TextEncoder();

/** A NUL-terminated copy for calls that take `const char *`. Throws when the text holds a NUL, which would cut it short. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new TypeError("Cannot pass text with a NUL byte to the C library");
  return encoder.encode(text + "\0");
}

/**
 * Where bytes stand, for structures that point to others; it holds for as long as the object lives. V8 keeps small arrays in its
 * own heap, where they move, until somebody asks for their buffer.
 */
export function addressOf(memory: ArrayBufferView<ArrayBuffer>): bigint {
  if (memory.buffer.byteLength === 0) throw new RangeError("Cannot take the address of no bytes");
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory)));
}

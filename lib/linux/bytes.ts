const encoder = new TextEncoder();

/** A NUL-terminated copy for calls that take `const char *`. Throws when the text holds a NUL, which would cut it short. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new TypeError("Cannot pass text with a NUL byte to the C library");
  return encoder.encode(text + "\0");
}

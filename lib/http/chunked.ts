import { COLON, CR, hexValue, isToken, isValue, LF } from "./characters.ts";
import { HeadError } from "./fields.ts";

const SIZE_FIRST = 0;
const SIZE = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER_START = 6;
const TRAILER_NAME = 7;
const TRAILER_VALUE = 8;
const TRAILER_LF = 9;
const END_LF = 10;
const DONE = 11;

/** 12 hex digits: any chunk below 256 TiB. */
const MAX_SIZE_DIGITS = 12;
const MAX_TRAILER_BYTES = 8192;

/**
 * Follows a chunked body (RFC 9112 §7.1) without copying it, to find where it ends. Strict: plain hexadecimal sizes, no
 * extensions, CRLF everywhere, since servers disagree on the rest and CVE-2025-22871 shows what that costs.
 */
export class ChunkedScanner {
  #state = SIZE_FIRST;
  #left = 0;
  #digits = 0;
  #trailerBytes = 0;

  /** Whether the last chunk and its trailers have been seen. */
  get done(): boolean {
    return this.#state === DONE;
  }

  /** Takes the bytes from `start` to `end`; returns the index behind the last one that belongs to this body. Throws a HeadError. */
  feed(bytes: Uint8Array, start: number, end: number): number {
    let i = start;
    while (i < end && this.#state !== DONE) {
      if (this.#state === DATA) {
        const step = Math.min(this.#left, end - i);
        this.#left -= step;
        i += step;
        if (this.#left === 0) this.#state = DATA_CR;
      } else this.#step(bytes[i++]!);
    }
    return i;
  }

  #step(byte: number): void {
    switch (this.#state) {
      case SIZE_FIRST:
      case SIZE:
        return this.#size(byte);
      case SIZE_LF:
        this.#expect(byte, LF, this.#left === 0 ? TRAILER_START : DATA);
        return;
      case DATA_CR:
        this.#expect(byte, CR, DATA_LF);
        return;
      case DATA_LF:
        this.#expect(byte, LF, SIZE_FIRST);
        return;
      case END_LF:
        this.#expect(byte, LF, DONE);
        return;
      default:
        return this.#trailer(byte);
    }
  }

  #size(byte: number): void {
    const digit = hexValue(byte);
    if (digit < 0) {
      if (byte !== CR || this.#state === SIZE_FIRST) throw new HeadError("odd chunk size");
      this.#state = SIZE_LF;
      return;
    }
    if (this.#state === SIZE_FIRST) {
      this.#left = digit;
      this.#digits = 1;
      this.#state = SIZE;
      return;
    }
    // A leading zero: the last chunk is exactly "0", others begin with another digit.
    if (this.#left === 0 || ++this.#digits > MAX_SIZE_DIGITS) throw new HeadError("odd chunk size");
    this.#left = this.#left * 16 + digit;
  }

  #trailer(byte: number): void {
    if (++this.#trailerBytes > MAX_TRAILER_BYTES) throw new HeadError("trailers too large", 431);
    switch (this.#state) {
      case TRAILER_START:
        if (byte === CR) this.#state = END_LF;
        else if (isToken(byte)) this.#state = TRAILER_NAME;
        else throw new HeadError("odd trailer");
        return;
      case TRAILER_NAME:
        if (byte === COLON) this.#state = TRAILER_VALUE;
        else if (!isToken(byte)) throw new HeadError("odd trailer");
        return;
      case TRAILER_VALUE:
        if (byte === CR) this.#state = TRAILER_LF;
        else if (!isValue(byte)) throw new HeadError("odd trailer");
        return;
      default:
        this.#expect(byte, LF, TRAILER_START);
    }
  }

  #expect(byte: number, wanted: number, next: number): void {
    if (byte !== wanted) throw new HeadError("odd chunk framing");
    this.#state = next;
  }
}

/** The data of a whole chunked body, `start` to `end`, that a ChunkedScanner has accepted. */
export function chunkData(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(end - start);
  let length = 0;
  for (let i = start;;) {
    let size = 0;
    for (; bytes[i] !== CR; i++) size = size * 16 + hexValue(bytes[i]!);
    if (size === 0) return data.subarray(0, length);
    data.set(bytes.subarray(i + 2, i + 2 + size), length);
    length += size;
    i += 2 + size + 2;
  }
}

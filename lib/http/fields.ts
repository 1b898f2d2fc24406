import { ascii, COLON, CR, HTAB, isToken, isValue, LF, showByte, SP } from "./characters.ts";

/** A head has more fields than any Docker client sends; the rest is an attack on memory. */
export const MAX_FIELDS = 200;

/** What a field means to framing or gating; everything else is forwarded unread. */
export type FieldName =
  | "host"
  | "content-length"
  | "transfer-encoding"
  | "connection"
  | "upgrade"
  | "expect"
  | "content-type"
  | "trailer";

const names: readonly FieldName[] = [
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "upgrade",
  "expect",
  "content-type",
  "trailer",
];
const longest = 17;

/** Raised by the parsers here and turned into one 400 (or, from the engine's side, 502) by their callers. */
export class HeadError extends Error {
  override readonly name = "HeadError";
  readonly status: number;

  constructor(reason: string, status = 400) {
    super(reason);
    this.status = status;
  }
}

/**
 * Reads field lines from `start` up to the empty line (RFC 9112 §5) and hands the known ones to `take`, the value without
 * the white space around it. Returns the index behind the empty line. There must be one before `end`. Refused are the forms that servers read
 * differently: folded lines, white space before the colon, bare CR or LF, control bytes, empty names.
 */
export function readFields(
  bytes: Uint8Array,
  start: number,
  end: number,
  take: (name: FieldName, value: string) => void,
): number {
  let i = start;
  for (let count = 0;; count++) {
    if (bytes[i] === CR) {
      if (bytes[i + 1] !== LF) throw new HeadError("a CR without LF in the head");
      return i + 2;
    }
    if (count === MAX_FIELDS) throw new HeadError(`more than ${MAX_FIELDS} header fields`, 431);

    const nameStart = i;
    while (i < end && isToken(bytes[i]!)) i++;
    const nameEnd = i;
    const stop = bytes[i]!;
    if (stop !== COLON || nameEnd === nameStart) throw badName(stop, nameEnd === nameStart);
    i++;
    while (bytes[i] === SP || bytes[i] === HTAB) i++;
    const valueStart = i;
    while (i < end && isValue(bytes[i]!)) i++;
    let valueEnd = i;
    if (bytes[i] !== CR || bytes[i + 1] !== LF) throw badValue(bytes[i]!);
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) {
      valueEnd--;
    }
    i += 2;

    const name = knownName(bytes, nameStart, nameEnd);
    if (name !== undefined) take(name, ascii(bytes, valueStart, valueEnd));
  }
}

function knownName(bytes: Uint8Array, start: number, end: number): FieldName | undefined {
  const length = end - start;
  if (length > longest) return undefined;
  // Every known name differs from the others in its length and last letter.
  for (const name of names) {
    if (name.length !== length) continue;
    let i = 0;
    while (i < length && (bytes[start + i]! | 0x20) === name.charCodeAt(i)) i++;
    if (i === length) return name;
    // `-` is 0x2d already with the bit set, so that a look-alike such as 0x0d cannot stand for it: isToken kept it out.
  }
  return undefined;
}

function badName(stop: number, empty: boolean): HeadError {
  if (empty && (stop === SP || stop === HTAB)) return new HeadError("a folded header line");
  if (empty && stop === LF) return new HeadError("a line that ends without CR");
  if (empty) return new HeadError(`a header field without a name (${showByte(stop)})`);
  if (stop === SP || stop === HTAB) {
    return new HeadError("white space before the colon of a header");
  }
  return new HeadError(`a header line without a colon (${showByte(stop)})`);
}

function badValue(stop: number): HeadError {
  if (stop === LF) return new HeadError("a line that ends without CR");
  return new HeadError(`a control byte in a header value (${showByte(stop)})`);
}

/** The index behind the first CRLF CRLF or LF LF from `start`, or -1; either ends a head, and the parser refuses the second. */
export function headEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i + 1 < end; i++) {
    if (bytes[i] !== LF) continue;
    if (bytes[i + 1] === LF) return i + 2;
    if (bytes[i + 1] === CR && i + 2 < end && bytes[i + 2] === LF) return i + 3;
  }
  return -1;
}

/** A Content-Length: 1*DIGIT without leading zeros, below 2^53 (RFC 9110 §8.6 allows more than one reading of the rest). */
export function parseContentLength(value: string): number {
  if (!/^(0|[1-9][0-9]{0,14})$/.test(value)) throw new HeadError("an odd Content-Length");
  return Number(value);
}

/** The lower-cased members of a comma-separated list such as Connection. */
export function listMembers(value: string): string[] {
  return value.toLowerCase().split(",").map((member) => member.trim()).filter((m) => m !== "");
}

/** The head with the given fields left out, written anew line by line. It must have passed its parser. */
export function withoutFields(
  bytes: Uint8Array,
  start: number,
  end: number,
  dropped: ReadonlySet<string>,
  added: readonly string[],
): Uint8Array<ArrayBuffer> {
  const lines = ascii(bytes, start, end).split("\r\n").slice(0, -2);
  const kept = lines.filter((line, i) =>
    i === 0 || !dropped.has(line.slice(0, line.indexOf(":")).toLowerCase())
  );
  const text = [...kept, ...added, "", ""].join("\r\n");
  // A byte was made a character, and every character becomes that byte again.
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

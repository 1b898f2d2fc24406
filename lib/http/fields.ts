import {
  ascii,
  COLON,
  CR,
  HTAB,
  isDigit,
  isToken,
  isValue,
  LF,
  showByte,
  SP,
} from "./characters.ts";

/** A head has more fields than any Docker client sends; the rest is an attack on memory. */
export const MAX_FIELDS = 200;
/** Characters of a list such as Connection; to take longer ones apart costs more than the rest of the head. */
const MAX_LIST = 1024;

/** What a field means to framing or gating; everything else is forwarded unread. */
export type FieldName =
  | "host"
  | "content-length"
  | "transfer-encoding"
  | "connection"
  | "upgrade"
  | "expect"
  | "content-type"
  | "content-encoding"
  | "trailer"
  | "x-postern-seal";

/** By their length: hardly any other field's name then has to be compared with more than one of them. */
const namesOfLength: readonly (readonly FieldName[])[] = [
  ...["", "", "", "", "host", "", "expect", "upgrade trailer", "", "", "connection", ""],
  ...[
    "content-type",
    "",
    "content-length x-postern-seal",
    "",
    "content-encoding",
    "transfer-encoding",
  ],
].map((names) => names.split(" ").filter((name) => name !== "") as FieldName[]);

/** Takes the fields that mean something, each with its value from `start` to `end`, without the white space around it. */
export interface FieldSink {
  take(name: FieldName, bytes: Uint8Array, start: number, end: number): void;
}

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
 * Reads field lines from `start` up to the empty line (RFC 9112 §5) and hands the known ones to `sink`. Returns the index
 * behind the empty line. There must be one before `end`. Refused are the forms that servers read
 * differently: folded lines, white space before the colon, bare CR or LF, control bytes, empty names.
 */
export function readFields(
  bytes: Uint8Array,
  start: number,
  end: number,
  sink: FieldSink,
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
    if (name !== undefined) sink.take(name, bytes, valueStart, valueEnd);
  }
}

function knownName(bytes: Uint8Array, start: number, end: number): FieldName | undefined {
  const names = namesOfLength[end - start];
  // What is compared are tokens: no control byte can stand for the `-` that it becomes with the bit set.
  return names?.find((name) => equalsIgnoringCase(bytes, start, end, name));
}

/** Whether the bytes spell `lower`, a word of small letters and hyphens, in letters of any case. */
export function equalsIgnoringCase(
  bytes: Uint8Array,
  start: number,
  end: number,
  lower: string,
): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    if ((bytes[start + i]! | 0x20) !== lower.charCodeAt(i)) return false;
  }
  return true;
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
export function parseContentLength(bytes: Uint8Array, start: number, end: number): number {
  let length = 0;
  let odd = start === end || end - start > 15 || (bytes[start] === 0x30 && end - start > 1);
  for (let i = start; i < end; i++) {
    odd ||= !isDigit(bytes[i]!);
    length = length * 10 + bytes[i]! - 0x30;
  }
  if (odd) throw new HeadError("an odd Content-Length");
  return length;
}

/**
 * Whether a field's value says "chunked" and nothing else, white space included: what stands behind it makes llhttp, where it is
 * lenient, take the body for one without chunks.
 */
export function isChunked(bytes: Uint8Array, start: number, end: number): boolean {
  const before = bytes[start - 1];
  return (before === SP || before === COLON) && bytes[end] === CR &&
    equalsIgnoringCase(bytes, start, end, "chunked");
}

/** The lower-cased members of a comma-separated list such as Connection. Throws a HeadError for one that nobody needs. */
export function listMembers(value: string): string[] {
  if (value.length > MAX_LIST) throw new HeadError("a Connection header that is too long", 431);
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

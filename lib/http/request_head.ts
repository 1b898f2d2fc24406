import { ascii, CR, isTarget, isToken, LF, SP } from "./characters.ts";
import {
  type FieldName,
  HeadError,
  listMembers,
  parseContentLength,
  readFields,
} from "./fields.ts";

/** The length of the body is unknown until its last chunk. */
export const CHUNKED = -1;

/** What gating and framing need from a request head; the bytes themselves are forwarded as they came. */
export interface RequestHead {
  readonly method: string;
  /** As sent, visible ASCII only. */
  readonly target: string;
  readonly minor: 0 | 1;
  /** Index behind the head's last byte. */
  readonly end: number;
  /** Bytes of body that follow, or CHUNKED. */
  readonly body: number;
  /** The client means to send another request on this connection. */
  readonly keepAlive: boolean;
  /** The value of Upgrade when Connection names it or not: the engine honours either (api routes `/grpc`). */
  readonly upgrade: string | undefined;
  readonly expectContinue: boolean;
}

/** Methods are short; a long one is no method. */
const MAX_METHOD = 20;

/**
 * Parses a whole request head, `start` to `end`, in the grammar that every server reads the same (RFC 9112 §§2–6 without
 * the tolerances). Throws a HeadError with the status to answer for everything else.
 */
export function parseRequestHead(bytes: Uint8Array, start: number, end: number): RequestHead {
  let i = start;
  while (i < end && isToken(bytes[i]!)) i++;
  if (i === start || i - start > MAX_METHOD || bytes[i] !== SP) {
    throw new HeadError("a request line without a method");
  }
  const method = ascii(bytes, start, i);
  const targetStart = ++i;
  while (i < end && isTarget(bytes[i]!)) i++;
  if (i === targetStart || bytes[i] !== SP) {
    throw new HeadError("a request target with a blank, control or non-ASCII byte");
  }
  const target = ascii(bytes, targetStart, i);
  const minor = versionMinor(bytes, i + 1);
  if (target.charCodeAt(0) !== 0x2f) throw new HeadError("a request target that is not a path");

  const fields = new Map<FieldName, string>();
  const headEnd = readFields(bytes, i + 11, end, (name, value) => {
    const before = fields.get(name);
    if (before === undefined) fields.set(name, value);
    else if (name === "connection") fields.set(name, `${before},${value}`);
    else throw new HeadError(`more than one ${name} header`);
  });
  if (headEnd !== end) throw new HeadError("a line that ends without CR");
  if (minor === 1 && !fields.has("host")) throw new HeadError("no Host header");

  const connection = listMembers(fields.get("connection") ?? "");
  const upgrade = fields.get("upgrade");
  return {
    method,
    target,
    minor,
    end: headEnd,
    body: bodyLength(fields, minor),
    keepAlive: keepsAlive(connection, minor),
    upgrade,
    expectContinue: expectsContinue(fields.get("expect")),
  };
}

function versionMinor(bytes: Uint8Array, at: number): 0 | 1 {
  const minor = bytes[at + 7]! - 0x30;
  if (
    ascii(bytes, at, at + 7) !== "HTTP/1." || (minor !== 0 && minor !== 1) ||
    bytes[at + 8] !== CR || bytes[at + 9] !== LF
  ) {
    throw new HeadError("a request line that does not end in HTTP/1.1 or HTTP/1.0");
  }
  return minor;
}

function bodyLength(fields: ReadonlyMap<FieldName, string>, minor: 0 | 1): number {
  const length = fields.get("content-length");
  const coding = fields.get("transfer-encoding");
  const type = fields.get("content-type")?.toLowerCase();
  // Go's ParseForm lets a form body override the query that was judged.
  if (
    type !== undefined && (type.includes("x-www-form-urlencoded") || type.includes("multipart/"))
  ) {
    throw new HeadError("a form body: the engine would let it override the query; send JSON");
  }
  if (coding !== undefined) {
    if (coding !== "chunked") throw new HeadError("a Transfer-Encoding other than chunked");
    if (minor === 0) throw new HeadError("a Transfer-Encoding on HTTP/1.0");
    if (length !== undefined) throw new HeadError("both Content-Length and Transfer-Encoding");
    return CHUNKED;
  }
  if (fields.has("trailer")) throw new HeadError("a Trailer header without chunks");
  return length === undefined ? 0 : parseContentLength(length);
}

/** Connection options that would name a framing field as hop-by-hop, which some intermediaries then drop. */
const neverOptions = new Set(["host", "content-length", "transfer-encoding", "content-type"]);

function keepsAlive(options: readonly string[], minor: 0 | 1): boolean {
  for (const option of options) {
    if (neverOptions.has(option)) throw new HeadError(`a Connection header that names ${option}`);
  }
  if (options.includes("close")) return false;
  return minor === 1 || options.includes("keep-alive");
}

function expectsContinue(value: string | undefined): boolean {
  if (value === undefined) return false;
  if (value.toLowerCase() !== "100-continue") throw new HeadError("an unknown expectation", 417);
  return true;
}

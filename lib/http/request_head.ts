import { ascii, CR, isTarget, isToken, LF, SP } from "./characters.ts";
import {
  type FieldName,
  type FieldSink,
  HeadError,
  isChunked,
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
  /** Bytes of the head itself. */
  readonly length: number;
  /** Bytes of body that follow, or CHUNKED. */
  readonly body: number;
  /** The client means to send another request on this connection. */
  readonly keepAlive: boolean;
  /** The value of Upgrade when Connection names it or not: the engine honours either (api routes `/grpc`). */
  readonly upgrade: string | undefined;
  readonly expectContinue: boolean;
  /** As sent, "" where there is none. */
  readonly contentType: string;
  /** The client says that the body is compressed; the engine does not listen, and reads what is there. */
  readonly encoded: boolean;
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
  // Whatever the target looks like, some servers take what follows for another protocol (RFC 9112 §3.2.3, RFC 9113 §3.4).
  if (method === "CONNECT" || method === "PRI") {
    throw new HeadError(`a ${method} request, which changes the protocol`);
  }
  const targetStart = ++i;
  while (i < end && isTarget(bytes[i]!)) i++;
  if (i === targetStart || bytes[i] !== SP) {
    throw new HeadError("a request target with a blank, control or non-ASCII byte");
  }
  const target = ascii(bytes, targetStart, i);
  const minor = versionMinor(bytes, i + 1);
  if (target.charCodeAt(0) !== 0x2f) throw new HeadError("a request target that is not a path");

  const fields = new RequestFields();
  const headEnd = readFields(bytes, i + 11, end, fields);
  if (headEnd !== end) throw new HeadError("a line that ends without CR");
  const { values, length } = fields;
  if (minor === 1 && !values.has("host")) throw new HeadError("no Host header");

  const connection = listMembers(values.get("connection") ?? "");
  const upgrade = values.get("upgrade");
  return {
    method,
    target,
    minor,
    length: headEnd - start,
    body: bodyLength(values, length, minor),
    keepAlive: keepsAlive(connection, minor),
    upgrade,
    expectContinue: expectsContinue(values.get("expect")),
    contentType: values.get("content-type") ?? "",
    encoded: values.has("content-encoding"),
  };
}

/** The fields of a request; only Connection may stand there twice. */
class RequestFields implements FieldSink {
  readonly values = new Map<FieldName, string>();
  length: number | undefined;

  take(name: FieldName, bytes: Uint8Array, start: number, end: number): void {
    // Only Postern itself may say that a request came through it (lib/authz/seal.ts).
    if (name === "x-postern-seal") throw new HeadError("a header that is Postern's own");
    const before = this.values.get(name);
    const value = ascii(bytes, start, end);
    if (name === "content-length") this.length = parseContentLength(bytes, start, end);
    if (name === "transfer-encoding" && !(value === "chunked" && isChunked(bytes, start, end))) {
      throw new HeadError("a Transfer-Encoding other than chunked");
    }
    if (before === undefined) this.values.set(name, value);
    else if (name === "connection") this.values.set(name, `${before},${value}`);
    else throw new HeadError(`more than one ${name} header`);
  }
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

function bodyLength(
  values: ReadonlyMap<FieldName, string>,
  length: number | undefined,
  minor: 0 | 1,
): number {
  const coding = values.get("transfer-encoding");
  const type = values.get("content-type")?.toLowerCase();
  // Go's ParseForm lets a form body override the query that was judged.
  if (
    type !== undefined && (type.includes("x-www-form-urlencoded") || type.includes("multipart/"))
  ) {
    throw new HeadError("a form body: the engine would let it override the query; send JSON");
  }
  if (coding !== undefined) {
    if (minor === 0) throw new HeadError("a Transfer-Encoding on HTTP/1.0");
    if (length !== undefined) throw new HeadError("both Content-Length and Transfer-Encoding");
    return CHUNKED;
  }
  if (values.has("trailer")) throw new HeadError("a Trailer header without chunks");
  return length ?? 0;
}

/** Connection options that would name a framing field as hop-by-hop, which some intermediaries then drop. */
const neverOptions = new Set([
  ...["host", "content-length", "transfer-encoding", "content-type", "x-postern-seal"],
]);

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

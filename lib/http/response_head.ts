import { ascii, CR, isDigit, isValue, LF, SP } from "./characters.ts";
import {
  equalsIgnoringCase,
  type FieldName,
  type FieldSink,
  HeadError,
  isChunked,
  listMembers,
  parseContentLength,
  readFields,
} from "./fields.ts";
import { CHUNKED } from "./request_head.ts";

/** The body goes on until the engine closes the connection. */
export const UNTIL_CLOSE = -2;

/** What relaying needs from a response head. */
export interface ResponseHead {
  readonly status: number;
  /** Index behind the head's last byte. */
  readonly end: number;
  /** Bytes of body as the head declares it, CHUNKED or UNTIL_CLOSE; `bodyOf` says what really follows. */
  readonly declared: number;
  readonly keepAlive: boolean;
  /** The engine turned the connection into a raw stream by a 200: a raw-stream type and no framing at all. */
  readonly rawStream: boolean;
}

/** `HTTP/1.` and a minor version, a blank, three digits, and a blank or the end of the line. */
const VERSION = "HTTP/1.";
const STATUS_LINE = 13;

/** Parses a whole response head, `start` to `end` (RFC 9112 §4). Throws a HeadError for what no engine sends. */
export function parseResponseHead(bytes: Uint8Array, start: number, end: number): ResponseHead {
  const minor = bytes[start + 7]! - 0x30;
  const status = statusOf(bytes, start);
  if (status < 0 || (minor !== 0 && minor !== 1)) {
    throw new HeadError("a status line that is not HTTP/1");
  }
  if (status < 100) throw new HeadError("a status code below 100");
  let lineEnd = start + STATUS_LINE - 1;
  while (isValue(bytes[lineEnd]!)) lineEnd++;
  if (bytes[lineEnd] !== CR || bytes[lineEnd + 1] !== LF) {
    throw new HeadError("a status line with a control byte, or without CR");
  }

  const fields = new ResponseFields();
  const headEnd = readFields(bytes, lineEnd + 2, end, fields);
  if (headEnd !== end) throw new HeadError("a line that ends without CR");
  const { declared } = fields;
  // Clients disagree on what of it counts (RFC 9112 §6.1, RFC 9110 §8.6).
  if (declared === CHUNKED && minor === 0) throw new HeadError("chunks in HTTP/1.0");
  if (declared !== UNTIL_CLOSE && status < 200) {
    throw new HeadError("an interim response with a body");
  }
  return {
    status,
    end: headEnd,
    declared,
    keepAlive: !fields.closes && (minor === 1 || fields.keepsAlive),
    rawStream: status === 200 && declared === UNTIL_CLOSE && fields.rawType,
  };
}

function statusOf(bytes: Uint8Array, start: number): number {
  for (let i = 0; i < VERSION.length; i++) {
    if (bytes[start + i] !== VERSION.charCodeAt(i)) return -1;
  }
  if (bytes[start + 8] !== SP) return -1;
  let status = 0;
  for (let i = start + 9; i < start + 12; i++) {
    if (!isDigit(bytes[i]!)) return -1;
    status = status * 10 + bytes[i]! - 0x30;
  }
  const behind = bytes[start + 12];
  return behind === SP || behind === CR ? status : -1;
}

/** The fields of a response, without strings where they can be done without: there is one for each that is relayed. */
class ResponseFields implements FieldSink {
  closes = false;
  keepsAlive = false;
  rawType = false;
  #length = UNTIL_CLOSE;
  #chunked = false;

  /** Bytes of body, CHUNKED or UNTIL_CLOSE. */
  get declared(): number {
    return this.#chunked ? CHUNKED : this.#length;
  }

  take(name: FieldName, bytes: Uint8Array, start: number, end: number): void {
    switch (name) {
      case "content-length":
        if (this.#length !== UNTIL_CLOSE || this.#chunked) throw ambiguousFraming();
        this.#length = parseContentLength(bytes, start, end);
        return;
      case "transfer-encoding":
        if (this.#length !== UNTIL_CLOSE || this.#chunked) throw ambiguousFraming();
        if (!isChunked(bytes, start, end)) throw ambiguousFraming();
        this.#chunked = true;
        return;
      case "connection": {
        const options = listMembers(ascii(bytes, start, end));
        this.closes ||= options.includes("close");
        this.keepsAlive ||= options.includes("keep-alive");
        return;
      }
      case "content-type":
        this.rawType = RAW_TYPES.some((type) => equalsIgnoringCase(bytes, start, end, type));
    }
  }
}

const RAW_TYPES = ["raw", "multiplexed"].map((kind) => `application/vnd.docker.${kind}-stream`);

function ambiguousFraming(): HeadError {
  return new HeadError("a response with ambiguous framing");
}

/** The body that follows this head (RFC 9112 §6.3): none for HEAD, 1xx, 204 and 304, whatever is declared. */
export function bodyOf(head: ResponseHead, method: string): number {
  const { status } = head;
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return 0;
  return head.declared;
}

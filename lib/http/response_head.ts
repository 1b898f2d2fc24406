import { ascii, CR, isDigit, LF, SP } from "./characters.ts";
import {
  type FieldName,
  HeadError,
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

/** Parses a whole response head, `start` to `end` (RFC 9112 §4). Throws a HeadError for what no engine sends. */
export function parseResponseHead(bytes: Uint8Array, start: number, end: number): ResponseHead {
  const minor = bytes[start + 7]! - 0x30;
  const ok = ascii(bytes, start, start + 7) === "HTTP/1." && (minor === 0 || minor === 1) &&
    bytes[start + 8] === SP && isDigit(bytes[start + 9]!) && isDigit(bytes[start + 10]!) &&
    isDigit(bytes[start + 11]!) && (bytes[start + 12] === SP || bytes[start + 12] === CR);
  if (!ok) throw new HeadError("a status line that is not HTTP/1");
  const status = Number(ascii(bytes, start + 9, start + 12));
  if (status < 100) throw new HeadError("a status code below 100");
  const lineEnd = bytes.indexOf(LF, start);
  if (bytes[lineEnd - 1] !== CR) throw new HeadError("a status line that ends without CR");

  const fields = new Map<FieldName, string>();
  const headEnd = readFields(bytes, lineEnd + 1, end, (name, value) => {
    const before = fields.get(name);
    if (before === undefined) fields.set(name, value);
    else if (name === "content-length" || name === "transfer-encoding") {
      throw new HeadError(`more than one ${name} header`);
    } else fields.set(name, `${before},${value}`);
  });
  if (headEnd !== end) throw new HeadError("a line that ends without CR");

  const declared = declaredBody(fields);
  const options = listMembers(fields.get("connection") ?? "");
  const type = fields.get("content-type") ?? "";
  return {
    status,
    end: headEnd,
    declared,
    keepAlive: options.includes("close") ? false : minor === 1 || options.includes("keep-alive"),
    rawStream: status === 200 && declared === UNTIL_CLOSE &&
      /^application\/vnd\.docker\.(raw|multiplexed)-stream$/i.test(type),
  };
}

function declaredBody(fields: ReadonlyMap<FieldName, string>): number {
  const coding = fields.get("transfer-encoding");
  const length = fields.get("content-length");
  if (coding !== undefined) {
    if (coding.toLowerCase() !== "chunked" || length !== undefined) {
      throw new HeadError("a response with ambiguous framing");
    }
    return CHUNKED;
  }
  return length === undefined ? UNTIL_CLOSE : parseContentLength(length);
}

/** The body that follows this head (RFC 9112 §6.3): none for HEAD, 1xx, 204 and 304, whatever is declared. */
export function bodyOf(head: ResponseHead, method: string): number {
  const { status } = head;
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return 0;
  return head.declared;
}

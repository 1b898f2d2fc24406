import { bytes, latin1 } from "../wire.ts";
import { chunkData, ChunkedScanner } from "../../../lib/http/chunked.ts";
import { headEnd, HeadError } from "../../../lib/http/fields.ts";
import { CHUNKED, parseRequestHead, type RequestHead } from "../../../lib/http/request_head.ts";
import { parseTarget } from "../../../lib/http/target.ts";
import type { Taken } from "./reading.ts";

/** A request that Postern takes, and the bytes that it is made of. */
export interface Accepted extends Taken {
  readonly head: RequestHead;
  /** As they came, head and body. */
  readonly text: string;
  /** Its end is there. */
  readonly complete: boolean;
  /** Its chunks are refused behind these bytes, which may be on their way when that shows. */
  readonly broken: boolean;
}

/** What Postern makes of the bytes of a connection. */
export interface Own {
  readonly accepted: readonly Accepted[];
  /** Why the connection ends here; undefined when it is merely over. */
  readonly refusal: string | undefined;
  /** Requests whose target alone was refused: their bytes go nowhere, and the connection goes on. */
  readonly dropped: number;
}

/** Reads as HttpConnection does, with the same parsers, one request after the other. */
export function readAsPostern(text: string): Own {
  const raw = bytes(text);
  const accepted: Accepted[] = [];
  let dropped = 0;
  let at = 0;
  try {
    for (let end = headEnd(raw, 0, raw.length); end > 0; end = headEnd(raw, at, raw.length)) {
      const head = parseRequestHead(raw, at, end);
      const { taken, body, complete, refusal } = bodyOf(raw, end, head);
      const broken = refusal !== undefined;
      const request = { method: head.method, target: head.target, body, head, complete, broken };
      if (parseTarget(head.target).ok) {
        accepted.push({ ...request, text: latin1(raw.subarray(at, taken)) });
      } else dropped++;
      if (broken) return { accepted, refusal, dropped };
      at = taken;
      // Nothing behind it is read.
      if (!head.keepAlive || !complete) break;
    }
  } catch (error) {
    if (!(error instanceof HeadError)) throw error;
    return { accepted, refusal: error.message, dropped };
  }
  return { accepted, refusal: undefined, dropped };
}

function bodyOf(raw: Uint8Array, start: number, { body }: RequestHead) {
  if (body !== CHUNKED) {
    const taken = Math.min(raw.length, start + body);
    return { taken, body: latin1(raw.subarray(start, taken)), complete: taken === start + body };
  }
  const scanner = new ChunkedScanner();
  let taken = start;
  try {
    for (; taken < raw.length && !scanner.done; taken++) scanner.feed(raw, taken, taken + 1);
  } catch (error) {
    if (!(error instanceof HeadError)) throw error;
    return { taken, body: "", complete: false, refusal: error.message };
  }
  if (!scanner.done) return { taken, body: "", complete: false };
  return { taken, body: latin1(chunkData(raw, start, taken)), complete: true };
}

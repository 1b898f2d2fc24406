import { chunkData, ChunkedScanner } from "../http/chunked.ts";
import { CHUNKED } from "../http/request_head.ts";
import { encodedBody, refused, tooLong } from "../policy/constraints/finding.ts";
import { readsBody, scrutinise } from "../policy/constraints/scrutinise.ts";
import type { Finding, Scrutiny } from "../policy/constraints/types.ts";
import type { Upstream } from "./dial.ts";
import { BLOCKED, type Endpoint, FAILED } from "./endpoint.ts";
import { Examination } from "./examination.ts";
import { recallFinding, rememberFinding } from "./heard.ts";
import type { Inbox } from "./inbox.ts";
import type { Conditions, Judged } from "./judge.ts";
import type { Loop } from "./loop.ts";

/** Reads before other connections get their turn. */
const READS = 16;
/** Bytes that one worker holds of bodies at a time, for all its connections. */
const ROOM = 128 * 1024 * 1024;
/** The part of it that one user's connections can take: who sends all but the end of many bodies leaves room for the others'. */
const SHARE = ROOM / 2;

let heldByAll = 0;
/** By uid; undefined for whoever the kernel does not tell. */
const heldByUser = new Map<number | undefined, number>();

/** More is to come, from the client or the engine; an event will tell. */
export const AWAITED = 0;
/** More can be read at once, after the others' turn. */
export const PAUSED = 1;
/** The client is gone. */
export const LOST = 2;

const COLLECTED = 3;

/** An allowed request that is looked into before the engine sees a byte of it: its body is held, then examined. */
export class Hearing {
  readonly judged: Judged;
  /** It could not be ended at once, and has a deadline. */
  timed = false;
  readonly #conditions: Conditions;
  readonly #uid: number | undefined;
  /** The longest body that is judged, in bytes as they are sent. */
  readonly #limit: number;
  readonly #scanner: ChunkedScanner | undefined;
  /** Bytes of head and body; of a chunked body as far as it was followed. */
  #length: number;
  #held = 0;
  #examination: Examination | undefined;

  /** `uid`: whose request it is. */
  constructor(judged: Judged, conditions: Conditions, uid: number | undefined) {
    const { head } = judged;
    this.judged = judged;
    this.#uid = uid;
    this.#conditions = conditions;
    this.#limit = conditions.constraints.limits.body_limit ?? Infinity;
    this.#length = head.length;
    // A body that no constraint is about passes as it comes.
    if (!readsBody(conditions.operation)) return;
    if (head.body === CHUNKED) this.#scanner = new ChunkedScanner();
    else this.#length += head.body;
  }

  /** The request is there, and what it names is asked for. */
  get whole(): boolean {
    return this.#examination !== undefined;
  }

  /** Bytes that were looked at. */
  get length(): number {
    return this.#length;
  }

  /**
   * Reads the body into the inbox, behind its head, and examines the whole; the finding, or what it waits for. `wake` is called
   * when the engine has answered. Throws a HeadError for broken chunks.
   */
  step(
    inbox: Inbox,
    client: Endpoint,
    loop: Loop,
    upstream: Upstream,
    wake: () => void,
  ): Finding | number {
    if (this.#examination === undefined) {
      const outcome = this.#collect(inbox, client);
      if (outcome !== COLLECTED) return outcome;
      const known = recallFinding(this.judged, this.#raw(inbox));
      if (known !== undefined) return known;
      // What is asked for may take its time, and others read into the shared memory meanwhile.
      inbox.keep();
      this.#examination = new Examination(this.#scrutiny(inbox), loop, upstream, wake);
    }
    const finding = this.#examination.advance();
    if (finding === undefined) return AWAITED;
    if (!this.#examination.asked) rememberFinding(this.judged, this.#raw(inbox), finding);
    return finding;
  }

  /** Lets go of everything. */
  close(): void {
    this.#examination?.close();
    this.#hold(0);
  }

  #collect(inbox: Inbox, from: Endpoint): Finding | number {
    for (let n = 0; n < READS; n++) {
      const whole = this.#isWhole(inbox);
      if (this.#length - this.judged.head.length > this.#limit) return tooLong(this.#limit);
      if (whole) return COLLECTED;
      if (n === 0) from.expectPieces();
      const count = inbox.fill(from);
      if (count === BLOCKED) return AWAITED;
      if (count === FAILED || count === 0) return LOST;
      if (!this.#hold(inbox.length)) return refused(503, "Postern holds too many bodies just now");
    }
    return PAUSED;
  }

  #isWhole(inbox: Inbox): boolean {
    const scanner = this.#scanner;
    if (scanner === undefined) return inbox.length >= this.#length;
    this.#length = scanner.feed(inbox.bytes, inbox.start + this.#length, inbox.end) - inbox.start;
    return scanner.done;
  }

  #hold(length: number): boolean {
    const more = length - this.#held;
    this.#held = length;
    heldByAll += more;
    const own = (heldByUser.get(this.#uid) ?? 0) + more;
    if (own > 0) heldByUser.set(this.#uid, own);
    else heldByUser.delete(this.#uid);
    return heldByAll <= ROOM && own <= SHARE;
  }

  /** The body as it was sent. */
  #raw({ bytes, start }: Inbox): Uint8Array<ArrayBuffer> {
    return bytes.subarray(start + this.judged.head.length, start + this.#length);
  }

  #scrutiny(inbox: Inbox): Scrutiny {
    const { operation, constraints, target } = this.#conditions;
    const { head } = this.judged;
    const raw = this.#raw(inbox);
    if (raw.length > 0 && head.encoded) return found(encodedBody);
    const body = this.#scanner === undefined ? raw : chunkData(raw, 0, raw.length);
    return scrutinise(constraints, {
      operation,
      target,
      contentType: head.contentType,
      ...(body.length === 0 ? {} : { body }),
    });
  }
}

/** A judgement that is over before it begins. */
// deno-lint-ignore require-yield
function* found(finding: Finding): Scrutiny {
  return finding;
}

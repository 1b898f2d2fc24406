import { Memory } from "../linux/memory.ts";
import type { Answer } from "../policy/constraints/types.ts";
import type { Deadline } from "./deadlines.ts";
import { dial, NOT_WATCHED, type Upstream } from "./dial.ts";
import { BLOCKED, type Endpoint, FAILED } from "./endpoint.ts";
import { answerFrom, type EngineLookup, type ListLookup, question } from "./engine_object.ts";
import { Inbox } from "./inbox.ts";
import type { Loop } from "./loop.ts";

/** What the engine tells of one object is a few KiB; a container with thousands of labels stays below this, in bytes. */
const MAX_ANSWER = 4 * 1024 * 1024;
/** A list is as long as all who may create something make it. */
const MAX_LIST = 32 * 1024 * 1024;

/**
 * One question to the engine about an object that a request names, on a connection of its own. It ends by calling `done`, once,
 * or by `close`.
 */
export class Inquiry {
  readonly #loop: Loop;
  readonly #upstream: Upstream;
  readonly #done: (answer: Answer) => void;
  readonly #request: Memory;
  readonly #inbox = new Inbox();
  readonly #most: number;
  #sent = 0;
  #endpoint: Endpoint | undefined;
  #deadline: Deadline;
  #retry: Deadline | undefined;
  #over = false;
  queued = false;

  constructor(
    loop: Loop,
    upstream: Upstream,
    lookup: EngineLookup | ListLookup,
    done: (answer: Answer) => void,
  ) {
    this.#loop = loop;
    this.#upstream = upstream;
    this.#done = done;
    this.#most = lookup.kind === "containers" || lookup.kind === "networks" ? MAX_LIST : MAX_ANSWER;
    this.#request = new Memory(question(lookup, upstream.seal));
    this.#deadline = loop.answers.add({
      expire: () =>
        this.#finish({ failed: `the engine at ${upstream.path} did not answer in time` }),
      close: () => this.#fail(),
    });
    this.#dial();
  }

  run(): void {
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return;
    const { length } = this.#request.bytes;
    if (this.#sent < length) {
      const n = endpoint.send(this.#request, this.#sent, length - this.#sent);
      if (n > 0) this.#sent += n;
      // It may have answered already and closed: its answer is read all the same.
      else if (n === FAILED) this.#sent = length;
    }
    this.#read(endpoint);
  }

  /** Nobody wants the answer any more. */
  close(): void {
    this.#over = true;
    this.#deadline.cancel();
    this.#retry?.cancel();
    if (this.#endpoint !== undefined) this.#loop.release(this.#endpoint);
    this.#endpoint = undefined;
    this.#inbox.clear();
  }

  #dial(): void {
    const { path, address } = this.#upstream;
    const result = dial(path, address);
    if ("failure" in result) return this.#finish({ failed: result.failure });
    if ("busy" in result) {
      this.#retry = this.#loop.retries.add({
        expire: () => this.#dial(),
        close: () => this.#fail(),
      });
      return;
    }
    this.#endpoint = this.#loop.attach(result.fd);
    if (this.#endpoint === undefined) return this.#finish({ failed: NOT_WATCHED.failure });
    this.#endpoint.owner = this;
    this.#loop.again(this);
  }

  #read(endpoint: Endpoint): void {
    const inbox = this.#inbox;
    while (inbox.length <= this.#most) {
      const n = inbox.fill(endpoint);
      if (n === BLOCKED) return inbox.keep();
      if (n === FAILED) return this.#finish({ failed: "the engine broke the connection off" });
      if (n === 0) return this.#finish(answerFrom(inbox.bytes, inbox.start, inbox.end));
    }
    this.#finish({ failed: `the engine's answer is over ${this.#most} bytes long` });
  }

  #fail(): void {
    this.#finish({ failed: "a fault in Postern" });
  }

  /** From within the loop's turn: the caller goes on when its own turn comes. */
  #finish(answer: Answer): void {
    if (this.#over) return;
    this.close();
    this.#done(answer);
  }
}

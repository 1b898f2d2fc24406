import { MOST_QUESTIONS, tooManyQuestions } from "../policy/constraints/finding.ts";
import type { Answer, Finding, Scrutiny } from "../policy/constraints/types.ts";
import type { Upstream } from "./dial.ts";
import { Inquiry } from "./inquiry.ts";
import type { Loop } from "./loop.ts";
import { realPath } from "./real_path.ts";

/** Paths that are looked up before other connections get their turn. */
const PATHS = 16;

/** Looks into one request: runs its scrutiny, and asks what that asks, one thing after the other. */
export class Examination {
  readonly #scrutiny: Scrutiny;
  readonly #loop: Loop;
  readonly #upstream: Upstream;
  readonly #wake: () => void;
  /** Whether the finding depends on more than the request's own bytes. */
  asked = false;
  #questions = 0;
  #inquiry: Inquiry | undefined;
  #answer: Answer | undefined;

  /** `wake` is called when `advance` can go on; it must not call it itself. */
  constructor(scrutiny: Scrutiny, loop: Loop, upstream: Upstream, wake: () => void) {
    this.#scrutiny = scrutiny;
    this.#loop = loop;
    this.#upstream = upstream;
    this.#wake = wake;
  }

  /** The finding, or undefined while an answer is awaited, or others have their turn. */
  advance(): Finding | undefined {
    if (this.#inquiry !== undefined) {
      if (this.#answer === undefined) return undefined;
      this.#inquiry = undefined;
    }
    // The first call starts the scrutiny, which takes no answer then.
    let step = this.#scrutiny.next(this.#answer!);
    this.#answer = undefined;
    for (let paths = 0; step.done !== true; paths++) {
      const lookup = step.value;
      this.asked = true;
      if (++this.#questions > MOST_QUESTIONS) return tooManyQuestions;
      if (lookup.kind !== "path") {
        this.#inquiry = new Inquiry(this.#loop, this.#upstream, lookup, (answer) => {
          this.#answer = answer;
          this.#wake();
        });
        return undefined;
      }
      const answer = realPath(lookup.path);
      if (paths === PATHS) {
        this.#answer = answer;
        this.#wake();
        return undefined;
      }
      step = this.#scrutiny.next(answer);
    }
    return step.value;
  }

  /** Nobody wants the finding any more. */
  close(): void {
    this.#inquiry?.close();
    this.#inquiry = undefined;
  }
}

import fc from "fast-check";
import { mutated } from "./mutate.ts";
import type { Target } from "./target.ts";

/** An input that shows a mistake, made as small as it could be. */
export interface Failure {
  readonly input: string;
  readonly error: unknown;
}

/** Inputs that are kept at a time: more make none of them often. */
const POOL = 500;

/** One campaign against a target: everything in it follows from the seed and the corpus. */
export class Campaign {
  readonly #target: Target;
  readonly #pool: string[];
  readonly #seen = new Set<string>();
  readonly #inputs: fc.Arbitrary<string>;
  cases = 0;

  constructor(target: Target, corpus: readonly string[]) {
    this.#target = target;
    this.#pool = [...corpus];
    this.#inputs = mutated(target.grammar, target.tokens, this.#pool);
  }

  /** Different answers so far. */
  get answers(): number {
    return this.#seen.size;
  }

  /** Tries `cases` inputs; the first failure ends it. */
  run(cases: number, seed: number): Failure | undefined {
    const property = fc.property(this.#inputs, (input) => this.#try(input));
    const details = fc.check(property, { numRuns: cases, seed });
    this.cases += details.numRuns;
    if (!details.failed) return undefined;
    return { input: details.counterexample![0], error: details.errorInstance };
  }

  #try(input: string): void {
    const answer = this.#target.check(input);
    if (this.#seen.has(answer)) return;
    this.#seen.add(answer);
    if (this.#pool.length < POOL) this.#pool.push(input);
    else this.#pool[this.#seen.size % POOL] = input;
  }
}

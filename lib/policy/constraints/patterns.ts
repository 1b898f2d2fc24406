import { Glob } from "./glob.ts";
import type { Allowed } from "./types.ts";

/** The patterns of one list, ready to be tried. */
interface Compiled {
  readonly exact: ReadonlySet<string>;
  readonly wild: readonly Glob[];
  /** Answers of a list that is long to go through. */
  readonly answers: Answers;
}

/** Patterns that are tried faster than an answer is looked up. */
const FEW = 8;
/** Answers that are kept for a list. */
const MAX_ANSWERS = 4096;
/** Characters of a value whose answer is kept; longer ones would fill the memory. */
const MAX_VALUE = 256;

/** What a list said to a value before: requests repeat themselves. */
export class Answers {
  readonly #known = new Map<string, boolean>();

  recall(value: string, find: () => boolean): boolean {
    if (value.length > MAX_VALUE) return find();
    let answer = this.#known.get(value);
    if (answer !== undefined) return answer;
    answer = find();
    if (this.#known.size >= MAX_ANSWERS) this.#known.clear();
    this.#known.set(value, answer);
    return answer;
  }
}

// By the list itself, so that what a reload replaces goes with it.
const compiled = new WeakMap<readonly string[], Compiled>();

/**
 * Whether a value is allowed: absent and `any` allow everything, a list what one of its patterns matches as a whole. `*` stands for
 * any characters but a slash, `**` for any; every other character is itself, in its own case.
 */
export function allows(allowed: Allowed | undefined, value: string): boolean {
  if (allowed === undefined || allowed === "any") return true;
  const { exact, wild, answers } = compile(allowed);
  if (exact.has(value)) return true;
  const find = () => wild.some((pattern) => pattern.takes(value));
  return wild.length <= FEW ? find() : answers.recall(value, find);
}

/** Nothing is limited here. */
export function isOpen<T>(allowed: T | undefined | "any"): allowed is undefined | "any" {
  return allowed === undefined || allowed === "any";
}

function compile(patterns: readonly string[]): Compiled {
  let found = compiled.get(patterns);
  if (found === undefined) {
    found = {
      exact: new Set(patterns.filter((pattern) => !pattern.includes("*"))),
      wild: patterns.filter((pattern) => pattern.includes("*")).map((pattern) => new Glob(pattern)),
      answers: new Answers(),
    };
    compiled.set(patterns, found);
  }
  return found;
}

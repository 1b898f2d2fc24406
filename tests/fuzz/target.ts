import type fc from "fast-check";

/** A part of Postern that takes what others send. */
export interface Target {
  readonly name: string;
  /** Inputs of its grammar, and such that nearly are; texts with a character a byte, where bytes are meant. */
  readonly grammar: fc.Arbitrary<string>;
  /** What is put into inputs to break them. */
  readonly tokens: readonly string[];
  /**
   * Takes an input; throws where Postern is wrong. Returns what came of it in few words: an input with a new answer is kept for
   * others to be made of.
   */
  check(input: string): string;
}

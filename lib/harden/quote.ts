import { shellWord } from "../config/shell.ts";

/** A command as a person would type it. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

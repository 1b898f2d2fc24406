import { CommandError } from "./request.ts";

/** A command line in words, as a shell cuts it: quotes and backslashes, nothing that would have to be expanded. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  const pieces = /(\s+)|'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|([^\s'"\\]+)|(['"\\])/gsy;
  for (const [, blank, single, double, escaped, plain, stray] of line.matchAll(pieces)) {
    if (stray !== undefined) throw new CommandError(`a ${stray} that nothing closes`);
    if (blank !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {word = (word ?? "") +
        (single ?? double?.replace(/\\([\\"$`])/g, "$1") ?? escaped ?? plain);}
  }
  if (word !== undefined) words.push(word);
  return words;
}

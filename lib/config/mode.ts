import { got } from "./got.ts";

/** Read and write for the owner alone. */
export const DEFAULT_MODE = 0o600;

/** The bits, or why not: a sentence's end such as `is not octal`. */
export type ParsedMode = { readonly mode: number } | { readonly problem: string };

const SYMBOLIC = /^([ugoa]+)=([rwx]*)$/;
const SHIFT: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };
const BIT: Readonly<Record<string, number>> = { r: 4, w: 2, x: 1 };

/**
 * Reads a mode from its source text, so that it does not matter what the YAML version makes of `0660`:
 * octal (`660`, `0660`, `0o660`) or symbolic as in chmod(1), limited to `=` because there is nothing yet to add to.
 */
export function parseMode(text: string): ParsedMode {
  const octal = /^(?:0o)?([0-9]+)$/.exec(text)?.[1];
  return octal !== undefined ? parseOctal(text, octal) : parseSymbolic(text);
}

/** As people write it: `0660`. */
export function formatMode(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function parseOctal(text: string, digits: string): ParsedMode {
  const wrong = /[89]/.exec(digits)?.[0];
  if (wrong !== undefined) {
    return { problem: `is octal, which has no digit ${wrong}: ${got(text)}` };
  }
  const mode = Number.parseInt(digits, 8);
  return mode <= 0o777
    ? { mode }
    : { problem: `must be at most 0777, a socket has no other bits: ${got(text)}` };
}

function parseSymbolic(text: string): ParsedMode {
  let mode = 0;
  const seen = new Set<string>();
  for (const clause of text.split(",")) {
    const [, who, what] = SYMBOLIC.exec(clause) ?? [];
    if (who === undefined || what === undefined) {
      return { problem: `must be like 0660 or u=rw,g=rw: ${got(text)}` };
    }
    for (const letter of who.replaceAll("a", "ugo")) {
      if (seen.has(letter)) {
        return { problem: `says ${letter} twice: ${got(text)}` };
      }
      seen.add(letter);
      for (const permission of what) mode |= (BIT[permission] ?? 0) << (SHIFT[letter] ?? 0);
    }
  }
  return { mode };
}

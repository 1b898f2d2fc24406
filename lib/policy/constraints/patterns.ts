import type { Allowed } from "./types.ts";

/** The patterns of one list, ready to be tried. */
interface Compiled {
  readonly exact: ReadonlySet<string>;
  readonly wild: readonly RegExp[];
}

// By the list itself, so that what a reload replaces goes with it.
const compiled = new WeakMap<readonly string[], Compiled>();

/**
 * Whether a value is allowed: absent and `any` allow everything, a list what one of its patterns matches as a whole. `*` stands for
 * any characters but a slash, `**` for any; every other character is itself, in its own case.
 */
export function allows(allowed: Allowed | undefined, value: string): boolean {
  if (allowed === undefined || allowed === "any") return true;
  const { exact, wild } = compile(allowed);
  return exact.has(value) || wild.some((pattern) => pattern.test(value));
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
      wild: patterns.filter((pattern) => pattern.includes("*")).map(expression),
    };
    compiled.set(patterns, found);
  }
  return found;
}

/** Anchored at both ends; `s`, because a value may hold a line feed. */
function expression(pattern: string): RegExp {
  const source = pattern.split(/(\*+)/).map((part) => {
    if (!part.startsWith("*")) return part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    return part.length === 1 ? "[^/]*" : ".*";
  });
  return new RegExp(`^${source.join("")}$`, "s");
}

import { isOpen } from "./patterns.ts";
import { type Denial, denied } from "./finding.ts";
import type { Allowed, Limits } from "./types.ts";

/** Patterns that a message lists before it says how many more there are. */
const MANY = 5;

/** `is not among a, b`, or `is not allowed` where nothing is. */
export function notAmong(allowed: Allowed | undefined): string {
  if (isOpen(allowed) || allowed.length === 0) return "is not allowed";
  const more = allowed.length > MANY ? ` and ${allowed.length - MANY} more` : "";
  return `is not among ${allowed.slice(0, MANY).join(", ")}${more}`;
}

/** `capabilities: [CHOWN, NET_ADMIN]`: what is allowed already, be it `"**"`, and what would have to be. */
export function listWith(
  key: keyof Limits,
  allowed: Allowed | undefined,
  ...values: readonly string[]
): string {
  const own = isOpen(allowed) ? ["**"] : allowed;
  const start = own.length > MANY ? ["…"] : own.map(yamlWord);
  return `${key}: [${[...start, ...values.map(yamlWord)].join(", ")}]`;
}

/** The finding for a value that is in no list. */
export function notAllowed(
  key: keyof Limits,
  allowed: Allowed | undefined,
  value: string,
  what = "",
): Denial {
  const subject = what === "" ? shown(value) : `${what} ${shown(value)}`;
  return denied(key, `${subject} ${notAmong(allowed)}`, listWith(key, allowed, value));
}

/** A word of a flow sequence, quoted where YAML would read something else. */
export function yamlWord(text: string): string {
  const plain = /^[A-Za-z/][A-Za-z0-9/._@=+-]*(?:\*{0,2}|:[A-Za-z0-9/._-]+)$/.test(text);
  const other = /^(?:y|n|yes|no|true|false|on|off|null)$/i.test(text);
  return plain && !other ? text : JSON.stringify(shown(text));
}

/** A client's own text, short and without what a terminal would obey. */
export function shown(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  // deno-lint-ignore no-control-regex
  const clean = short.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "?");
  return clean === "" ? '""' : clean;
}

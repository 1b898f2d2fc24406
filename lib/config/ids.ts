import type { IdRange } from "../policy/types.ts";
import { got } from "./got.ts";

/** uid_t and gid_t are 32 bits wide, and -1 means "leave as it is" to chown(2). */
export const MAX_ID = 0xffff_fffe;

/** The ranges, or why not: a sentence's end. */
export type ParsedIds = { readonly ids: readonly IdRange[] } | { readonly problem: string };

/** Reads `1000`, `"1000"` or `"2000-2999"`, both ends included. */
export function parseIds(value: number | string): ParsedIds {
  const [, from, to] = /^(0|[1-9][0-9]*)(?:-(0|[1-9][0-9]*))?$/.exec(String(value)) ?? [];
  if (from === undefined) {
    return { problem: `must be a number like 1000 or a range like 2000-2999: ${got(value)}` };
  }
  const first = Number(from);
  const last = Number(to ?? from);
  if (Math.max(first, last) > MAX_ID) {
    return { problem: `must be at most ${MAX_ID}: ${got(value)}` };
  }
  if (first > last) return { problem: `must be a range from low to high: ${got(value)}` };
  return { ids: [[first, last]] };
}

/** Reads an id written with decimal digits alone; undefined for anything else, such as a name. */
export function parseId(text: string): number | undefined {
  const parsed = /^[0-9]+$/.test(text) ? parseIds(text) : undefined;
  return parsed !== undefined && "ids" in parsed ? parsed.ids[0]?.[0] : undefined;
}

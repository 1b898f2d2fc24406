/** Characters of a value that are shown. */
const MOST = 80;

/** What was written, as messages end: `got "x"`, `got a list`; a long value is cut. */
export function got(value: unknown): string {
  if (value === null || value === "") return "got nothing";
  if (Array.isArray(value)) return value.length === 0 ? "got an empty list" : "got a list";
  if (typeof value === "object") return "got a map";
  if (typeof value !== "string" || value.length <= MOST) return `got ${JSON.stringify(value)}`;
  return `got ${JSON.stringify(`${value.slice(0, MOST)}…`)}`;
}

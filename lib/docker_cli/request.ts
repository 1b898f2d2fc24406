/** The API version of the requests: what docker 20.10 speaks, and every later engine up to 28 takes. */
const PREFIX = "/v1.41";

/** A container that a command line creates, before the engine has given it an id; so is an exec. */
export const NEW_CONTAINER = "new-container";
export const NEW_EXEC = "new-exec";

/** A request that the docker command line would make. */
export interface CliRequest {
  readonly method: string;
  readonly target: string;
  /** JSON; absent when there is none, or when it is something else (a tar). */
  readonly body?: Readonly<Record<string, unknown>>;
  /** The Content-Type of a body that is not JSON. */
  readonly contentType?: string;
  /** When it is made, where that depends: `the image is not there`. */
  readonly only?: string;
}

/** What a command line comes to. */
export interface CliRequests {
  readonly requests: readonly CliRequest[];
  /** What the requests leave out, for people. */
  readonly remarks: readonly string[];
}

/** A docker command line that was not understood, and why. */
export class CommandError extends Error {}

type Value = string | readonly string[] | undefined;

/** A request; query parameters without a value are left out, the others stand in the order of their names, as Go writes them. */
export function request(
  method: string,
  path: string,
  query: Readonly<Record<string, Value>> = {},
  body?: Readonly<Record<string, unknown>>,
): CliRequest {
  const pairs = Object.keys(query).sort().flatMap((key) => {
    const value = query[key];
    const values = value === undefined ? [] : typeof value === "string" ? [value] : value;
    return values.map((text) => `${escape(key)}=${escape(text)}`);
  });
  const target = `${PREFIX}${path}${pairs.length === 0 ? "" : `?${pairs.join("&")}`}`;
  return { method, target, ...(body === undefined ? {} : { body }) };
}

/** `1` for a flag that is set. */
export function one(set: boolean): string | undefined {
  return set ? "1" : undefined;
}

/** A name as the client puts it into a path: slashes and colons stay. */
export function inPath(name: string): string {
  if (name === "") throw new CommandError("a name is empty");
  return encodeURIComponent(name).replace(/%(2F|3A|40)/g, (code) => decodeURIComponent(code));
}

/** `label=a=b` and the like as the API takes them: `{"label":{"a=b":true}}`. */
export function filtersOf(flags: readonly string[]): string | undefined {
  if (flags.length === 0) return undefined;
  const found: Record<string, Record<string, true>> = {};
  for (const flag of flags) {
    const [name, value] = keyAndValue(flag.replace(/^\s*([^=\s]+)\s*=\s*/, "$1="));
    if (value === undefined) throw new CommandError(`--filter takes NAME=VALUE, got ${flag}`);
    (found[name.toLowerCase()] ??= {})[value] = true;
  }
  return JSON.stringify(sortedByKey(found));
}

/** `a=b` in two; the value is undefined where there is no equals sign. */
export function keyAndValue(text: string): [key: string, value: string | undefined] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** `a=b`, `c` → {a: "b", c: ""}. */
export function mapOf(flags: readonly string[]): Record<string, string> {
  return Object.fromEntries(flags.map((flag) => {
    const [key, value] = keyAndValue(flag);
    return [key, value ?? ""];
  }));
}

function sortedByKey<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => a < b ? -1 : 1));
}

/** As Go's url.QueryEscape. */
function escape(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

import { goBool } from "../http/go_bool.ts";
import type { Target } from "../http/target.ts";
import { operationNamed, routes } from "./operations.ts";
import type { Operation } from "./types.ts";

/** What a request asks for. */
export type Classified =
  | { readonly kind: "operation"; readonly operation: Operation }
  /** Not in the table; it cannot be allowed. */
  | { readonly kind: "unknown" }
  /** The parameters that decide which operation it is have more than one reading. */
  | { readonly kind: "malformed"; readonly reason: string };

/** A name of several segments between a first and a last word, as `/images/{name…}/json`. */
interface Wide {
  readonly last: string | undefined;
  readonly operation: Operation;
}

// By method: whole paths; paths whose second segment is a name, with `*` in its place; first words with wide names.
const exact = new Map<string, Operation>();
const named = new Map<string, Operation>();
const wide = new Map<string, Wide[]>();

for (const { method, template, operation } of routes) {
  const segments = template.slice(1).split("/");
  if (template.includes("…")) {
    const key = `${method} ${segments[0]}`;
    wide.set(key, [...(wide.get(key) ?? []), { last: segments[2], operation }]);
  } else if (template.includes("{")) {
    named.set(`${method} ${segments.map((s) => s.startsWith("{") ? "*" : s).join("/")}`, operation);
  } else exact.set(`${method} ${template.slice(1)}`, operation);
}

const known = (name: string): Operation => {
  const operation = operationNamed(name);
  if (operation === undefined) throw new Error(`Cannot classify: no operation ${name}`);
  return operation;
};
const imageImport = known("images.import");
const options = known("system.options");
const listSize = known("containers.list-size");
const inspectSize = known("containers.inspect-size");
const imagesListSize = known("images.list-size");
const topArgs = known("containers.top-args");

/**
 * The operation that the engine would run. Fixed paths come before names, as in its routers; names are one segment, except
 * where the engine's clients use several. The rest of what `{name:.*}` matches is unknown here: `a/b` as a container is
 * somebody's link alias, and would reach another container than the one that is named.
 */
export function classify(method: string, target: Target): Classified {
  if (method === "OPTIONS") return found(options);
  const operation = route(method, target.segments);
  if (operation === undefined) return { kind: "unknown" };
  switch (operation.name) {
    case "images.pull":
      return pullOrImport(operation, target);
    case "containers.list":
      return byFlag(operation, listSize, "size", target);
    case "containers.inspect":
      return byFlag(operation, inspectSize, "size", target);
    case "images.list":
      return byFlag(operation, imagesListSize, "shared-size", target);
    case "containers.top":
      return byArguments(operation, target);
    default:
      return found(operation);
  }
}

function found(operation: Operation): Classified {
  return { kind: "operation", operation };
}

function route(method: string, segments: readonly string[]): Operation | undefined {
  const slashes = segments.some((segment) => segment.includes("/"));
  if (!slashes) {
    const path = segments.join("/");
    const fixed = exact.get(`${method} ${path}`);
    if (fixed !== undefined) return fixed;
    const byName = narrow(method, segments);
    if (byName !== undefined) return byName;
  }
  const candidates = wide.get(`${method} ${segments[0]}`);
  return candidates?.find(({ last }) =>
    last === undefined ? segments.length >= 2 : segments.length >= 3 && segments.at(-1) === last
  )?.operation;
}

/** `/containers/{id}/json`, `/containers/{id}/checkpoints/{checkpoint}`: names at the second and the fourth place. */
function narrow(method: string, segments: readonly string[]): Operation | undefined {
  if (segments.length < 2 || segments.includes("")) return undefined;
  const pattern = [...segments];
  // /debug/pprof/{name} has its name at the third place.
  if (pattern[0] === "debug") {
    if (pattern.length !== 3) return undefined;
    pattern[2] = "*";
    return named.get(`${method} ${pattern.join("/")}`);
  }
  pattern[1] = "*";
  if (pattern.length === 4 && pattern[2] === "checkpoints") pattern[3] = "*";
  return named.get(`${method} ${pattern.join("/")}`);
}

/**
 * The value of a key that decides which operation a request is, "" when it is absent. Undefined when the engines that there are
 * would read different ones: Go's url.Values takes the first of several and tells SIZE from size, Podman's decoder folds case.
 */
function decisive(target: Target, key: string): string | undefined {
  const pairs = target.query.filter(([k]) => fold(k) === key.toLowerCase());
  if (pairs.length > 1 || (pairs.length === 1 && pairs[0]![0] !== key)) return undefined;
  return pairs[0]?.[1] ?? "";
}

/** As Go's strings.EqualFold does, and a little more: U+017F is an s there, U+212A a k. */
function fold(text: string): string {
  return text.toUpperCase().toLowerCase();
}

function ambiguous(key: string): Classified {
  return {
    kind: "malformed",
    reason: `the parameter ${key} is there twice, or in other letters than the API's`,
  };
}

function pullOrImport(pull: Operation, target: Target): Classified {
  const image = decisive(target, "fromImage");
  if (image === undefined) return ambiguous("fromImage");
  if (decisive(target, "fromSrc") === undefined) return ambiguous("fromSrc");
  return found(image === "" ? imageImport : pull);
}

/** A variant where a boolean parameter is true. */
function byFlag(plain: Operation, flagged: Operation, key: string, target: Target): Classified {
  const value = decisive(target, key);
  if (value === undefined) return ambiguous(key);
  return found(goBool(value) ? flagged : plain);
}

function byArguments(plain: Operation, target: Target): Classified {
  const value = decisive(target, "ps_args");
  if (value === undefined) return ambiguous("ps_args");
  return found(value === "" ? plain : topArgs);
}

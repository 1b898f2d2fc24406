import { goBool } from "../http/go_bool.ts";
import type { Target } from "../http/target.ts";
import { operationNamed, routes } from "./operations.ts";
import type { Operation } from "./types.ts";

/** What a request asks for. */
export type Classified =
  | { readonly kind: "operation"; readonly operation: Operation }
  /** Not in the table; it cannot be allowed. */
  | { readonly kind: "unknown" }
  /** A container by a name that none has: `docker inspect ghcr.io/a/b` asks for it before it asks for the image. */
  | { readonly kind: "nobody"; readonly operation: Operation; readonly name: string }
  /** The parameters that decide which operation it is have more than one reading. */
  | { readonly kind: "malformed"; readonly reason: string };

/** A route with a name of several segments, as `/images/{name…}/json`. */
interface Wide {
  /** `…` where the name stands. */
  readonly words: readonly string[];
  readonly operation: Operation;
}

// By method: whole paths; paths with `*` in the place of their one-segment names; first words with wide names.
const exact = new Map<string, Operation>();
const named = new Map<string, Operation>();
const wide = new Map<string, Wide[]>();

for (const { method, template, operation } of routes) {
  const segments = template.slice(1).split("/");
  if (template.includes("…")) {
    const key = `${method} ${firstWords(segments)}`;
    const words = segments.map((s) => s.startsWith("{") ? "…" : s);
    // The more words are fixed, the sooner it is tried: `…/registry/…` before `…`.
    const known = [...(wide.get(key) ?? []), { words, operation }];
    wide.set(key, known.toSorted((a, b) => b.words.length - a.words.length));
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
const inspect = known("containers.inspect");

/** What the query makes of an operation: the parameter, and the operation that it is then. */
type Refined = (plain: Operation, target: Target) => Classified;

const flag = (key: string, flagged: string): Refined => (plain, target) =>
  byFlag(plain, known(flagged), key, target);
const topArguments = (flagged: string): Refined => (plain, target) =>
  byArguments(plain, known(flagged), target);

const refined = new Map<Operation, Refined>(
  Object.entries<Refined>({
    "images.pull": pullOrImport,
    "containers.list": flag("size", "containers.list-size"),
    "containers.inspect": flag("size", "containers.inspect-size"),
    "containers.top": topArguments("containers.top-args"),
    "images.list": flag("shared-size", "images.list-size"),
    "secrets.inspect": flag("showsecret", "secrets.inspect-data"),
    "podman-containers.list": flag("size", "podman-containers.list-size"),
    "podman-containers.inspect": flag("size", "podman-containers.inspect-size"),
    "podman-containers.top": topArguments("podman-containers.top-args"),
    "podman-images.list": flag("shared-size", "podman-images.list-size"),
    "podman-pods.top": topArguments("podman-pods.top-args"),
    "podman-secrets.inspect": flag("showsecret", "podman-secrets.inspect-data"),
  }).map(([name, refine]) => [known(name), refine]),
);

/**
 * The operation that the engine would run. Fixed paths come before names, as in its routers; names are one segment, except
 * where the engine's clients use several. The rest of what `{name:.*}` matches is unknown here: `a/b` as a container is
 * somebody's link alias, and would reach another container than the one that is named.
 */
export function classify(method: string, target: Target): Classified {
  if (method === "OPTIONS") return found(options);
  const operation = route(method, target.segments);
  if (operation === undefined) return inspectedByAlias(method, target.segments);
  const refine = refined.get(operation);
  return refine === undefined ? found(operation) : refine(operation, target);
}

/** The engine would take it for a link's alias, and tell of another container than the one that is named. */
function inspectedByAlias(method: string, segments: readonly string[]): Classified {
  const [first, ...rest] = segments;
  const last = rest.pop();
  const inspects = method === "GET" && first === "containers" && last === "json";
  if (!inspects || rest.length === 0) return { kind: "unknown" };
  return { kind: "nobody", operation: inspect, name: rest.join("/") };
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
  const candidates = wide.get(`${method} ${firstWords(segments)}`);
  return candidates === undefined ? undefined : widest(candidates, segments);
}

/** `images`, and `libpod/images` of Podman's own API. */
function firstWords(segments: readonly string[]): string {
  return segments[0] === "libpod" ? `libpod/${segments[1]}` : segments[0]!;
}

/** `/containers/{id}/json`, `/containers/{id}/checkpoints/{checkpoint}`: names at the second and the fourth place. */
function narrow(method: string, segments: readonly string[]): Operation | undefined {
  if (segments.length < 2 || segments.includes("")) return undefined;
  const pattern = [...segments];
  // /debug/pprof/{name} and /libpod/containers/{name}/json have their names at the third place.
  if (pattern[0] === "debug" || pattern[0] === "libpod") {
    if (pattern.length < 3) return undefined;
    pattern[2] = "*";
    return named.get(`${method} ${pattern.join("/")}`);
  }
  pattern[1] = "*";
  if (pattern.length === 4 && pattern[2] === "checkpoints") pattern[3] = "*";
  return named.get(`${method} ${pattern.join("/")}`);
}

/** The candidate with the most fixed words that fits; none where two do, since engines of different age try them in another order. */
function widest(candidates: readonly Wide[], segments: readonly string[]): Operation | undefined {
  const first = candidates.findIndex(({ words }) => fits(words, segments, 0, 0));
  if (first < 0) return undefined;
  const { words, operation } = candidates[first]!;
  const rival = candidates.slice(first + 1).some((other) =>
    other.words.length === words.length && fits(other.words, segments, 0, 0)
  );
  return rival ? undefined : operation;
}

function fits(
  words: readonly string[],
  segments: readonly string[],
  w: number,
  s: number,
): boolean {
  if (w === words.length) return s === segments.length;
  if (s === segments.length) return false;
  if (words[w] !== "…") return words[w] === segments[s] && fits(words, segments, w + 1, s + 1);
  return fits(words, segments, w + 1, s + 1) || fits(words, segments, w, s + 1);
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

function byArguments(plain: Operation, withArguments: Operation, target: Target): Classified {
  const value = decisive(target, "ps_args");
  if (value === undefined) return ambiguous("ps_args");
  return found(value === "" ? plain : withArguments);
}

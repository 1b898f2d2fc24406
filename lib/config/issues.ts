import * as z from "zod/mini";
import { closest } from "../policy/suggest.ts";
import type { Diagnostic } from "./diagnostics.ts";
import type { Path, YamlFile } from "./document.ts";
import { got } from "./got.ts";
import type { Loose } from "./schema.ts";

type Issue = z.core.$ZodIssue;

/** Data that is right as far as it goes. */
export interface Validated<T> {
  readonly data: T | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Checks a file's data, or what stands at `root` in it, against a schema. What is wrong is reported and taken out, so that the rest can
 * be checked on.
 */
export function validate<S extends z.ZodMiniType>(
  schema: S,
  yaml: YamlFile,
  root: Path = [],
): Validated<Loose<z.infer<S>>> {
  const checked = valueAt(yaml.data, root);
  const parsed = schema.safeParse(checked);
  const issues = (parsed.error?.issues ?? []).flatMap(narrow);
  const unknown = issues.filter((issue) => issue.code === "unrecognized_keys")
    .flatMap(({ path, keys }) => keys.map((key) => unknownKey(path as Path, key, schema)));
  const meant = new Set(unknown.map(({ path, near }) => JSON.stringify([...path, near])));
  return {
    data: without(checked, issues) as Loose<z.infer<S>> | undefined,
    diagnostics: [
      ...unknown.map(({ path, key, hint }) =>
        yaml.atKey(
          "unknown-key",
          [...root, ...path, key],
          `unknown key ${JSON.stringify(key)}`,
          hint,
        )
      ),
      ...issues.filter(({ code }) => code !== "unrecognized_keys").flatMap((issue) => {
        const found = describe(issue, yaml, root, schema);
        // A key that is missing because of a typo in it is one mistake, not two.
        const typo = found.code === "missing-key" && meant.has(JSON.stringify(issue.path));
        return typo ? [] : [found];
      }),
    ],
  };
}

/** Of a union's branches, the one whose kind of value was written: `{fil: x}` was meant to be `{file: x}`. */
function narrow(issue: Issue): Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const meant = issue.errors.find((branch) => branch.length > 0 && branch.every(isInside));
  return meant === undefined
    ? [issue]
    : meant.flatMap((inner) => narrow({ ...inner, path: [...issue.path, ...inner.path] }));
}

function isInside(issue: Issue): boolean {
  return issue.path.length > 0 || issue.code === "unrecognized_keys";
}

/** What socat, docker and compose call a key. */
const synonyms: Readonly<Record<string, string>> = {
  "max-children": "max_connections",
  owner: "user",
  path: "socket",
  perm: "mode",
  binds: "host_mounts",
  bind: "host_mounts",
  mounts: "host_mounts",
  cap_add: "capabilities",
  capadd: "capabilities",
  security_opt: "security_options",
  env: "refused_env",
  network_mode: "networks",
  pid: "pid_mode",
  ipc: "ipc_mode",
  uts: "uts_mode",
  userns: "userns_mode",
  cgroupns: "cgroupns_mode",
  restart: "restart_policies",
  gpus: "device_requests",
  labels: "required_labels",
  log_driver: "log_drivers",
  pids_limit: "pids",
};

function unknownKey(path: Path, key: string, schema: z.ZodMiniType) {
  const known = knownKeys(schema, path);
  const synonym = synonyms[key.toLowerCase()];
  const near = known.find((name) => name === synonym) ?? closest(key, known);
  const hint = near === undefined
    ? `the keys here are ${known.join(", ")}`
    : `did you mean ${near}`;
  return { path, key, near, hint };
}

function describe(issue: Issue, yaml: YamlFile, root: Path, schema: z.ZodMiniType): Diagnostic {
  const path = [...root, ...issue.path as Path];
  const value = valueAt(yaml.data, path);
  if (value === undefined) {
    const message = `missing key ${JSON.stringify(path.at(-1))}: ${issue.message}`;
    return yaml.atValue("missing-key", path, message);
  }
  const message = `${nameOf(path)} must be ${issue.message}: ${got(value)}`;
  return yaml.atValue("wrong-value", path, message, asMap(issue.path as Path, value, schema));
}

/** A hint for text in a map's place: `{ file: /x }` for `/x`, where it is clear which key was meant. */
function asMap(path: Path, value: unknown, schema: z.ZodMiniType): string | undefined {
  const object = unwrap(schemaAt(schema, path), z.ZodMiniObject);
  if (typeof value !== "string" || !(object instanceof z.ZodMiniObject)) return undefined;
  const meant = Object.entries(object.shape).find(([, field]) => {
    const inner = unwrap(field);
    if (inner instanceof z.ZodMiniEnum) return inner.safeParse(value).success;
    return inner instanceof z.ZodMiniString && value.startsWith("/");
  });
  if (meant === undefined) return undefined;
  const key = path.at(-1);
  return `write ${typeof key === "string" ? `${key}: ` : ""}{ ${meant[0]}: ${value} }`;
}

function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return "the file";
  return typeof last === "number" ? `item ${last + 1} of ${nameOf(path.slice(0, -1))}` : last;
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    data,
  );
}

/** The data with everything removed that an issue is about. */
function without(data: unknown, issues: readonly Issue[], depth = 0): unknown {
  if (issues.length === 0) return data;
  const here = issues.filter((issue) => issue.path.length === depth);
  if (here.some((issue) => issue.code !== "unrecognized_keys")) return undefined;
  const unknown = new Set(
    here.flatMap((issue) => issue.code === "unrecognized_keys" ? issue.keys : []),
  );
  const below = (key: string | number) =>
    issues.filter((issue) => String(issue.path[depth]) === String(key));
  if (Array.isArray(data)) {
    return data.map((item, index) => without(item, below(index), depth + 1));
  }
  return Object.fromEntries(
    Object.entries(data as object)
      .filter(([key]) => !unknown.has(key))
      .map(([key, value]) => [key, without(value, below(key), depth + 1)]),
  );
}

function schemaAt(schema: z.ZodMiniType, path: Path): unknown {
  return path.reduce<unknown>((at, step) => {
    const inner = unwrap(at, typeof step === "number" ? z.ZodMiniArray : z.ZodMiniObject);
    if (inner instanceof z.ZodMiniArray) return inner.def.element;
    return inner instanceof z.ZodMiniObject ? inner.shape[step as string] : undefined;
  }, schema);
}

function knownKeys(schema: z.ZodMiniType, path: Path): string[] {
  const found = unwrap(schemaAt(schema, path), z.ZodMiniObject);
  return found instanceof z.ZodMiniObject ? Object.keys(found.shape) : [];
}

/** The schema of a value that is there; of a union, the branch of that kind. */
function unwrap(schema: unknown, kind?: typeof z.ZodMiniArray | typeof z.ZodMiniObject): unknown {
  if (schema instanceof z.ZodMiniOptional) return unwrap(schema.def.innerType, kind);
  if (schema instanceof z.ZodMiniUnion && kind !== undefined) {
    return schema.def.options.find((option) => option instanceof kind);
  }
  return schema;
}

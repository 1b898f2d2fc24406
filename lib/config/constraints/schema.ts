import * as z from "zod/mini";
import { keys, keysOf } from "../../policy/constraints/keys.ts";
import type { Limits } from "../../policy/constraints/types.ts";
import { groups, operations } from "../../policy/operations.ts";
import { integer, notEmpty, oneOrMore, optional, required, text } from "../schema.ts";

// Functions, because most configurations have no constraints and should not wait for their schemas.

type Key = keyof Limits;

const flag = () => z.boolean({ error: "true or false" });
const size = (error: string) => z.union([text(error), integer(1, MAX)], { error });
const processors = (error: string) => z.number({ error }).check(z.positive({ error }));
const any = () => z.literal("any");
const MAX = Number.MAX_SAFE_INTEGER;

/** `any`, one or several; an empty list is none. */
function words<T extends z.ZodMiniType>(item: T, error: string) {
  return z.union([item, z.array(item, { error })], { error });
}
const patterns = () => words(text("a pattern"), "any, a pattern or a list of patterns");

function labels() {
  const error = "a map of labels and their values";
  const value = z.union([z.string(), z.number(), z.boolean()], { error: "text" });
  return z.record(z.string().check(z.minLength(1)), value, { error });
}

function hostMounts() {
  const error = "any, an absolute path, { path: PATH, read_only: true }, or a list of them";
  const mount = z.strictObject({
    path: required(text("an absolute path"), "A path, in which ** stands for what is below."),
    read_only: optional(flag(), "Only mounts that cannot be written through."),
  }, { error });
  const path = text("an absolute path");
  return z.union([path, mount, z.array(z.union([path, mount], { error }), { error })], { error });
}

function selectors() {
  const error = "any, a map of name, label and image, or a list of such maps";
  const some = (what: string) => oneOrMore(text(`a ${what}`), `a ${what}, or a list of them`);
  const selector = z.strictObject({
    name: optional(some("pattern"), "Patterns for the name."),
    label: optional(some("label"), "Labels that it must have, team=ci or team."),
    image: optional(some("pattern"), "Patterns for the image that it was made from."),
  }, { error });
  return z.union([any(), selector, z.array(selector, { error }).check(notEmpty(error))], {
    error,
  });
}

const flags: ReadonlySet<Key> = new Set([
  "privileged",
  "device_requests",
  "device_cgroup_rules",
  "unmasked_paths",
  "oom_protection",
  "remote",
  "extra_hosts",
  "buildkit",
  "unjudged",
]);

const others: Readonly<Partial<Record<Key, () => z.ZodMiniType>>> = {
  host_mounts: hostMounts,
  containers: selectors,
  required_labels: labels,
  memory: () => size("any, a size like 2GiB, or a number of bytes"),
  body_limit: () => size("a size like 1MiB, or a number of bytes"),
  cpus: () => z.union([any(), processors("")], { error: "any, or a number greater than 0" }),
  pids: () => z.union([any(), integer(1, MAX)], { error: "any, or a whole number from 1" }),
  ports: () =>
    words(
      z.union([text("a port"), integer(1, 65_535)]),
      "any, ports like 8080, 8000-8999 or 127.0.0.1:8080, or a list of them",
    ),
  user: () =>
    words(z.union([text("a user"), integer(0, 2 ** 32 - 2)]), "non-root, any, or a list of users"),
  refused_labels: () => words(text("a label"), "a label, or a list of labels"),
  refused_env: () => words(text("a name"), "a name, or a list of names"),
  unknown_fields: () => z.enum(["deny", "allow"], { error: '"deny" or "allow"' }),
};

const made = new Map<Key, z.ZodMiniType>();

/** A key's schema, the same wherever it can be written: in the JSON Schema it has a name, and stands there once. */
function valueSchema(key: Key): z.ZodMiniType {
  const known = made.get(key);
  if (known !== undefined) return known;
  const schema = (others[key]?.() ?? (flags.has(key) ? flag() : patterns()))
    .register(z.globalRegistry, { id: key, description: `${keys[key]}.` });
  made.set(key, schema);
  return schema;
}

/** What `set` fills in where the client left it out. */
function additions() {
  const error = "a map of what to fill in";
  return z.strictObject({
    labels: optional(labels(), "Labels to add."),
    no_new_privileges: optional(
      z.literal(true, { error: "true" }),
      "Whether no process may get more privileges than the first.",
    ),
    memory: optional(size("a size like 1GiB, or a number of bytes"), "Memory limit."),
    cpus: optional(processors("a number greater than 0"), "Processors."),
    pids: optional(integer(1, MAX), "Most processes."),
    user: optional(
      z.union([text("a user"), integer(0, 2 ** 32 - 2)], { error: "a user" }),
      "User to run as.",
    ),
  }, { error });
}

/** The operations that an entry of `constraints` is about: one, those of `group.*`, or all for `*`; none when there is no such thing. */
export function covered(pattern: string): string[] {
  const group = pattern.endsWith(".*") ? pattern.slice(0, -1) : undefined;
  return operations.map(({ name }) => name).filter((name) =>
    name === pattern || pattern === "*" || (group !== undefined && name.startsWith(group))
  );
}

/** The keys that can stand under an entry, in the order of the documentation. */
export function keysUnder(pattern: string): Key[] {
  const known = new Set(covered(pattern).flatMap((name) => keysOf(name)));
  return (Object.keys(keys) as Key[]).filter((key) => known.has(key));
}

/** What may stand under `containers.create`, `containers.*` or `*`. */
export function limitsSchema(pattern: string) {
  const limits = keysUnder(pattern).map((key) => [key, z.optional(valueSchema(key))] as const);
  const set = pattern === "containers.create"
    ? { set: optional(additions(), "Filled in where the client left it out.") }
    : {};
  const error = "none, or a map of keys";
  return z.strictObject({ ...Object.fromEntries(limits), ...set } as z.core.$ZodShape, { error });
}

/** All of `constraints`, for the JSON Schema. */
export function constraintsSchema() {
  const names = ["*", ...groups.map((group) => `${group}.*`), ...operations.map((o) => o.name)];
  const entries = names.filter((name) => keysUnder(name).length > 0).map((name) => {
    const about = name === "*" ? "All operations" : name;
    const entry = z.union([z.literal("none"), limitsSchema(name)]);
    return [name, optional(entry, `${about}; none: nothing is judged.`)] as const;
  });
  return z.union([z.literal("none"), z.strictObject(Object.fromEntries(entries))]);
}

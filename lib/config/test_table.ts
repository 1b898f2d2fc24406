import * as z from "zod/mini";
import { keys } from "../policy/constraints/keys.ts";
import type { Answer } from "../policy/constraints/types.ts";
import { closest } from "../policy/suggest.ts";
import type { Diagnostic } from "./diagnostics.ts";
import { type Path, YamlFile } from "./document.ts";
import { got } from "./got.ts";
import { MAX_ID } from "./ids.ts";
import { validate } from "./issues.ts";
import { integer, type Loose, optional, required, text } from "./schema.ts";

const account = (what: string) =>
  z.union([text("its name"), integer(0, MAX_ID)], { error: `a ${what}'s name or number` });

const testSchema = z.strictObject({
  name: required(text("what the test shows"), "What the test shows, as a sentence."),
  request: optional(
    text("a request like POST /v1.41/containers/create"),
    "Method and path of a request.",
  ),
  body: optional(
    z.union([z.string(), z.record(z.string(), z.unknown())], {
      error: "a map, or the body's very text",
    }),
    "The request's body: a map, sent as JSON, or the very text.",
  ),
  content_type: optional(
    text("a type like application/json"),
    "The body's type; application/json by default.",
  ),
  command: optional(
    z.union([text("a docker command line"), z.array(z.string({ error: "text" }))], {
      error: "a docker command line",
    }),
    "A docker command line; it is denied when one of its requests is.",
  ),
  expect: required(
    z.enum(["allow", "deny"], { error: '"allow" or "deny"' }),
    "What the policy's rules say; in mode warn, too.",
  ),
  constraint: optional(text("a constraint like host_mounts"), "The constraint that must deny it."),
  answers: optional(
    z.record(z.string(), z.unknown(), { error: "a map from lookups to answers" }),
    'What lookups are answered with: "container web": {…}, null for what is not there.',
  ),
}, { error: "a map of name, request or command, and expect" });

const tableSchema = z.strictObject({
  policy: optional(text("the name of a policy"), "The policy that is tested."),
  listener: optional(text("the name of a listener"), "The listener that is called."),
  uid: optional(integer(0, MAX_ID), "Who calls, instead of a policy."),
  user: optional(text("the name of a user"), "The same by name."),
  gid: optional(account("group"), "The caller's primary group."),
  groups: optional(
    z.array(account("group"), { error: "a list of groups" }),
    "The caller's supplementary groups.",
  ),
  tests: z.array(testSchema, { error: "a list of tests" }),
}, { error: "a map with tests" });

type LooseTable = Loose<z.infer<typeof tableSchema>>;
type LooseTest = NonNullable<NonNullable<LooseTable["tests"]>[number]>;

/** One line of a table. */
export interface PolicyTest {
  readonly name: string;
  /** Where it is written: `ci.test.yaml:4`. */
  readonly origin: string;
  readonly asked:
    | {
      readonly method: string;
      readonly target: string;
      readonly body?: string;
      readonly contentType: string;
    }
    | { readonly command: string | readonly string[] };
  readonly expect: "allow" | "deny";
  readonly constraint?: string;
  /** By lookup: `container web`, `path /srv/ci`. */
  readonly answers: ReadonlyMap<string, Answer>;
}

/** Who calls: with a policy, nobody in particular. */
export type Caller =
  | { readonly policy: string }
  | { readonly listener?: string; readonly flags: Readonly<Record<string, string>> };

/** A table of requests and what is expected of them. */
export interface TestTable {
  readonly caller: Caller;
  readonly tests: readonly PolicyTest[];
}

/** A test table, or everything that is wrong with it. `policies` are the names that there are. */
export function readTestTable(
  file: string,
  content: string,
  policies: readonly string[],
): { readonly table: TestTable } | { readonly diagnostics: readonly Diagnostic[] } {
  const yaml = new YamlFile(file, file, content);
  const { data, diagnostics: invalid } = yaml.data === undefined
    ? { data: undefined, diagnostics: [] }
    : validate(tableSchema, yaml);
  const diagnostics = [...yaml.diagnostics, ...invalid];
  if (data === undefined) return { diagnostics };
  const report = (diagnostic: Diagnostic) => void diagnostics.push(diagnostic);
  const caller = callerOf(yaml, data, policies, report);
  const tests = (data.tests ?? []).flatMap((test, index) =>
    test === undefined ? [] : testAt(yaml, ["tests", index], test, report) ?? []
  );
  return diagnostics.length > 0 || caller === undefined
    ? { diagnostics }
    : { table: { caller, tests } };
}

type Report = (diagnostic: Diagnostic) => void;

function callerOf(
  yaml: YamlFile,
  { policy, listener, uid, user, gid, groups }: LooseTable,
  policies: readonly string[],
  report: Report,
): Caller | undefined {
  const said = { uid, user, gid, groups: groups?.join(",") };
  const flags = Object.fromEntries(
    Object.entries(said).filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );
  if (policy === undefined) {
    if (uid !== undefined || user !== undefined) {
      return { flags, ...(listener === undefined ? {} : { listener }) };
    }
    const message = "say whose requests they are: policy: NAME, or uid: and listener:";
    report(yaml.atKey("missing-key", ["tests"], message));
    return undefined;
  }
  const other = listener === undefined ? Object.keys(flags)[0] : "listener";
  if (other !== undefined) {
    const message = `${other} and policy exclude each other: who calls decides which policy it is`;
    report(yaml.atKey("conflict", [other], message));
  }
  if (!policies.includes(policy)) {
    const near = closest(policy, policies);
    const hint = near === undefined ? `there are ${policies.join(", ")}` : `did you mean ${near}`;
    report(
      yaml.atValue("unknown-policy", ["policy"], `unknown policy ${JSON.stringify(policy)}`, hint),
    );
  }
  return { policy };
}

function testAt(
  yaml: YamlFile,
  path: Path,
  test: LooseTest,
  report: Report,
): PolicyTest | undefined {
  const { name, expect, constraint } = test;
  const asked = askedAt(yaml, path, test, report);
  if (constraint !== undefined) requireConstraint(yaml, path, constraint, expect, report);
  const answers = answersAt(yaml, path, test, report);
  if (asked === undefined || name === undefined || expect === undefined) return undefined;
  const given = constraint === undefined ? {} : { constraint };
  return { name, origin: yaml.origin(path), asked, expect, ...given, answers };
}

function askedAt(
  yaml: YamlFile,
  path: Path,
  { request, command, body, content_type }: LooseTest,
  report: Report,
): PolicyTest["asked"] | undefined {
  // One that is not text was reported as such.
  const written = ["request", "command"].filter((key) => yaml.has([...path, key]));
  if (written.length !== 1) {
    const message = written.length === 0
      ? "a test needs a request or a command"
      : "a test has a request or a command, not both";
    report(yaml.atValue(written.length === 0 ? "missing-key" : "conflict", path, message));
    return undefined;
  }
  if (command !== undefined) {
    if (yaml.has([...path, "body"])) {
      const message = "a body belongs to a request; a command's follows from its flags";
      report(yaml.atKey("conflict", [...path, "body"], message));
    }
    return { command: typeof command === "string" ? command : command.map((word) => word ?? "") };
  }
  if (request === undefined) return undefined;
  const parts = /^([A-Z][A-Z-]*) (\/\S*)$/.exec(request);
  if (parts === null) {
    const message = `request must be a method and a path like GET /v1.41/info: ${got(request)}`;
    report(yaml.atValue("wrong-value", [...path, "request"], message));
    return undefined;
  }
  const [, method, target] = parts as unknown as [string, string, string];
  if (body === undefined) return { method, target, contentType: content_type ?? "" };
  const sent = typeof body === "string" ? body : JSON.stringify(body);
  return { method, target, body: sent, contentType: content_type ?? "application/json" };
}

function requireConstraint(
  yaml: YamlFile,
  path: Path,
  constraint: string,
  expect: string | undefined,
  report: Report,
): void {
  const at = [...path, "constraint"];
  if (expect === "allow") {
    report(yaml.atKey("conflict", at, "a constraint denies, and this test expects allow"));
  }
  if (Object.hasOwn(keys, constraint)) return;
  const near = closest(constraint, Object.keys(keys));
  const hint = near === undefined ? undefined : `did you mean ${near}`;
  const message = `there is no constraint ${JSON.stringify(constraint)}`;
  report(yaml.atValue("wrong-value", at, message, hint));
}

const kinds = ["container", "exec", "image", "volume", "network", "path"];

function answersAt(
  yaml: YamlFile,
  path: Path,
  { answers }: LooseTest,
  report: Report,
): Map<string, Answer> {
  const found = new Map<string, Answer>();
  for (const [lookup, value] of Object.entries(answers ?? {})) {
    const at = [...path, "answers", lookup];
    const [kind, name] = lookup.split(" ", 2);
    const isPath = kind === "path";
    const fits = value === null || typeof value === (isPath ? "string" : "object");
    if (!kinds.includes(kind!) || name === undefined) {
      const message = `answers are to lookups like "container web" or "path /srv/ci", ${
        got(lookup)
      }`;
      report(yaml.atKey("wrong-value", at, message));
    } else if (!fits) {
      const wanted = isPath ? "a path" : "what the engine's inspect says, a map, or null";
      report(yaml.atValue("wrong-value", at, `the answer must be ${wanted}: ${got(value)}`));
    } else if (value === null) found.set(lookup, { absent: `No such ${kind}: ${name}` });
    else found.set(lookup, { found: value });
  }
  return found;
}

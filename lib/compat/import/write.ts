import { unjudged } from "../../policy/constraints/keys.ts";
import { givesRoot } from "../../policy/root.ts";
import { builtinAncestor, compilePolicy } from "../../policy/compile.ts";
import { builtinPolicies } from "../../policy/builtin.ts";
import { DEFAULT_UPSTREAM } from "../../config/types.ts";
import { formatTcpPlace, isOpenToOthers } from "../../config/tcp.ts";
import type { Source, SourceConstraints, SourcePort, SourceSocket } from "./source.ts";
import type { Translation, Widened } from "./translate.ts";

/** A configuration and its policy, as texts, and what their reader must know. */
export interface Written {
  readonly config: string;
  /** Where the policy belongs, beside the configuration. */
  readonly policyFile: string;
  readonly policy: string;
  readonly warnings: readonly string[];
}

const WIDTH = 100;
const SOCKET = "/run/postern/docker.sock";

/** Writes what was imported as Postern's files, with the warnings as comments. `from` names what was read. */
export function write(source: Source, translation: Translation, from: string): Written {
  const constraints = constraintsFor(source.constraints, translation.allowed);
  const warnings = [
    ...source.warnings,
    ...warningsOn(translation),
    ...refusedBySafety(constraints, translation.allowed),
  ];
  return {
    config: configText(source, from),
    policyFile: `policies/${source.name}.yaml`,
    policy: policyText(source, translation, constraints, warnings, from),
    warnings,
  };
}

function configText(source: Source, from: string): string {
  const { name, listener, upstream } = source;
  return [
    ...comment(
      `Written by \`postern import ${name}\` from ${from}. \`postern check\` says what it gives.`,
    ),
    `upstream: ${scalar((upstream ?? DEFAULT_UPSTREAM).replace(/^unix@/, ""))}`,
    "",
    "listeners:",
    ...(listener !== undefined && "tcp" in listener
      ? portLines(listener, name)
      : socketLines(listener, name)),
    "",
    `policies: policies/${name}.yaml`,
    "",
  ].join("\n");
}

/** Its clients are known by their addresses alone, where the source looked at these. */
function portLines({ tcp, from }: SourcePort, name: string): string[] {
  const open = isOpenToOthers(tcp);
  return [
    `  - listen: ${scalar(formatTcpPlace(tcp))}`,
    ...(open
      ? [
        ...comment(
          "As in the source, without TLS: whoever reaches this address can try. tls: {cert: FILE, key: FILE, client_ca: FILE} " +
            "instead of the next line asks for certificates.",
          "    ",
        ),
        "    insecure: true",
      ]
      : []),
    ...(from === undefined ? [`    policy: ${name}`] : from.length === 0 ? [] : [
      "",
      "clients:",
      `  - address: [${from.map(scalar).join(", ")}]`,
      `    policy: ${name}`,
    ]),
  ];
}

function socketLines(listener: SourceSocket | undefined, name: string): string[] {
  const owner = (["user", "group"] as const).flatMap((key) => {
    const value = listener?.[key];
    return value === undefined ? [] : [`    ${key}: ${scalar(value)}`];
  });
  const asked = listener === undefined
    ? comment(
      "Clients connect here instead of to a port: DOCKER_HOST=unix://" + SOCKET +
        ". Let others in with mode: 0660 and group: GROUP.",
      "    ",
    )
    : [];
  return [
    `  - socket: ${scalar(listener?.socket ?? SOCKET)}`,
    ...asked,
    `    mode: ${scalar(listener?.mode ?? "0600")}`,
    ...owner,
    `    policy: ${name}`,
  ];
}

function policyText(
  source: Source,
  { allowed, partial }: Translation,
  constraints: Source["constraints"],
  warnings: readonly string[],
  from: string,
): string {
  const lines = [
    ...comment(`What ${source.name}'s rules allow, as operations; written from ${from}.`),
    ...(warnings.length === 0 ? [] : ["#", ...comment("What is not as it was:")]),
    ...warnings.flatMap((warning) => comment(warning, "", "- ")),
    `name: ${source.name}`,
    "",
    ...(allowed.length === 0 ? ["allow: []"] : ["allow:", ...groupsOf(allowed).flatMap(ruleLines)]),
    ...partial.filter(selectable).flatMap(({ operation, names }) => [
      ...comment(`Of ${operation}, only some were allowed. For those of these names, add:`, "  "),
      `  # - ${operation}      # and: constraints: { ${operation}: { containers: [{ name: [${
        names.map(scalar).join(", ")
      }] }] } }`,
    ]),
    "",
  ];
  if (constraints === "none") {
    const root = rootThrough(source.name, allowed);
    lines.push(
      ...comment(
        "The source looks into no body, and with this line neither does Postern. Without it, the safe defaults hold: no " +
          "privileged containers, no mounts of the host, and so on." +
          (root.length === 0 ? "" : ` As it is, this gives root on the host: ${root.join(", ")}.`),
      ),
      "constraints: none",
    );
  } else {
    lines.push(
      ...comment("Bodies are held against the safe defaults, as there is no `constraints: none`."),
    );
    const written = Object.entries(constraints);
    if (written.length > 0) lines.push("constraints:");
    for (const [operation, keys] of written) {
      lines.push(`  ${operation}:`);
      for (const [key, value] of Object.entries(keys)) lines.push(`    ${key}: ${flow(value)}`);
    }
  }
  return [...lines, ""].join("\n");
}

/** Only for operations that are allowed: others have none. */
function constraintsFor(
  constraints: Source["constraints"],
  allowed: readonly string[],
): Source["constraints"] {
  if (constraints === "none") return constraints;
  const kept = Object.entries(constraints).filter(([operation]) => allowed.includes(operation));
  return Object.fromEntries(kept) satisfies SourceConstraints;
}

/** What the safe defaults refuse altogether, although it is allowed: nothing about it can be judged. */
function refusedBySafety(
  constraints: Source["constraints"],
  allowed: readonly string[],
): string[] {
  if (constraints === "none") return [];
  const names = allowed.filter((name) =>
    unjudged.includes(name) && constraints[name] === undefined
  );
  return names.length === 0 ? [] : [
    `${list(names)}: refused by the safe defaults; "unjudged: true" under constraints allows it`,
  ];
}

/** Operations whose constraints choose among containers by their names. */
function selectable({ operation, names }: Translation["partial"][number]): boolean {
  return operation.startsWith("containers.") && names.length > 0;
}

function rootThrough(name: string, allowed: readonly string[]): string[] {
  const entries = allowed.map((pattern) => ({ pattern, origin: name }));
  const compiled = compilePolicy(
    { name, allow: entries, deny: [], constraints: "none", origin: name },
    (parent) => builtinAncestor(builtinPolicies[parent]!),
  );
  return "policy" in compiled ? givesRoot(compiled.policy) : [];
}

const widenings: Readonly<Record<Widened["by"], string>> = {
  version: "allowed for some versions of the API only; Postern takes every version from 1.24 on",
  name:
    "allowed for some spellings of names only, such as ids; Postern takes every way to call the same object",
  route:
    "allowed by one of its routes or methods only; Postern takes all, since the engine does the same",
};

function warningsOn({ partial, widened, lost, unused }: Translation): string[] {
  const byKind = Object.entries(widenings).flatMap(([kind, text]) => {
    const names = widened.filter(({ by }) => by === kind).map(({ operation }) => operation);
    return names.length === 0 ? [] : [`${list(names)}: ${text}`];
  });
  return [
    ...(lost.length === 0
      ? []
      : [`${list(lost)}: allowed by the accident that patterns are not grouped; not allowed here`]),
    ...byKind,
    ...partial.map(({ operation, names }) =>
      `${operation}: allowed for some names only${
        names.length === 0 ? "" : ` (${list(names)})`
      }; not allowed here, ` +
      "since operations are allowed for all"
    ),
    ...unused.map((rule) =>
      `${rule}: opens nothing here that other rules do not: no other route that Postern knows is like it, or only with names that it does not write out`
    ),
  ];
}

/** Names, not too many of them. */
function list(names: readonly string[]): string {
  const most = 12;
  return names.length <= most
    ? names.join(", ")
    : `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
}

function groupsOf(allowed: readonly string[]): [group: string, verbs: string[]][] {
  const groups = Map.groupBy(allowed, (name) => name.split(".")[0]!);
  return [...groups].map((
    [group, names],
  ) => [group, names.map((name) => name.slice(group.length + 1))]);
}

function ruleLines([group, verbs]: [string, string[]]): string[] {
  const line = `  - ${group}: [${verbs.join(", ")}]`;
  if (line.length <= WIDTH) return [line];
  return [
    `  - ${group}:`,
    ...wrap(verbs.map((verb, at) => verb + (at + 1 < verbs.length ? "," : "")).join(" "), WIDTH - 8)
      .map((part, at, all) =>
        `      ${at === 0 ? "[" : " "}${part}${at + 1 === all.length ? "]" : ""}`
      ),
  ];
}

/** A comment's lines; what was written by others may hold anything. */
function comment(text: string, indent = "", bullet = ""): string[] {
  // deno-lint-ignore no-control-regex
  const plain = text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ");
  return wrap(plain, WIDTH - indent.length - bullet.length - 2).map((line, at) =>
    `${indent}# ${at === 0 ? bullet : " ".repeat(bullet.length)}${line}`
  );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** A value as YAML reads it again, quoted where it would be something else. */
function scalar(text: string): string {
  return /^[A-Za-z/][A-Za-z0-9_./-]*$/.test(text) &&
      !/^(?:true|false|yes|no|on|off|null|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  return typeof value === "string" ? scalar(value) : String(value);
}

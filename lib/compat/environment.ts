import { auditProblem } from "../config/audit_file.ts";
import { type Diagnostic, wholeFile } from "../config/diagnostics.ts";
import type { ConfigFs } from "../config/fs.ts";
import { got } from "../config/got.ts";
import { listenerAt, loopMessage } from "../config/listeners.ts";
import { type Overrides, readOverrides } from "../config/overrides.ts";
import {
  type AuditTarget,
  type Config,
  DEFAULT_DRAIN,
  DEFAULT_LOG,
  DEFAULT_RELOAD,
  DEFAULT_UPSTREAM,
  type LogSettings,
  type NameService,
} from "../config/types.ts";
import { parseSocketPath } from "../config/values.ts";
import { builtinPolicies } from "../policy/builtin.ts";
import { operationNamed } from "../policy/operations.ts";
import { givesRoot } from "../policy/root.ts";
import type { Policy } from "../policy/types.ts";
import { parseBind } from "./bind.ts";
import { envPolicy, openedBy } from "./env_policy.ts";
import { type Flavour, isOn, variablesOn } from "./env_rules.ts";
import { flavourOf, flavours } from "./flavours.ts";

/** Where Postern listens when BIND_CONFIG says nothing: the images listen on port 2375 of every address. */
export const DEFAULT_BIND = "unix@/run/postern/docker.sock";

/** Everything that a configuration by the environment depends on. */
export interface EnvironmentOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Flags, which beat the environment. */
  readonly overrides: Overrides;
  readonly names: NameService;
  readonly fs: ConfigFs;
}

/** The gate that the environment describes, or everything that is wrong with it. */
export type EnvironmentResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** A line for the operator's log. */
export interface EnvironmentNotice {
  readonly level: "info" | "warning";
  readonly text: string;
}

/** Reads the variables of Tecnativa's or LinuxServer's image: the same ones open the same operations. */
export function readEnvironment(options: EnvironmentOptions): EnvironmentResult {
  const { env, overrides, names, fs } = options;
  const diagnostics: Diagnostic[] = [];
  const about = (variable: string) => (problem: string, hint?: string) =>
    void diagnostics.push(wholeFile("wrong-value", "environment", `${variable} ${problem}`, hint));
  const overriding = readOverrides(env, overrides, (diagnostic) => diagnostics.push(diagnostic));
  const chosen = flavourOf(env);
  if (chosen === undefined) {
    const known = Object.keys(flavours).join(" or ");
    about("POSTERN_ENV")(`must be ${known}: ${got(env["POSTERN_ENV"])}`);
  }
  const upstream = overriding.upstream ?? upstreamOf(env["SOCKET_PATH"], about("SOCKET_PATH"));
  const level = levelOf(env["LOG_LEVEL"], about("LOG_LEVEL"));
  const bound = parseBind(env["BIND_CONFIG"] || DEFAULT_BIND, names, about("BIND_CONFIG"));
  const listeners = bound.map((listener) => ({ ...listener, upstream }));
  const behind = listenerAt(listeners, upstream, fs);
  if (behind !== undefined) about("BIND_CONFIG")(`would be a loop: ${loopMessage(behind)}`);
  const audit = overriding.audit ?? auditFor(env["LOG_LEVEL"]);
  const unwritable = auditProblem(fs, audit);
  if (unwritable !== undefined) about("POSTERN_AUDIT")(unwritable.problem, unwritable.hint);
  if (chosen === undefined || diagnostics.length > 0) return { ok: false, diagnostics };

  const { flavour } = chosen;
  const on = variablesOn(flavour, env);
  const policy = envPolicy(flavour, on, isOn(env["POSTERN_SAFE"]));
  const policies = { ...builtinPolicies, [policy.name]: policy };
  return {
    ok: true,
    config: {
      listeners,
      policyFiles: [],
      presets: [],
      gate: {
        clients: [],
        listenerPolicies: Object.fromEntries(listeners.map(({ name }) => [name, policy.name])),
        defaultPolicy: "deny",
        policies,
      },
      audit,
      workers: overriding.workers ?? 1,
      log: { ...DEFAULT_LOG, level },
      reload: DEFAULT_RELOAD,
      drain: DEFAULT_DRAIN,
    },
  };
}

/** What whoever set these variables should know of the gate that they make. */
export function environmentNotices(env: EnvironmentOptions["env"]): EnvironmentNotice[] {
  const { flavour, why } = flavourOf(env)!;
  const on = variablesOn(flavour, env);
  const policy = envPolicy(flavour, on, isOn(env["POSTERN_SAFE"]));
  return [
    { level: "info", text: `the environment decides, as in the image of ${flavour.name} (${why})` },
    ...(env["BIND_CONFIG"] ? [] : [unboundNotice()]),
    ...suspicious(flavour, env).map(warning),
    ...openDoors(flavour, on, policy).map(warning),
  ];
}

function warning(text: string): EnvironmentNotice {
  return { level: "warning", text };
}

function unboundNotice(): EnvironmentNotice {
  const text =
    `BIND_CONFIG is not set, so that Postern listens on ${DEFAULT_BIND} with mode 600, ` +
    'and on no port; others get in with BIND_CONFIG="unix@/PATH mode 660 group GROUP", ' +
    'or at a port with BIND_CONFIG="127.0.0.1:2375"';
  return { level: "info", text };
}

type Report = (problem: string, hint?: string) => void;

/** As HAProxy's `server` takes it, when it is a unix socket. */
function upstreamOf(text: string | undefined, report: Report): string {
  const parsed = parseSocketPath((text || DEFAULT_UPSTREAM).replace(/^unix@/, ""));
  if ("value" in parsed) return parsed.value;
  report(parsed.problem, parsed.hint);
  return DEFAULT_UPSTREAM;
}

/** HAProxy's levels (configuration.txt, `log`), by what they are here. */
const levels: Readonly<Record<string, LogSettings["level"]>> = {
  emerg: "error",
  alert: "error",
  crit: "error",
  err: "error",
  warning: "warning",
  notice: "info",
  info: "info",
  debug: "debug",
};

function levelOf(text: string | undefined, report: Report): LogSettings["level"] {
  const name = text || "info";
  if (Object.hasOwn(levels, name)) return levels[name]!;
  report(`must be one of ${Object.keys(levels).join(", ")}: ${got(text)}`);
  return "info";
}

/** HAProxy writes a line for each request at level info, and leaves them out above it. */
function auditFor(level: string | undefined): AuditTarget {
  return { to: ["info", "debug"].includes(level || "info") ? "stderr" : "off" };
}

/** Variables that somebody meant to be on or to count, and are not. */
function suspicious({ name, rules }: Flavour, env: EnvironmentOptions["env"]): string[] {
  const known = new Set(rules.map(({ variable }) => variable));
  const meant = [...known].filter((variable) => /^\s*(true|yes|on)\s*$/i.test(env[variable] ?? ""))
    .map((variable) => `${variable}=${env[variable]} is off, as it is for HAProxy: write 1`);
  const foreign = flavours["linuxserver"]!.rules.map(({ variable }) => variable)
    .filter((variable) => !known.has(variable) && isOn(env[variable]));
  if (foreign.length === 0) return meant;
  const names = [...new Set(foreign)].join(", ");
  return [...meant, `${names}: the image of ${name} does not know it, and it opens nothing`];
}

/** One line for each variable that hands out the host. */
function openDoors(flavour: Flavour, on: ReadonlySet<string>, policy: Policy): string[] {
  const byVariable = new Map<string, string[]>();
  for (const name of givesRoot(policy)) {
    const operation = operationNamed(name);
    const variable = operation && openedBy(flavour, on, operation);
    if (variable === undefined) continue;
    byVariable.set(variable, [...byVariable.get(variable) ?? [], name]);
  }
  return [...byVariable].map(([variable, names]) =>
    `${variable}=1 gives root on the host: ${names.join(", ")} as the client likes; ` +
    "POSTERN_SAFE=1 holds them against the safe defaults"
  );
}

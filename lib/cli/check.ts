import { describeAuthz } from "../authz/notices.ts";
import { formatMode } from "../config/mode.ts";
import { tcpWarnings } from "../config/tcp_notices.ts";
import type { Config, ListenerConfig } from "../config/types.ts";
import { operations } from "../policy/operations.ts";
import { givesRoot } from "../policy/root.ts";
import type { Policy } from "../policy/types.ts";
import { configOptions, parse } from "./arguments.ts";
import { checkTests } from "./check_tests.ts";
import { load, readConfig } from "./configuration.ts";
import { NO, OK, type World } from "./world.ts";

const options = {
  ...configOptions,
  tests: { type: "string" },
  json: { type: "boolean" },
} as const;

/** `postern check`: is the configuration valid, and what does it give to whom. Problems go to stderr, all at once. */
export async function check(args: readonly string[], world: World): Promise<number> {
  const parsed = parse("check", args, options, 0, world);
  if (typeof parsed === "number") return parsed;
  const { tests, json } = parsed.values;
  if (json === true) {
    const loaded = load(parsed.values, world);
    if (loaded.ok && tests !== undefined) {
      return await checkTests(loaded.config, tests, true, world);
    }
    const told = loaded.ok
      ? asJson(loaded.config)
      : { valid: false, diagnostics: loaded.diagnostics };
    world.stdout(JSON.stringify(told) + "\n");
    return loaded.ok ? OK : NO;
  }
  const config = readConfig(parsed.values, world);
  if (config === undefined) return NO;
  if (tests !== undefined) return await checkTests(config, tests, false, world);
  world.stdout(asText(config));
  return OK;
}

const allowed = (policy: Policy) =>
  operations.filter(({ name }) => policy.verdicts[name]?.allow === true).map(({ name }) => name);

/** The policies that somebody can get, in the order in which they are named. */
function inUse({ gate, authz }: Config): Policy[] {
  const names = [
    ...gate.clients.map((rule) => rule.policy),
    ...Object.values(gate.listenerPolicies),
    gate.defaultPolicy,
    ...authzPolicies(authz),
  ];
  return [...new Set(names)].map((name) => gate.policies[name]).filter((p) => p !== undefined);
}

/** Names of policies that files define and nobody gets. */
function unassigned(config: Config): string[] {
  const used = new Set(inUse(config).map(({ name }) => name));
  return config.policyFiles.map(({ policy }) => policy).filter((name) => !used.has(name));
}

function authzPolicies(authz: Config["authz"]): string[] {
  if (authz === undefined) return [];
  return [...authz.users.map(({ policy }) => policy), authz.defaultPolicy, authz.anonymous];
}

/**
 * Whether a peer of an HTTP listener, or of the engine's plugin, can get this policy: on a raw one there are no operations to
 * allow.
 */
function judgesRequests({ gate, listeners, authz }: Config, { name: policy }: Policy): boolean {
  return authzPolicies(authz).includes(policy) ||
    listeners.some(({ name, protocol }) =>
      protocol === "http" && (
        (gate.listenerPolicies[name] ?? gate.defaultPolicy) === policy ||
        gate.clients.some((rule) =>
          rule.policy === policy && (rule.listeners?.includes(name) ?? true)
        )
      )
    );
}

function asText(config: Config): string {
  const { gate } = config;
  const lines = [`${config.file ?? "configuration"}: valid`];
  for (const listener of config.listeners) {
    const own = gate.listenerPolicies[listener.name] ?? `${gate.defaultPolicy} (default)`;
    const mode = accessOf(listener);
    lines.push(`  listener ${listener.name}: ${listener.socket}, ${mode}, policy ${own}`);
  }
  if (config.authz !== undefined) lines.push(`  authz: ${describeAuthz(config.authz)}`);
  lines.push(`  ${gate.clients.length} client rules, ${config.audit.to} audit`);
  for (const { file, policy } of config.policyFiles) lines.push(`  file ${file}: policy ${policy}`);
  for (const name of config.presets) lines.push(`  preset ${name}`);
  for (const policy of inUse(config)) {
    const names = allowed(policy);
    const root = judgesRequests(config, policy) ? givesRoot(policy) : [];
    lines.push(`  policy ${policy.name}: ${names.length} of ${operations.length} operations`);
    if (root.length > 0) {
      lines.push(`    gives root on the host: ${root.slice(0, 4).join(", ")}${etc(root)}`);
    }
  }
  for (const name of unassigned(config)) lines.push(`  policy ${name}: assigned to nobody`);
  for (const text of tcpWarnings(config)) lines.push(`  warning: ${text}`);
  return lines.join("\n") + "\n";
}

/** Who gets as far as the rules, in words. */
function accessOf({ mode, tcp, tls, insecure }: ListenerConfig): string {
  if (tls !== undefined) return "mutual TLS";
  if (insecure === true) return "insecure: open to everybody who reaches it";
  if (tcp !== undefined) return "without TLS (open to every local user)";
  const open = (mode & 0o002) === 0 ? "" : " (open to every local user)";
  return `mode ${formatMode(mode)}${open}`;
}

function etc(names: readonly string[]): string {
  return names.length > 4 ? ` and ${names.length - 4} more` : "";
}

/** Of TLS, where its files are: the key itself is nobody's business. */
function listenerAsJson({ tcp, tls, mode, ...listener }: ListenerConfig) {
  if (tcp === undefined) return { ...listener, mode: formatMode(mode) };
  const { socket: listen, ...facts } = listener;
  return { ...facts, listen, tls: tls?.files ?? null };
}

function asJson(config: Config) {
  return {
    valid: true,
    file: config.file ?? null,
    policy_files: config.policyFiles,
    presets: config.presets,
    listeners: config.listeners.map(listenerAsJson),
    warnings: tcpWarnings(config),
    client_rules: config.gate.clients,
    authz: config.authz ?? null,
    policies: Object.fromEntries(inUse(config).map((policy) => [policy.name, allowed(policy)])),
    gives_root: Object.fromEntries(
      inUse(config).filter((policy) => judgesRequests(config, policy))
        .map((policy) => [policy.name, givesRoot(policy)] as const)
        .filter(([, root]) => root.length > 0),
    ),
    unassigned: unassigned(config),
  };
}

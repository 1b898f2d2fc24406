import type { Config } from "../config/types.ts";
import { operations } from "../policy/operations.ts";
import type { Policy } from "../policy/types.ts";
import { configOptions, parse } from "./arguments.ts";
import { readConfig } from "./configuration.ts";
import { NO, OK, type World } from "./world.ts";

const options = { ...configOptions, json: { type: "boolean" } } as const;

/** `postern check`: is the configuration valid, and what does it give to whom. Problems go to stderr, all at once. */
// deno-lint-ignore require-await
export async function check(args: readonly string[], world: World): Promise<number> {
  const parsed = parse("check", args, options, { min: 0, max: 0 }, world);
  if (typeof parsed === "number") return parsed;
  const config = readConfig(parsed.values, world);
  if (config === undefined) return NO;
  world.stdout(parsed.values.json === true ? asJson(config) : asText(config));
  return OK;
}

/** Operations that hand out the host when nobody judges their bodies. */
const rootly = new Set([
  "containers.create",
  "containers.exec",
  "images.build",
  "builder.session",
  "builder.grpc",
  "volumes.create",
  "services.create",
  "services.update",
  "plugins.pull",
  "plugins.create",
  "plugins.set",
  "plugins.upgrade",
  "swarm.init",
  "swarm.join",
]);

const allowed = (policy: Policy) =>
  operations.filter(({ name }) => policy.verdicts[name]?.allow === true).map(({ name }) => name);

/** The policies that somebody can get, in the order in which they are named. */
function inUse({ gate }: Config): Policy[] {
  const names = [
    ...gate.clients.map((rule) => rule.policy),
    ...Object.values(gate.listenerPolicies),
    gate.defaultPolicy,
  ];
  return [...new Set(names)].map((name) => gate.policies[name]).filter((p) => p !== undefined);
}

function asText(config: Config): string {
  const { gate } = config;
  const lines = [`${config.file ?? "configuration"}: valid`];
  for (const listener of config.listeners) {
    const own = gate.listenerPolicies[listener.name] ?? `${gate.defaultPolicy} (default)`;
    const mode = listener.mode.toString(8).padStart(4, "0");
    lines.push(`  listener ${listener.name}: ${listener.socket}, mode ${mode}, policy ${own}`);
  }
  lines.push(`  ${gate.clients.length} client rules, ${config.audit.to} audit`);
  for (const policy of inUse(config)) {
    const names = allowed(policy);
    const root = names.filter((name) => rootly.has(name));
    lines.push(`  policy ${policy.name}: ${names.length} of ${operations.length} operations`);
    if (root.length > 0) {
      lines.push(`    gives root on the host: ${root.slice(0, 4).join(", ")}${etc(root)}`);
    }
  }
  return lines.join("\n") + "\n";
}

function etc(names: readonly string[]): string {
  return names.length > 4 ? ` and ${names.length - 4} more` : "";
}

function asJson(config: Config): string {
  return JSON.stringify({
    valid: true,
    file: config.file ?? null,
    listeners: config.listeners,
    client_rules: config.gate.clients,
    policies: Object.fromEntries(inUse(config).map((policy) => [policy.name, allowed(policy)])),
  }) + "\n";
}

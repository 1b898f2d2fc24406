import { operations } from "./operations.ts";
import type { Operation, Policy, Verdict } from "./types.ts";

/** What read-only opens: it lists and inspects, follows events, stats and logs, pings and waits. */
const readable = new Set([
  "containers.list",
  "containers.inspect",
  "containers.top",
  "containers.logs",
  "containers.stats",
  "containers.wait",
  "images.list",
  "images.inspect",
  "images.history",
  "images.attestations",
  "system.ping",
  "system.version",
  "system.info",
  "system.events",
  "volumes.list",
  "volumes.inspect",
  "networks.list",
  "networks.inspect",
  "nodes.list",
  "nodes.inspect",
  "services.list",
  "services.inspect",
  "services.logs",
  "tasks.list",
  "tasks.inspect",
  "tasks.logs",
]);

/** What operator adds: the state of containers that somebody else made. */
const operable = new Set(
  ["start", "stop", "restart", "kill", "pause", "unpause"].map((verb) => `containers.${verb}`),
);

/** Why read-only closes what does not look like a write. */
const closed: Readonly<Record<string, string>> = {
  "containers.list-size": "size=1 makes the engine walk every container's disk",
  "containers.inspect-size": "size=1 makes the engine walk the container's disk",
  "images.list-size": "shared-size=1 makes the engine walk every image's disk",
  "containers.top-args": "ps_args reaches the host's ps and can show environments",
  "containers.changes": "it makes the engine walk the container's disk",
  "containers.export": "it reads every file of the container",
  "containers.archive-read": "it reads files out of the container",
  "containers.archive-stat": "it tells of any path in the container",
  "containers.attach": "it reaches the standard input of the container",
  "containers.attach-websocket": "it reaches the standard input of the container",
  "containers.exec": "it runs commands in the container",
  "containers.commit": "it copies the container and its environment into an image",
  "exec.inspect": "it shows the commands that others run",
  "checkpoints.list": "it lists directories of the host",
  "images.save": "it reads every file of the image",
  "images.search": "it makes the engine connect out",
  "distribution.inspect": "it makes the engine connect out",
  "system.auth": "it makes the engine connect out with credentials",
  "system.df": "it makes the engine walk all its disks",
  "system.options": "no Docker client needs it",
  "swarm.inspect": "it shows the tokens that let machines join",
  "swarm.unlock-key": "it shows the key of the cluster's store",
  "raw.connect": "what passes there is not looked at",
};

/** Why, for whole groups. */
const closedGroups: Readonly<Record<string, string>> = {
  secrets: "secrets are not for reading",
  configs: "configs can hold secrets in clear",
  plugins: "plugins hold settings and run as root",
  debug: "it shows the engine's inner state",
};

function builtIn(name: string, verdict: (operation: Operation) => Verdict): Policy {
  const verdicts = operations.map((operation) => [operation.name, verdict(operation)] as const);
  return { name, mode: "enforce", verdicts: Object.fromEntries(verdicts) };
}

function reasonAgainst({ name, effect }: Operation): string {
  return closed[name] ?? closedGroups[name.split(".")[0]!] ??
    (effect === "write" ? "it changes the engine" : "it is not among what this policy reads");
}

function only(name: string, allowed: ReadonlySet<string>): Policy {
  const rule = `${name} (built in)`;
  return builtIn(
    name,
    (operation) =>
      allowed.has(operation.name)
        ? { allow: true, rule }
        : { allow: false, rule, reason: reasonAgainst(operation) },
  );
}

export const deny: Policy = builtIn("deny", () => ({
  allow: false,
  rule: "deny (built in)",
  reason: "it allows nothing",
}));

/** Looks, and neither changes the engine nor takes files or secrets out of it. GET is not a synonym of safe. */
export const readOnly: Policy = only("read-only", readable);

/** read-only, and the state of containers: start, stop, restart, kill, pause, unpause. */
export const operator: Policy = only("operator", new Set([...readable, ...operable]));

/** Every operation that Postern knows. This is root on the host. */
export const full: Policy = builtIn("full", () => ({ allow: true, rule: "full (built in)" }));

/** By name. */
export const builtinPolicies: Readonly<Record<string, Policy>> = Object.fromEntries(
  [deny, readOnly, operator, full].map((policy) => [policy.name, policy]),
);

import { safeConstraints } from "./layers.ts";
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
  "podman-containers.list",
  "podman-containers.inspect",
  "podman-containers.exists",
  "podman-containers.top",
  "podman-containers.logs",
  "podman-containers.stats",
  "podman-containers.stats-all",
  "podman-containers.wait",
  "podman-images.list",
  "podman-images.inspect",
  "podman-images.exists",
  "podman-images.history",
  "podman-images.tree",
  "podman-pods.list",
  "podman-pods.inspect",
  "podman-pods.exists",
  "podman-pods.stats",
  "podman-pods.top",
  "podman-system.ping",
  "podman-system.version",
  "podman-system.info",
  "podman-system.events",
  "podman-volumes.list",
  "podman-volumes.inspect",
  "podman-volumes.exists",
  "podman-networks.list",
  "podman-networks.inspect",
  "podman-networks.exists",
]);

/** What operator adds: the state of containers and pods that somebody else made. */
const operable = new Set(
  ["containers", "podman-containers", "podman-pods"].flatMap((group) =>
    ["start", "stop", "restart", "kill", "pause", "unpause"].map((verb) => `${group}.${verb}`)
  ),
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
  "podman-containers.list-size": "size=true makes the engine walk every container's disk",
  "podman-containers.inspect-size": "size=true makes the engine walk the container's disk",
  "podman-containers.top-args": "ps_args reaches the host's ps and can show environments",
  "podman-containers.changes": "it makes the engine walk the container's disk",
  "podman-containers.export": "it reads every file of the container",
  "podman-containers.archive-read": "it reads files out of the container",
  "podman-containers.archive-stat": "it tells of any path in the container",
  "podman-containers.attach": "it reaches the standard input of the container",
  "podman-containers.exec": "it runs commands in the container",
  "podman-containers.commit": "it copies the container and its environment into an image",
  "podman-containers.healthcheck": "it runs the container's health command",
  "podman-containers.show-mounted": "it lists directories of the host",
  "podman-containers.checkpoint": "it stops the container and can read its memory",
  "podman-exec.inspect": "it shows the commands that others run",
  "podman-images.list-size": "shared-size=1 makes the engine walk every image's disk",
  "podman-images.changes": "it makes the engine walk the image's disk",
  "podman-images.save": "it reads every file of the image",
  "podman-images.search": "it makes the engine connect out",
  "podman-manifests.inspect": "it can make the engine connect out",
  "podman-pods.top-args": "ps_args reaches the host's ps and can show environments",
  "podman-kube.generate": "it writes down whole containers, with their environment",
  "podman-systemd.generate": "it writes down whole containers, with their environment",
  "podman-system.df": "it makes the engine walk all its disks",
  "podman-volumes.export": "it reads every file of the volume",
};

/** Why, for whole groups. */
const closedGroups: Readonly<Record<string, string>> = {
  secrets: "secrets are not for reading",
  configs: "configs can hold secrets in clear",
  plugins: "plugins hold settings and run as root",
  debug: "it shows the engine's inner state",
  "podman-secrets": "secrets are not for reading",
  "podman-quadlets": "quadlets are units of the host's systemd",
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
  return builtIn(name, (operation) => {
    if (!allowed.has(operation.name)) {
      return { allow: false, rule, reason: reasonAgainst(operation) };
    }
    const constraints = safeConstraints(operation.name);
    return { allow: true, rule, ...(constraints === undefined ? {} : { constraints }) };
  });
}

export const deny: Policy = builtIn("deny", () => ({
  allow: false,
  rule: "deny (built in)",
  reason: "it allows nothing",
}));

/** Looks, and neither changes the engine nor takes files or secrets out of it. GET is not a synonym of safe. */
export const readOnly: Policy = only("read-only", readable);

/** read-only, and the state of containers and pods: start, stop, restart, kill, pause, unpause. */
export const operator: Policy = only("operator", new Set([...readable, ...operable]));

/** Every operation that Postern knows, and nothing about it is judged. This is root on the host. */
export const full: Policy = builtIn("full", () => ({ allow: true, rule: "full (built in)" }));

/** By name. */
export const builtinPolicies: Readonly<Record<string, Policy>> = Object.fromEntries(
  [deny, readOnly, operator, full].map((policy) => [policy.name, policy]),
);

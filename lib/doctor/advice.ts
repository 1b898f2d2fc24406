import type { Facts, RealSocket } from "./facts.ts";

/** What to give a client instead of the real socket: an intercept socket of this engine's, when there is one. */
export function adviceForClient(facts: Facts, socket: RealSocket): string[] {
  const ways = waysTo(facts, socket);
  if (ways.length === 0) return NONE;
  return [
    "# let it use the gate instead, with the one of these that it may use:",
    ...ways.map(({ place, policy }) =>
      `# export DOCKER_HOST=${place.includes("://") ? place : `unix://${place}`} (policy ${policy})`
    ),
  ];
}

/** The same for a container, which can mount only a file, at the place where it looks for the real one. */
export function adviceForContainer(
  facts: Facts,
  socket: RealSocket,
  destination = "/var/run/docker.sock",
): string[] {
  const ways = waysTo(facts, socket).filter(({ place }) => !place.includes("://"));
  if (ways.length === 0) return NONE;
  return [
    "# make it anew with the gate's socket in that place, one of these:",
    ...ways.map(({ place, policy }) => `# -v ${place}:${destination} (policy ${policy})`),
  ];
}

/** With none yet, this shows what would make one. */
const NONE = [
  "# there is no gate for it to use yet; this shows what would make one:",
  "postern harden plan",
];

function waysTo(
  { configured: { config } }: Facts,
  { named }: RealSocket,
): { readonly place: string; readonly policy: string }[] {
  return (config?.listeners ?? [])
    .filter(({ protocol, upstream }) => protocol === "http" && upstream === named)
    .map(({ socket, name }) => ({
      place: socket,
      policy: config!.gate.listenerPolicies[name] ?? config!.gate.defaultPolicy,
    }));
}

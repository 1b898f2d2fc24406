import type { Edit, Json, JsonDocument } from "../../json/value.ts";
import { isNamespace } from "./container_networks.ts";
import { type Denial, fine, refused } from "./finding.ts";
import { judgeLabels } from "./labels.ts";
import { allows, isOpen } from "./patterns.ts";
import { objectAt, pairsAt, stringAt, textAt, textsAt } from "./reading.ts";
import { withPathName } from "./rewrite.ts";
import { resolveContainer } from "./selectors.ts";
import type { Pairs } from "./spec.ts";
import type {
  Allowed,
  Answer,
  Constraints,
  Finding,
  Limits,
  Lookup,
  Scrutinised,
  Scrutiny,
} from "./types.ts";
import { notAllowed, shown } from "./wording.ts";

/** The network of a build's steps, undefined when it is allowed. "" is the engine's own choice. */
export function judgeNetwork(allowed: Allowed | undefined, network: string): Denial | undefined {
  if (allowed === undefined || network === "" || allowsNetwork(allowed, network)) return undefined;
  return notAllowed("networks", allowed, network);
}

/** The host's network and other containers' are not networks: only who writes them out means them. */
function allowsNetwork(allowed: Allowed, network: string): boolean {
  if (!isNamespace(network)) return allows(allowed, network);
  return allowed !== "any" && allowed.includes(network);
}

/** Options of the drivers that there are by which a network takes an interface of the host. */
const interfaces: Readonly<Record<string, string>> = {
  "parent": "its parent",
  "com.docker.network.bridge.name": "its bridge",
  "com.docker.network.bridge.trusted_host_interfaces": "an interface that it trusts",
};

/**
 * A new network. What it takes from a network that is configuration only (ConfigFrom) was judged when that one was made, and its
 * driver is the one that is named here.
 */
// deno-lint-ignore require-yield
export function* scrutiniseNetworkCreate(
  { limits }: Constraints,
  _request: Scrutinised,
  { root }: JsonDocument,
): Scrutiny {
  const name = textAt(root, "Name");
  if (!allows(limits.names, name)) return notAllowed("names", limits.names, name);
  const driver = textAt(root, "Driver");
  if (driver !== "" && !allows(limits.network_drivers, driver)) {
    return notAllowed("network_drivers", limits.network_drivers, driver, "the driver");
  }
  return judgeInterfaces(limits, pairsAt(root, "Options")) ??
    judgeLabels(limits, pairsAt(root, "Labels")) ?? fine;
}

function judgeInterfaces(
  { host_interfaces }: Limits,
  options: Pairs,
): Denial | undefined {
  if (isOpen(host_interfaces)) return undefined;
  for (const [option, value] of options) {
    const what = interfaces[option];
    if (what === undefined || value === "") continue;
    const found = value.split(/[:,]/).find((one) => one !== "" && !allows(host_interfaces, one));
    if (found !== undefined) return notAllowed("host_interfaces", host_interfaces, found, what);
  }
  return undefined;
}

/**
 * Connecting a container to a network, and the reverse: the container is the one in the body, the network the one in the path. Both
 * are replaced by their ids where a policy selects them.
 */
export function* scrutiniseNetworkUse(
  { limits }: Constraints,
  request: Scrutinised,
  document: JsonDocument,
): Scrutiny {
  const { root } = document;
  const network = yield* judgeExisting(limits.networks, request);
  if (typeof network === "object") return network;
  const links = judgeLinks(limits.links, textsAt(objectAt(root, "EndpointConfig"), "Links"));
  if (links !== undefined) return links;
  const edits = yield* judgeContainer(limits, root);
  if (!Array.isArray(edits)) return edits as Denial;
  if (edits.length === 0 && network === undefined) return fine;
  return {
    ok: true,
    edits,
    added: [],
    ...(edits.length === 0 ? {} : { document }),
    ...(network === undefined ? {} : { target: network }),
  };
}

/** `docker network rm`: by the name that the network has, and by its id at the engine. */
export function* scrutiniseNetworkRemove(
  { limits }: Constraints,
  request: Scrutinised,
): Scrutiny {
  const network = yield* judgeExisting(limits.networks, request);
  if (network === undefined) return fine;
  return typeof network === "object"
    ? network
    : { ok: true, edits: [], added: [], target: network };
}

/** The target with the network's id in it, where a policy limits networks. */
function* judgeExisting(
  allowed: Allowed | undefined,
  { target }: Scrutinised,
): Generator<Lookup, string | Denial | undefined, Answer> {
  if (isOpen(allowed)) return undefined;
  const name = target.segments[target.segments.indexOf("networks") + 1] ?? "";
  const answer = yield { kind: "network", name };
  if ("absent" in answer) return refused(404, answer.absent);
  if ("failed" in answer) return refused(502, answer.failed);
  const { Id, Name } = (answer.found ?? {}) as Record<string, unknown>;
  if (typeof Id !== "string" || !/^[0-9a-z]+$/.test(Id) || typeof Name !== "string") {
    return refused(502, `cannot tell which network ${shown(name)} is`);
  }
  if (!allowsNetwork(allowed, Name)) return notAllowed("networks", allowed, Name);
  return withPathName(target.raw, "networks", Id);
}

function* judgeContainer(
  { containers }: Limits,
  root: Json,
): Generator<Lookup, readonly Edit[] | Finding, Answer> {
  if (containers === undefined) return [];
  const written = stringAt(root, "Container");
  if (written === undefined) return refused(400, "the body names no container");
  const container = yield* resolveContainer(containers, written.value);
  if ("ok" in container) return container;
  return [{ start: written.start, end: written.end, text: JSON.stringify(container.id) }];
}

/** `db:alias`: an alias for another container in this network. */
function judgeLinks(allowed: Allowed | undefined, links: readonly string[]): Denial | undefined {
  const names = links.map((link) => link.replace(/^\//, "").split(":", 1)[0]!);
  const name = names.find((one) => !allows(allowed, one));
  return name === undefined ? undefined : notAllowed("links", allowed, name);
}

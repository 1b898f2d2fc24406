import type { Edit } from "../../json/value.ts";
import { denied, refused } from "./finding.ts";
import { isTold, type Judgement } from "./lookups.ts";
import { judgeContainerMode } from "./modes.ts";
import { allows, isOpen } from "./patterns.ts";
import type { Mode } from "./spec.ts";
import type { Allowed, Limits } from "./types.ts";
import { listWith, notAllowed, notAmong, shown } from "./wording.ts";

/**
 * The networks that a container joins, each by the name that it has. The host's and another container's are no networks but
 * namespaces, which only those allow who write them out; so is whatever else has a colon (Podman's `ns:/proc/1/ns/net`).
 */
export function* judgeNetworks(
  limits: Limits,
  networks: readonly Mode[],
  edits: Edit[],
): Judgement {
  for (const network of networks) {
    const against = yield* judgeNetwork(limits, network, edits);
    if (against !== undefined) return against;
  }
  return undefined;
}

/** All networks, as a list that names no namespace. */
const EVERY = ["**"];

function* judgeNetwork(limits: Limits, mode: Mode, edits: Edit[]): Judgement {
  const allowed = limits.networks;
  if (allowed === undefined || mode.value === "none") return undefined;
  const { value } = mode;
  if (value.startsWith("container:")) {
    return yield* judgeContainerMode("networks", isOpen(allowed) ? EVERY : allowed, mode, edits);
  }
  if (isNamespace(value)) return namespace(allowed, value);
  if (isOpen(allowed)) return undefined;
  if (value === "" || value === "default") return judgeDefault(allowed);
  // Only what could be the beginning of an id can mean a network of another name.
  if (!/^[0-9a-f]+$/i.test(value)) {
    return allows(allowed, value) ? undefined : notAllowed("networks", allowed, value);
  }
  return yield* judgeById(allowed, value);
}

/** A network that may be written as an id. Also where all are allowed: it may be the host's. */
export function* judgeById(allowed: Allowed, value: string): Judgement {
  const answer = yield { kind: "network", name: value };
  if ("absent" in answer) return refused(404, answer.absent);
  if ("failed" in answer) return refused(502, answer.failed);
  const told = answer.found;
  if (!isTold(told) || typeof told["Name"] !== "string") {
    return refused(502, `the engine does not say which network ${shown(value)} is`);
  }
  const name = told["Name"];
  if (isNamespace(name)) return namespace(allowed, name);
  return allows(allowed, name) ? undefined : notAllowed("networks", allowed, name);
}

/** No network has a colon or a comma in its name; Podman reads a list at commas. */
export function isNamespace(value: string): boolean {
  return value === "host" || /[:,]/.test(value);
}

function namespace(allowed: Allowed, value: string) {
  if (!isOpen(allowed) && allowed.includes(value)) return undefined;
  const reason = `${shown(value)} is not a network, and has to be named to be allowed`;
  return denied("networks", reason, listWith("networks", allowed, value));
}

function judgeDefault(allowed: readonly string[]) {
  if (allows(allowed, "bridge")) return undefined;
  const reason = `without a network it is bridge, the engine's default, which ${notAmong(allowed)}`;
  return denied("networks", reason, listWith("networks", allowed, "bridge"));
}

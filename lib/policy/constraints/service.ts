import type { Json, JsonDocument } from "../../json/value.ts";
import { isNamespace, judgeById } from "./container_networks.ts";
import { judgeContainer } from "./container.ts";
import { denied, fine } from "./finding.ts";
import type { Judgement } from "./lookups.ts";
import { allows, isOpen } from "./patterns.ts";
import { itemsAt, member, objectAt, textAt } from "./reading.ts";
import { imageAllows } from "./references.ts";
import { readService } from "./service_container.ts";
import type { Constraints, Limits, Scrutinised, Scrutiny } from "./types.ts";
import { listWith, notAllowed, notAmong, shown } from "./wording.ts";

/**
 * POST /services/create and /services/{id}/update: the container of its tasks, judged as one that is created here. Tasks may run on
 * other nodes, where neither links in paths nor volumes can be seen. `rollback` uses what was judged when it was sent.
 */
export function* scrutiniseService(
  { limits }: Constraints,
  _request: Scrutinised,
  { root }: JsonDocument,
): Scrutiny {
  const name = textAt(root, "Name");
  if (!allows(limits.names, name)) return notAllowed("names", limits.names, name);
  const task = objectAt(root, "TaskTemplate");
  const against = judgeRuntime(limits, task) ?? (yield* judgeNetworks(limits, root, task));
  if (against !== undefined) return against;
  const isPlugin = member(task, "PluginSpec") !== undefined;
  if (isPlugin && member(task, "ContainerSpec") === undefined) return fine;
  return yield* judgeContainer(readService(root), limits);
}

/** A task can be a plugin, which is root on every node, or stand for a container that is not swarm's. */
function judgeRuntime(limits: Limits, task: Json | undefined) {
  if (isOpen(limits.plugins) || limits.unjudged === true) return undefined;
  if (member(task, "NetworkAttachmentSpec") !== undefined) {
    return denied("plugins", "a task that is an attachment cannot be judged", "plugins: any");
  }
  const spec = member(task, "PluginSpec");
  if (spec !== undefined) {
    const remote = textAt(spec, "remote");
    // Its privileges are those that it is given here, whatever it asks for.
    if (remote !== "" && imageAllows(limits.plugins, remote)) return undefined;
    const hint = listWith("plugins", limits.plugins, remote);
    return denied("plugins", `${shown(remote)} ${notAmong(limits.plugins)}`, hint);
  }
  const runtime = textAt(task, "Runtime");
  if (runtime === "" || runtime === "container") return undefined;
  const key = runtime === "plugin" ? "plugins" : "runtimes";
  return denied(key, `the runtime ${shown(runtime)} is not container`, "");
}

/** Swarm takes networks by name and by id, its own and the host's. */
function* judgeNetworks(limits: Limits, root: Json, task: Json | undefined): Judgement {
  const allowed = limits.networks;
  if (allowed === undefined) return undefined;
  for (const network of [...itemsAt(root, "Networks"), ...itemsAt(task, "Networks")]) {
    const value = textAt(network, "Target");
    if (isNamespace(value) || /^[0-9a-z]+$/.test(value)) {
      const against = yield* judgeById(allowed, value);
      if (against !== undefined) return against;
    } else if (!allows(allowed, value)) return notAllowed("networks", allowed, value);
  }
  return undefined;
}

import { goBool } from "../../http/go_bool.ts";
import { parseJson } from "../../json/parse.ts";
import type { JsonDocument } from "../../json/value.ts";
import { readBody } from "./body.ts";
import { scrutiniseBuild } from "./build.ts";
import { scrutiniseCheckpoint, scrutiniseCheckpointCreate } from "./checkpoints.ts";
import { scrutiniseCommit } from "./commit.ts";
import { scrutiniseCreate, scrutiniseUpdate } from "./container.ts";
import { scrutiniseExec } from "./exec.ts";
import { type Denial, denied, fine } from "./finding.ts";
import {
  scrutiniseImport,
  scrutiniseLoad,
  scrutinisePull,
  scrutinisePush,
  scrutiniseTag,
} from "./images.ts";
import { keysOf } from "./keys.ts";
import {
  scrutiniseLibpodCommit,
  scrutiniseLibpodCreate,
  scrutiniseLibpodPull,
  scrutiniseLibpodPush,
  scrutiniseLibpodVolume,
} from "./libpod.ts";
import {
  scrutiniseNetworkCreate,
  scrutiniseNetworkRemove,
  scrutiniseNetworkUse,
} from "./networks.ts";
import { Ambiguous, Parameters } from "./parameters.ts";
import { scrutinisePlugin } from "./plugins.ts";
import { scrutiniseRename } from "./rename.ts";
import { withParameter, withPathName } from "./rewrite.ts";
import { placeOf, resolveContainer, resolveExec } from "./selectors.ts";
import { scrutiniseService } from "./service.ts";
import type { Answer, Constraints, Finding, Lookup, Scrutinised, Scrutiny } from "./types.ts";
import { scrutinisePrune } from "./prune.ts";
import { scrutiniseVolumeCreate, scrutiniseVolumeRemove } from "./volumes.ts";

type Judge = (constraints: Constraints, request: Scrutinised) => Scrutiny;
type BodyJudge = (
  constraints: Constraints,
  request: Scrutinised,
  document: JsonDocument,
) => Scrutiny;

/** Operations that are judged by their body, and by their query if need be. */
const byBody: ReadonlyMap<string, BodyJudge> = new Map<string, BodyJudge>([
  ["containers.create", scrutiniseCreate],
  ["containers.update", scrutiniseUpdate],
  ["containers.exec", scrutiniseExec],
  ["containers.commit", scrutiniseCommit],
  ["services.create", scrutiniseService],
  ["services.update", scrutiniseService],
  ["volumes.create", scrutiniseVolumeCreate],
  ["networks.create", scrutiniseNetworkCreate],
  ["networks.connect", scrutiniseNetworkUse],
  ["networks.disconnect", scrutiniseNetworkUse],
  ["checkpoints.create", scrutiniseCheckpointCreate],
  ["podman-containers.create", scrutiniseLibpodCreate],
  ["podman-containers.exec", scrutiniseExec],
  ["podman-volumes.create", scrutiniseLibpodVolume],
]);

/** Operations that are judged by their path and query alone. */
const byTarget: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  ["containers.rename", scrutiniseRename],
  ["podman-containers.rename", scrutiniseRename],
  ["podman-containers.commit", scrutiniseLibpodCommit],
  ["podman-images.pull", scrutiniseLibpodPull],
  ["podman-images.push", scrutiniseLibpodPush],
  ["podman-images.tag", scrutiniseTag],
  ["podman-images.load", scrutiniseLoad],
  ["containers.start", scrutiniseCheckpoint],
  ["checkpoints.list", scrutiniseCheckpoint],
  ["checkpoints.remove", scrutiniseCheckpoint],
  ["images.pull", scrutinisePull],
  ["images.import", scrutiniseImport],
  ["images.push", scrutinisePush],
  ["images.tag", scrutiniseTag],
  ["images.load", scrutiniseLoad],
  ["images.build", scrutiniseBuild],
  ["networks.remove", scrutiniseNetworkRemove],
  ["networks.prune", scrutinisePrune],
  ["volumes.remove", scrutiniseVolumeRemove],
  ["volumes.prune", scrutinisePrune],
  ["plugins.pull", scrutinisePlugin],
  ["plugins.create", scrutinisePlugin],
  ["plugins.upgrade", scrutinisePlugin],
  ["plugins.set", scrutinisePlugin],
  ["plugins.enable", scrutinisePlugin],
  ["plugins.disable", scrutinisePlugin],
  ["plugins.remove", scrutinisePlugin],
  ["plugins.push", scrutinisePlugin],
]);

/** Whether a judgement of this operation needs the whole body. */
export function readsBody(operation: string): boolean {
  return byBody.has(operation);
}

/**
 * Looks into an allowed request: the container that it names, its body, its query. It ends at the first thing that is not allowed. What
 * it lets pass goes to the engine as it came, but for what the finding says.
 */
export function* scrutinise(constraints: Constraints, request: Scrutinised): Scrutiny {
  try {
    const selected = yield* select(constraints, request);
    if (typeof selected === "object") return selected;
    const finding = yield* judge(constraints, request);
    return finding.ok && selected !== undefined ? { ...finding, target: selected } : finding;
  } catch (error) {
    if (error instanceof Ambiguous) return error.denial;
    throw error;
  }
}

/** Parameters by which Podman, under Docker's path as well, takes all containers, and those that depend on the one in the path. */
const reaching: ReadonlyMap<string, string> = new Map([
  ["containers.restart", "all"],
  ["podman-containers.restart", "all"],
  ["podman-containers.remove", "depend"],
]);

/** The target with the container's full id in it, where a selector took it. */
function* select(
  { limits: { containers } }: Constraints,
  { operation, target }: Scrutinised,
): Generator<Lookup, string | Denial | undefined, Answer> {
  if (containers === undefined || !keysOf(operation).includes("containers")) return undefined;
  switch (placeOf(operation)) {
    case "none":
      return denied(
        "containers",
        "it takes every container that does not run, whatever a policy selects",
        "containers: any",
      );
    case "exec":
      return yield* resolveExec(
        containers,
        target.segments[target.segments.indexOf("exec") + 1] ?? "",
      );
    case "query": {
      const name = new Parameters(target).one("container");
      const container = yield* resolveContainer(containers, name);
      return "ok" in container
        ? container
        : withParameter(target.raw, "container", container.id) ?? lost;
    }
    case "path": {
      const others = reaching.get(operation);
      if (others !== undefined && goBool(new Parameters(target).one(others))) {
        return denied("containers", `with ${others} it reaches other containers, too`, "");
      }
      const name = target.segments[target.segments.indexOf("containers") + 1] ?? "";
      const container = yield* resolveContainer(containers, name);
      return "ok" in container
        ? container
        : withPathName(target.raw, "containers", container.id) ?? lost;
    }
    case "body":
      return undefined;
  }
}

const lost = denied("containers", "the request does not say which container it is about", "");

function* judge(constraints: Constraints, request: Scrutinised): Scrutiny {
  const { operation } = request;
  if (constraints.limits.unjudged === false) {
    return denied("unjudged", `nobody can tell what ${operation} lets in`, "unjudged: true");
  }
  const target = byTarget.get(operation);
  if (target !== undefined) return yield* target(constraints, request);
  const body = byBody.get(operation);
  if (body === undefined) return fine;
  const document = readBody(constraints.limits, request);
  if (document === undefined) return yield* judgeEmpty(body, constraints, request);
  return "ok" in document ? document : yield* body(constraints, request, document);
}

const empty = parseJson(new TextEncoder().encode("{}"));

/** Engines since 23 take no body for one that says nothing; there is nowhere to fill anything in. */
function* judgeEmpty(
  body: BodyJudge,
  constraints: Constraints,
  request: Scrutinised,
): Generator<Lookup, Finding, Answer> {
  const finding = yield* body(constraints, request, empty);
  return finding.ok ? fine : finding;
}

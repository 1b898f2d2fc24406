import type { Config, ListenerConfig } from "../config/types.ts";
import { choosePolicy } from "../policy/choose.ts";
import { decide } from "../policy/decide.ts";
import { operationNamed } from "../policy/operations.ts";
import type { Assignment } from "../policy/types.ts";
import { configOptions, parse, saysUsage, UsageError } from "./arguments.ts";
import { callerOptions, describedPeer } from "./caller.ts";
import { readConfig } from "./configuration.ts";
import { type Asked, consider, type Considered } from "./consider.ts";
import { considerCommand, firstObstacle } from "./docker_line.ts";
import {
  commandAsJson,
  commandAsText,
  getsThrough,
  requestAsJson,
  requestAsText,
  type Situation,
} from "./explanation.ts";
import { asksEngine, asksNobody } from "./oracle.ts";
import { keptOut } from "./reach.ts";
import { CANNOT_START, NO, OK, type World } from "./world.ts";

const options = {
  ...configOptions,
  ...callerOptions,
  listener: { type: "string" },
  body: { type: "string" },
  offline: { type: "boolean" },
  json: { type: "boolean" },
} as const;

/** `postern explain`: the gate's own decision about a request, or about a docker command line, without making it. */
export async function explain(args: readonly string[], world: World): Promise<number> {
  const dashes = args.indexOf("--");
  const words = dashes < 0 ? undefined : args.slice(dashes + 1);
  const own = dashes < 0 ? args : args.slice(0, dashes);
  const parsed = parse("explain", own, options, words === undefined ? 2 : 0, world);
  if (typeof parsed === "number") return parsed;
  const { values, positionals } = parsed;
  const config = readConfig(values, world);
  if (config === undefined) return CANNOT_START;
  return await saysUsage("explain", world, async () => {
    const peer = describedPeer(values);
    const listener = chosenListener(config, values.listener);
    const assignment = choosePolicy(config.gate, listener.name, peer);
    const offline = values.offline === true;
    const situation = { peer, listener, keptOut: keptOut(listener, peer), assignment, offline };
    const oracle = offline ? asksNobody : asksEngine(listener.upstream);
    const json = values.json === true;
    if (words !== undefined && listener.protocol === "http") {
      if (values.body !== undefined) {
        throw new UsageError(
          "--body belongs to METHOD PATH; docker's bodies follow from its flags",
        );
      }
      const found = await considerCommand(assignment, words, Deno.cwd(), oracle);
      world.stdout(
        json
          ? `${JSON.stringify(commandAsJson(situation, words, found))}\n`
          : commandAsText(situation, words, found),
      );
      return getsThrough(situation, firstObstacle(found)) ? OK : NO;
    }
    const found = listener.protocol === "raw"
      ? considerConnection(assignment)
      : await consider(assignment, await request(positionals, values.body, world), oracle);
    return told(situation, found, json, world);
  });
}

function told(situation: Situation, found: Considered, json: boolean, world: World): number {
  const text = json
    ? `${JSON.stringify(requestAsJson(situation, found))}\n`
    : requestAsText(situation, found);
  world.stdout(text);
  return getsThrough(situation, found) ? OK : NO;
}

async function request(
  [method, target]: readonly string[],
  bodyAt: string | undefined,
  world: World,
): Promise<Asked> {
  if (method === undefined || target === undefined) {
    throw new UsageError(
      "say which request, as METHOD PATH, such as GET /v1.41/info, or as -- docker …",
    );
  }
  if (!/^[A-Z][A-Z-]*$/.test(method)) {
    throw new UsageError(`METHOD is upper case, such as GET, got ${JSON.stringify(method)}`);
  }
  if (!target.startsWith("/")) {
    throw new UsageError(`PATH begins with /, as in /v1.41/info, got ${JSON.stringify(target)}`);
  }
  if (bodyAt === undefined) return { method, target, contentType: "" };
  const body = bodyAt === "-" ? await world.readStdin() : readBody(bodyAt);
  return { method, target, contentType: "application/json", body };
}

function readBody(file: string): Uint8Array {
  try {
    return Deno.readFileSync(file);
  } catch (error) {
    throw new UsageError(`cannot read the body: ${(error as Error).message}`);
  }
}

/** A raw listener's one decision: there are no requests. */
function considerConnection({ policy, rule }: Assignment): Considered {
  const operation = operationNamed("raw.connect")!;
  const decision = decide(policy, rule, { kind: "operation", operation });
  const status = decision.allow || policy.mode === "warn" ? 0 : 403;
  return {
    asked: { method: "", target: "", contentType: "" },
    judgement: { status, decision, operation, path: "" },
    added: [],
    lookups: [],
  };
}

/** The listener that is named, or the only one. */
export function chosenListener(
  { listeners }: Config,
  wanted: string | undefined,
): ListenerConfig {
  const names = listeners.map(({ name }) => name).join(", ");
  const found = wanted === undefined && listeners.length === 1
    ? listeners[0]
    : listeners.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  throw new UsageError(
    wanted === undefined
      ? `say which --listener: ${names}`
      : `there is no listener ${JSON.stringify(wanted)}: ${names}`,
  );
}

import { call, type Outcome } from "../demo/call.ts";
import { consider } from "./consider.ts";
import { asksNobody } from "./oracle.ts";
import { type Cast, castOf, castOfRoot, type Line } from "../demo/cast.ts";
import { type Engine, startEngine } from "../demo/engine.ts";
import { findEngine, type Found } from "../demo/find_engine.ts";
import { makeStage } from "../demo/stage.ts";
import { renderTable, type Row } from "../demo/table.ts";
import { choosePolicy } from "../policy/choose.ts";
import { Gate } from "../relay/gate.ts";
import type { GateEvents } from "../relay/hand.ts";
import { formatMode } from "../config/mode.ts";
import { parse } from "./arguments.ts";
import { CANNOT_START, OK, OutputError, type World } from "./world.ts";

const options = { keep: { type: "boolean" } } as const;

/** `postern demo`: the gate in front of the engine that is there, or of the one that is built in. */
export async function demo(args: readonly string[], world: World): Promise<number> {
  const parsed = parse("demo", args, options, 0, world);
  if (typeof parsed === "number") return parsed;
  const interruption = new AbortController();
  const { signal } = interruption;
  // Before there is anything to leave behind.
  world.refuseDebugger();
  const release = world.onSignal(["SIGINT", "SIGTERM", "SIGHUP"], () => interruption.abort());
  let directory: string | undefined;
  let engine: Engine | undefined;
  let gate: Gate | undefined;
  try {
    const uid = Deno.uid() ?? 0;
    const cast = uid === 0 ? castOfRoot() : castOf(uid);
    directory = makeStage(cast.reader !== undefined);
    const found = findEngine(world.env["DOCKER_HOST"]);
    const upstream = "path" in found ? found.path : `${directory}/engine.sock`;
    if ("why" in found) engine = await startEngine(upstream);
    gate = await openGate(directory, upstream, cast, {
      log: (_, text) => world.stderr(`postern: ${text}\n`),
      failed(error) {
        world.stderr(`postern demo: ${error.message}\n`);
        interruption.abort();
      },
    });
    world.stdout(introduction(directory, found, cast));
    world.stdout(await play(directory, cast, world, signal));
    if (!signal.aborted) world.stdout(farewell(directory, cast, parsed.values.keep === true));
    if (parsed.values.keep === true) await aborted(signal);
    return OK;
  } catch (error) {
    if (error instanceof OutputError) throw error;
    world.stderr(`postern demo: ${(error as Error).message}\n`);
    return CANNOT_START;
  } finally {
    await gate?.close();
    await engine?.close();
    if (directory !== undefined) await Deno.remove(directory, { recursive: true });
    release();
  }
}

function openGate(
  directory: string,
  upstream: string,
  { modes, rules }: Cast,
  events: GateEvents,
): Promise<Gate> {
  return Gate.open({
    listeners: Object.entries(modes).map(([name, mode]) => ({
      name,
      socket: `${directory}/${name}.sock`,
      mode,
      backlog: 128,
      protocol: "http",
      upstream,
    })),
    gate: rules,
    audit: { to: "off" },
    workers: 1,
  }, events);
}

async function play(
  directory: string,
  cast: Cast,
  world: World,
  signal: AbortSignal,
): Promise<string> {
  const rows: Row[] = [];
  let told = "";
  for (const line of cast.script) {
    const outcome = await call({ ...line, socket: `${directory}/${line.listener}.sock` }, signal);
    if (signal.aborted) return "";
    const { row, denial } = await describeCall(cast, line, outcome);
    rows.push(row);
    if (denial !== undefined && row.what === "containers.create") {
      told = `\nWhat the client of a denied request is told:\n  ${denial}\n`;
    }
  }
  return renderTable(rows, world.columns, world.color.stdout) + told;
}

/** A line of the table, and the message that a denied client got. */
async function describeCall(
  { rules }: Cast,
  { as, listener, method, path, body }: Line,
  outcome: Outcome,
): Promise<{ row: Row; denial?: string }> {
  const { uid, gid } = as ?? { uid: Deno.uid() ?? 0, gid: Deno.gid() ?? 0 };
  const assignment = choosePolicy(rules, listener, { uid, gid, groups: [] });
  const { judgement: { operation, decision } } = await consider(assignment, {
    method,
    target: path,
    contentType: "application/json",
    ...(body === undefined ? {} : { body: new TextEncoder().encode(body) }),
  }, asksNobody);
  const row = {
    who: `uid ${uid} on ${listener}`,
    what: operation?.name ?? `${method} ${path.replace("/v1.41", "")}`,
  };
  if ("error" in outcome) {
    const why = outcome.code === "EACCES" ? "the socket's mode keeps it out" : outcome.error;
    return { row: { ...row, allowed: false, why } };
  }
  const answer = messageIn(outcome.body);
  if (answer.startsWith("postern: ") && !decision.allow) {
    const why = `policy ${decision.policy}: ${decision.reason}`;
    return { row: { ...row, allowed: false, why }, denial: answer };
  }
  const why = `policy ${decision.policy}; the engine answered ${outcome.status} ${answer}`;
  return { row: { ...row, allowed: true, why: why.trimEnd() } };
}

/** The message of an error in the engine's shape, or "". */
function messageIn(body: string): string {
  try {
    return JSON.parse(body).message ?? "";
  } catch {
    return "";
  }
}

function introduction(directory: string, found: Found, { modes, summary }: Cast): string {
  const engine = "path" in found
    ? `the engine at ${found.path}`
    : `a small engine that is built in (${found.why})`;
  return `Postern stands in front of ${engine}.\n` +
    `  ${directory}/ci.sock   mode ${formatMode(modes.ci)}\n` +
    `  ${directory}/ops.sock  mode ${formatMode(modes.ops)}\n` +
    `Rules: ${summary}.\n\n`;
}

function farewell(directory: string, { reader }: Cast, keep: boolean): string {
  const as = reader === undefined
    ? ""
    : `setpriv --reuid=${reader.uid} --regid=${reader.gid} --clear-groups `;
  const curl = (socket: string, rest: string) =>
    `curl -s --unix-socket ${directory}/${socket}.sock ${rest}`;
  const commands = [
    `${as}${curl("ci", "http://docker/containers/json")}`,
    `${as}${curl("ci", "-X POST http://docker/containers/web/stop")}`,
    curl("ops", "http://docker/info"),
    `DOCKER_HOST=unix://${directory}/ci.sock docker ps`,
  ];
  const next = keep
    ? "The sockets stay open until Ctrl-C. In another terminal:"
    : "The sockets are closed now; with --keep they stay open, to try by hand:";
  return `\n${next}\n${commands.map((command) => `  ${command}\n`).join("")}` +
    `Then write a postern.yaml (README: "A configuration to start from") and run: postern serve -c postern.yaml\n`;
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve());
  return promise;
}

import { builtinPolicies } from "../policy/builtin.ts";
import { choosePolicy } from "../policy/choose.ts";
import type { Gate as Rules } from "../policy/types.ts";
import { type Call, call } from "../demo/call.ts";
import { type Engine, startEngine } from "../demo/engine.ts";
import { renderTable, type Row } from "../demo/table.ts";
import { dial, upstreamAt } from "../relay/dial.ts";
import { close } from "../linux/io.ts";
import { Gate } from "../relay/gate.ts";
import { judgeAnew } from "../relay/judge.ts";
import { parse } from "./arguments.ts";
import { CANNOT_START, OK, type World } from "./world.ts";

const options = { keep: { type: "boolean" } } as const;

/** Who plays in the demo when it runs as root. Ids without a name on most machines, and harmless where they have one. */
const runner = { uid: 1001, gid: 1001 };
const stranger = { uid: 1002, gid: 1002 };

/** `postern demo`: the gate in front of the engine that is there, or of the one that is built in. */
export async function demo(args: readonly string[], world: World): Promise<number> {
  const parsed = parse("demo", args, options, { min: 0, max: 0 }, world);
  if (typeof parsed === "number") return parsed;
  const directory = await Deno.makeTempDir({ prefix: "postern-demo-" });
  await Deno.chmod(directory, 0o755);
  let engine: Engine | undefined;
  let gate: Gate | undefined;
  try {
    const found = findEngine(world.env);
    if (found === undefined) engine = await startEngine(`${directory}/engine.sock`);
    const upstream = found ?? `${directory}/engine.sock`;
    const root = Deno.uid() === 0;
    const rules = rulesFor(root);
    gate = await Gate.open({
      listeners: ["ci", "ops"].map((name) => ({
        name,
        socket: `${directory}/${name}.sock`,
        mode: name === "ci" ? 0o666 : 0o600,
        backlog: 128,
        protocol: "http",
        upstream,
      })),
      gate: rules,
      audit: { to: "off" },
      workers: 1,
    }, { log: (_, text) => world.stderr(`postern: ${text}\n`), failed: fail });
    world.stdout(introduction(directory, found, root));
    world.stdout(await play(directory, rules, root, world));
    world.stdout(farewell(directory, root, parsed.values.keep === true));
    if (parsed.values.keep === true) await untilInterrupted(world);
    return OK;
  } catch (error) {
    world.stderr(`postern demo: ${(error as Error).message}\n`);
    return CANNOT_START;
  } finally {
    await gate?.close();
    await engine?.close();
    await Deno.remove(directory, { recursive: true });
  }
}

function fail(error: Error): never {
  throw error;
}

/** The socket of an engine that answers: DOCKER_HOST's, or the usual one. */
function findEngine(env: World["env"]): string | undefined {
  const host = env["DOCKER_HOST"];
  const path = host?.startsWith("unix://") ? host.slice("unix://".length) : "/var/run/docker.sock";
  const result = dial(path, upstreamAt(path).address);
  if (!("fd" in result)) return undefined;
  close(result.fd);
  return path;
}

function rulesFor(root: boolean): Rules {
  return {
    // Everybody is the same user where the demo is not root: then only the sockets differ.
    clients: root
      ? [
        { uids: [[0, 0]], policy: "full", origin: "demo: uid 0" },
        {
          uids: [[runner.uid, runner.uid]],
          policy: "read-only",
          origin: `demo: uid ${runner.uid}`,
        },
      ]
      : [],
    listenerPolicies: root ? {} : { ci: "read-only", ops: "full" },
    defaultPolicy: "deny",
    policies: builtinPolicies,
  };
}

/** What is asked, by whom and where. What would change the engine is asked only where it is denied. */
function script(directory: string, root: boolean): (Call & { who: string; listener: string })[] {
  const ci = { listener: "ci", socket: `${directory}/ci.sock` };
  const ops = { listener: "ops", socket: `${directory}/ops.sock` };
  const asRunner = root
    ? { ...ci, as: runner, who: `uid ${runner.uid} on ci` }
    : { ...ci, who: `uid ${Deno.uid()} on ci` };
  const asOwner = root
    ? { ...ops, who: "uid 0 on ops" }
    : { ...ops, who: `uid ${Deno.uid()} on ops` };
  const create = {
    method: "POST",
    path: "/v1.41/containers/create",
    body: '{"Image":"x","HostConfig":{"Privileged":true}}',
  };
  return [
    { ...asRunner, method: "GET", path: "/v1.41/version" },
    { ...asRunner, method: "GET", path: "/v1.41/containers/json?all=1" },
    { ...asRunner, method: "GET", path: "/v1.41/containers/web/archive?path=/etc/shadow" },
    { ...asRunner, ...create },
    { ...asRunner, method: "GET", path: "/v1.41/containers/x/../../containers/json" },
    ...(root
      ? [
        {
          ...ci,
          as: stranger,
          who: `uid ${stranger.uid} on ci`,
          method: "GET",
          path: "/v1.41/info",
        },
        { ...ops, as: runner, who: `uid ${runner.uid} on ops`, method: "GET", path: "/v1.41/info" },
      ]
      : []),
    { ...asOwner, method: "GET", path: "/v1.41/info" },
    { ...asOwner, method: "GET", path: "/v1.41/images/json" },
    // Nobody's: a real engine must come out of the demo as it went in.
    { ...asOwner, method: "POST", path: `/v1.41/containers/${crypto.randomUUID()}/start` },
  ];
}

async function play(
  directory: string,
  rules: Rules,
  root: boolean,
  world: World,
): Promise<string> {
  const rows: Row[] = [];
  let example = "";
  for (const { who, listener, ...request } of script(directory, root)) {
    const outcome = await call(request);
    const peer = { uid: request.as?.uid ?? Deno.uid() ?? 0, gid: request.as?.gid ?? 0, groups: [] };
    const assignment = choosePolicy(rules, listener, peer);
    const { operation, decision } = judgeAnew(assignment, request.method, request.path);
    const what = operation?.name ?? `${request.method} ${request.path.replace("/v1.41", "")}`;
    const answer = "error" in outcome ? "" : messageIn(outcome.body);
    const denied = answer.startsWith("postern: ");
    if (denied && operation?.name === "containers.create") example = answer;
    const why = "error" in outcome
      ? `the socket's mode keeps it out: ${outcome.error}`
      : denied && !decision.allow
      ? `policy ${decision.policy}: ${decision.reason}`
      : `policy ${decision.policy}; the engine answered ${outcome.status} ${answer}`.trimEnd();
    rows.push({ who, what, allowed: !denied && !("error" in outcome), why });
  }
  const told = `\nWhat the client of a denied request is told:\n  ${example}\n`;
  return renderTable(rows, world.columns, world.color.stdout) + told;
}

/** The message of an error in the engine's shape, or "". */
function messageIn(body: string): string {
  try {
    return JSON.parse(body).message ?? "";
  } catch {
    return "";
  }
}

function introduction(directory: string, found: string | undefined, root: boolean): string {
  const engine = found === undefined
    ? "a small engine that is built in (no Docker found at DOCKER_HOST or /var/run/docker.sock)"
    : `the engine at ${found}`;
  const rules = root
    ? `uid 0 may do everything, uid ${runner.uid} may read, nobody else may do anything`
    : "ci.sock is for reading, ops.sock for everything (as root, the demo calls as several users)";
  return `Postern stands in front of ${engine}.\n` +
    `  ${directory}/ci.sock   mode 0666\n  ${directory}/ops.sock  mode 0600\n` +
    `Rules: ${rules}.\n\n`;
}

function farewell(directory: string, root: boolean, keep: boolean): string {
  const as = root ? `setpriv --reuid=${runner.uid} --regid=${runner.gid} --clear-groups ` : "";
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

async function untilInterrupted(world: World): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const release = world.onSignal(["SIGINT", "SIGTERM"], () => resolve());
  await promise;
  release();
}

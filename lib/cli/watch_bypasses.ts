import { engineSockets } from "../config/engine_sockets.ts";
import { NameCache } from "../peer/names.ts";
import { auditLog, startAudit } from "../watch/audit.ts";
import { AUDIT_KEY } from "../watch/audit_event.ts";
import {
  auditObstacle,
  chooseSource,
  ebpfObstacle,
  type Obstacles,
} from "../watch/choose_source.ts";
import { startEbpf } from "../watch/ebpf.ts";
import { commandWords, Hook } from "../watch/hook.ts";
import { OwnProcesses } from "../watch/own_processes.ts";
import { printable } from "../watch/printable.ts";
import { RealSockets } from "../watch/real_sockets.ts";
import { asJson, type Sighting } from "../watch/sighting.ts";
import type { Hearer, Source, SourceName } from "../watch/source.ts";
import { heading, row } from "../watch/table.ts";
import { SystemError } from "../linux/errno.ts";
import { mayAccess, R_OK } from "../linux/file.ts";
import { configOptions, parse, saysUsage, UsageError } from "./arguments.ts";
import { readConfig } from "./configuration.ts";
import { findProgram, mayRun } from "./programs.ts";
import { CANNOT_START, OK, type World } from "./world.ts";

const options = {
  ...configOptions,
  source: { type: "string" },
  json: { type: "boolean" },
  exec: { type: "string" },
  "gate-cgroup": { type: "string" },
  all: { type: "boolean" },
} as const;

const signals: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** How often it is looked whether Postern's processes live, in milliseconds. */
const LOOK_MS = 1000;
/** Why a program cannot be started that is there. */
const DENO = "Deno lets us start no program: run Postern with --allow-run";

/** `postern watch`: tells of every connection to a real socket that does not come from Postern, until it is ended. */
export async function watchBypasses(args: readonly string[], world: World): Promise<number> {
  const parsed = parse("watch", args, options, 0, world);
  if (typeof parsed === "number") return parsed;
  const { values } = parsed;
  return await saysUsage("watch", world, async () => {
    const wanted = sourceName(values.source);
    const words = hookWords(values.exec);
    const cgroups = cgroupNames(values["gate-cgroup"]);
    const config = readConfig(values, world);
    if (config === undefined) return CANNOT_START;
    const upstreams = engineSockets(config);
    // A listener on TCP has no file; the plugin's socket tells of the same process.
    const intercepts = [
      ...config.listeners.map(({ socket }) => socket).filter((socket) => socket.startsWith("/")),
      ...(config.authz === undefined ? [] : [config.authz.socket]),
    ];
    const say = (text: string) => world.stderr(`postern watch: ${text}\n`);
    if (upstreams.length === 0) {
      say("all listeners are raw: what they lead to is no engine's socket");
      return CANNOT_START;
    }
    let sockets: RealSockets;
    try {
      sockets = new RealSockets(upstreams);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      say(`cannot find the real socket: ${error.message}`);
      return CANNOT_START;
    }
    const chosen = chooseSource(wanted, await obstacles(wanted, world));
    if ("why" in chosen) {
      say(`nothing here tells of connections\n${chosen.why}`);
      return CANNOT_START;
    }
    const hook = words === undefined ? undefined : new Hook(words, world.tell, say);
    const all = values.all === true;
    const told = teller(values.json === true, all, world, say, hook);
    const own = new OwnProcesses(intercepts, (text) => say(`warning: ${text}`), cgroups);
    return await listen(chosen.source, sockets, own, all, told, say, world)
      .finally(() => hook?.close());
  });
}

function sourceName(text: string | undefined): SourceName | undefined {
  if (text === undefined || text === "ebpf" || text === "audit") return text;
  throw new UsageError(`--source is ebpf or audit, got ${JSON.stringify(text)}`);
}

function hookWords(text: string | undefined): readonly [string, ...string[]] | undefined {
  if (text === undefined) return undefined;
  const [program, ...rest] = commandWords(text) ?? [];
  if (program === undefined) {
    throw new UsageError(`--exec takes a program and its words, got ${JSON.stringify(text)}`);
  }
  if (program.startsWith("/") ? !mayAccess(program, 1) : findProgram(program) === undefined) {
    throw new UsageError(`--exec ${JSON.stringify(program)}: there is no such program`);
  }
  if (!mayRun(program)) throw new UsageError(`--exec ${JSON.stringify(program)}: ${DENO}`);
  return [program, ...rest];
}

function cgroupNames(text: string | undefined): string[] {
  if (text === undefined) return [];
  return text.split(",").map((path) => {
    const name = path.replace(/(?<=.)\/$/, "");
    if (/^\/[^/]/.test(name)) return name;
    throw new UsageError(
      `--gate-cgroup takes paths such as /postern.slice, got ${JSON.stringify(text)}`,
    );
  });
}

async function obstacles(wanted: SourceName | undefined, world: World): Promise<Obstacles> {
  const ebpf = ebpfObstacle(Deno.uid(), findProgram("bpftrace") !== undefined) ??
    (mayRun("bpftrace") ? undefined : DENO);
  if (wanted !== "audit" && ebpf === undefined) return {};
  const log = auditLog();
  const audit = mayRun("auditctl")
    ? auditObstacle(
      log,
      mayAccess(log, R_OK),
      (await world.run("auditctl", ["-l"]))?.stdout,
      AUDIT_KEY,
    )
    : DENO;
  return { ...(ebpf === undefined ? {} : { ebpf }), ...(audit === undefined ? {} : { audit }) };
}

/** Where everything is told. */
interface Told {
  sighting(sighting: Sighting): void;
  missed(message: string): void;
}

/** Shows what is to be shown, and lets the hook know of bypasses. */
function teller(
  json: boolean,
  all: boolean,
  world: World,
  say: (text: string) => void,
  hook: Hook | undefined,
): Told {
  const color = world.color.stdout;
  const line = (value: unknown) => world.stdout(`${JSON.stringify(value)}\n`);
  if (!json) world.stdout(heading(world.columns, color));
  return {
    sighting(sighting) {
      if (!sighting.bypass && !all) return;
      if (json) line(asJson(sighting));
      else world.stdout(row(sighting, world.columns, color));
      if (sighting.bypass) hook?.run(sighting);
    },
    missed(message) {
      say(message);
      if (json) line({ time: new Date().toISOString(), event: "missed", message });
    },
  };
}

async function listen(
  name: SourceName,
  sockets: RealSockets,
  own: OwnProcesses,
  all: boolean,
  told: Told,
  say: (text: string) => void,
  world: World,
): Promise<number> {
  const names = new NameCache();
  const over = Promise.withResolvers<number>();
  const undo = world.onSignal(signals, () => over.resolve(OK));
  // What cannot be written must end the watch, not the stream that it was heard on.
  const carefully = (action: () => void) => {
    try {
      action();
    } catch (error) {
      over.reject(error);
    }
  };
  const hearer: Hearer = {
    found: (found) =>
      carefully(() => {
        const user = names.user(found.uid);
        const named = user === undefined ? {} : { user };
        told.sighting({ ...found, ...named, bypass: !own.has(found.pid, found.began) });
      }),
    ready() {
      say(`watching ${sockets.paths.join(", ")} (${name}); ${own.describe()}`);
    },
    missed: (message) => carefully(() => told.missed(message)),
    failed(why) {
      say(why.split("\n").map(printable).join("\n"));
      over.resolve(CANNOT_START);
    },
  };
  const looking = setInterval(() => own.refresh(), LOOK_MS);
  let source: Source | undefined;
  try {
    source = name === "ebpf"
      ? startEbpf(sockets, hearer, world.follow, () => all ? [] : own.running())
      : startAudit(sockets, hearer);
    return await over.promise;
  } finally {
    undo();
    clearInterval(looking);
    await source?.stop();
  }
}

import { describeFailure } from "../config/failure.ts";
import { formatMode } from "../config/mode.ts";
import type { Config } from "../config/types.ts";
import { SystemError } from "../linux/errno.ts";
import { BindError } from "../relay/bind.ts";
import { Gate } from "../relay/gate.ts";
import { WorkerError } from "../relay/hand.ts";
import { discardWorker } from "../relay/workers.ts";
import { configOptions, parse } from "./arguments.ts";
import { load, readConfig } from "./configuration.ts";
import { openLog } from "./log.ts";
import { type LoadAgain, Reloader } from "./reload.ts";
import { CANNOT_START, OK, type World } from "./world.ts";

/** `postern serve`: runs the gate until it is told to stop. */
export async function serve(args: readonly string[], world: World): Promise<number> {
  try {
    const parsed = parse("serve", args, configOptions, 0, world);
    if (typeof parsed === "number") return parsed;
    const config = readConfig(parsed.values, world);
    if (config === undefined) return CANNOT_START;
    const flags = { ...parsed.values, config: config.file };
    return await runGate(config, world, (fs) => load(flags, world, fs));
  } finally {
    discardWorker();
  }
}

/** Whatever asks a program to end: none of them may leave its sockets behind. */
const ends = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGUSR2"] as const;

/**
 * Opens the gate and keeps it open until a signal ends it; a worker's failure ends it with an error. `again` reads the configuration
 * once more; without it, there is nothing to read.
 */
export async function runGate(config: Config, world: World, again?: LoadAgain): Promise<number> {
  // Only the demo listens and connects through the runtime; the gate's sockets are its own.
  world.renounce(["net", "run", "import"]);
  world.refuseDebugger();
  const log = openLog(config.log, world);
  const ended = Promise.withResolvers<number>();
  const release = world.onSignal(ends, (signal) => {
    log.info(`${signal}: closing`);
    ended.resolve(OK);
  });
  let reloader: Reloader | undefined;
  let early = false;
  // Also raised by a terminal that closes; the gate belongs to nobody's terminal.
  const ignore = world.onSignal(["SIGHUP"], (signal) => {
    if (again === undefined) {
      log.warning(`${signal}: there is no file to read again; restart Postern to change anything`);
    } else if (reloader === undefined) early = true;
    else reloader.ask();
  });
  let gate: Gate;
  try {
    gate = await Gate.open(config, {
      log: (level, message) => log[level](message),
      failed: (error) => {
        log.error(error.message);
        ended.resolve(CANNOT_START);
      },
    });
  } catch (error) {
    release();
    ignore();
    const known = [BindError, SystemError, WorkerError];
    if (!known.some((kind) => error instanceof kind)) throw error;
    log.error((error as Error).message);
    return CANNOT_START;
  }
  for (const line of describe(config)) log.info(line);
  for (const line of missingUpstreams(config)) log.warning(line);
  if (again !== undefined) {
    reloader = new Reloader(config, gate, again, log);
    if (early) reloader.ask();
  }
  const code = await ended.promise;
  await reloader?.close();
  await gate.close();
  release();
  ignore();
  return code;
}

/** Engines that are not there yet: they may come, and until then every request is answered with 502. */
function missingUpstreams({ listeners }: Config): string[] {
  const sockets = new Set(listeners.map(({ upstream }) => upstream));
  return [...sockets].flatMap((path) => {
    try {
      return Deno.statSync(path).isSocket ? [] : [`upstream ${path} is not a socket`];
    } catch (error) {
      return [`upstream ${path} cannot be reached: ${describeFailure(error)}`];
    }
  });
}

/** What stands now, a line a listener: the operator should not have to look it up. */
function describe(config: Config): string[] {
  const { gate } = config;
  return config.listeners.map((listener) => {
    const policy = gate.listenerPolicies[listener.name];
    const { uid, gid } = Deno.lstatSync(listener.socket);
    const otherwise = policy === undefined ? `default ${gate.defaultPolicy}` : `policy ${policy}`;
    const raw = listener.protocol === "raw" ? "raw, " : "";
    return `listening on ${listener.socket} (${listener.name}: ${raw}mode ${
      formatMode(listener.mode)
    }, ` +
      `owner ${uid}:${gid}, ${otherwise}) for ${listener.upstream}`;
  });
}

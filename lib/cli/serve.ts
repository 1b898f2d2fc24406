import { environmentNotices } from "../compat/environment.ts";
import { authzNotices } from "../authz/notices.ts";
import type { Plugin } from "../authz/plugin.ts";
import { Seal } from "../authz/seal.ts";
import { makePluginFolder } from "../authz/socket.ts";
import { describeFailure } from "../config/failure.ts";
import { denoFs } from "../config/fs.ts";
import { formatMode } from "../config/mode.ts";
import { recording, type Sources } from "../config/recording.ts";
import type { AuthzSettings, Config } from "../config/types.ts";
import { SystemError } from "../linux/errno.ts";
import { BindError } from "../relay/bind.ts";
import { Gate } from "../relay/gate.ts";
import { WorkerError } from "../relay/hand.ts";
import { type HandedOver, handedOver } from "../relay/handed_over.ts";
import type { Standing } from "../relay/standing.ts";
import { discardWorker } from "../relay/workers.ts";
import { tcpWarnings } from "../config/tcp_notices.ts";
import { configOptions, parse } from "./arguments.ts";
import { load, readConfig } from "./configuration.ts";
import { type Log, openLog } from "./log.ts";
import { asksEngine } from "./oracle.ts";
import { PrivilegeError } from "./privileges.ts";
import { type Changeable, type LoadAgain, Reloader } from "./reload.ts";
import { Supervisor } from "./supervisor.ts";
import { CANNOT_START, OK, type World } from "./world.ts";

/** `postern serve`: runs the gate until it is told to stop. */
export async function serve(args: readonly string[], world: World): Promise<number> {
  try {
    const parsed = parse("serve", args, configOptions, 0, world);
    if (typeof parsed === "number") return parsed;
    const { fs, sources } = recording(denoFs);
    const config = readConfig(parsed.values, world, fs);
    if (config === undefined) return CANNOT_START;
    if (!prepare(config, sources, world)) return CANNOT_START;
    if (config.file === undefined) {
      const log = openLog(config.log, world);
      for (const { level, text } of environmentNotices(world.env)) log[level](text);
      return await runGate(config, world);
    }
    const flags = { ...parsed.values, config: config.file };
    return await runGate(config, world, (fs) => load(flags, world, fs));
  } finally {
    discardWorker();
  }
}

/** Does what comes before a gate is opened; says what went wrong, if something did. */
export function prepare(config: Config, sources: Sources, world: World): boolean {
  try {
    if (config.authz !== undefined) makePluginFolder(config.authz.socket);
    if (config.runAs !== undefined) world.enclose(config, sources);
    return true;
  } catch (error) {
    if (!(error instanceof SystemError || error instanceof BindError)) throw error;
    const what = error instanceof SystemError ? "run_as: " : "";
    openLog(config.log, world).error(`${what}${error.message}`);
    return false;
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
  const { authz } = config;
  // The server of the engine's plugin is the runtime's, too.
  world.renounce(authz === undefined ? ["net", "run", "import"] : ["run", "import"]);
  world.refuseDebugger();
  const log = openLog(config.log, world);
  const supervisor = new Supervisor(world, log);
  const { sockets, problems } = handedOver(world.env, world.pid);
  for (const problem of problems) log.warning(problem);
  const ended = Promise.withResolvers<void>();
  const hurried = Promise.withResolvers<void>();
  let asked = false;
  let code = OK;
  const release = world.onSignal(ends, (signal) => {
    log.info(asked ? `${signal} again: closing at once` : `${signal}: closing`);
    if (asked) hurried.resolve();
    asked = true;
    ended.resolve();
  });
  // Half a gate must not stand: whatever keeps the watch over files, sockets and workers may be broken now.
  const fail = (message: string) => {
    log.error(message);
    code = CANNOT_START;
    ended.resolve();
    hurried.resolve();
  };
  const fault = (error: unknown) => {
    fail(`a fault in Postern ends it, please report it: ${(error as Error)?.stack ?? error}`);
  };
  const calm = world.onFault(fault);
  let gate: Gate | undefined;
  let plugin: Plugin | undefined;
  const seal = authz?.seal === true ? new Seal() : undefined;
  let reloader: Reloader | undefined;
  let early = false;
  // Also raised by a terminal that closes; the gate belongs to nobody's terminal.
  const ignore = world.onSignal(["SIGHUP"], (signal) => {
    if (gate !== undefined) reopenAudit(gate, log);
    if (again === undefined) {
      log.warning(`${signal}: there is no file to read again; restart Postern to change anything`);
      supervisor.reloading();
      supervisor.ready();
    } else if (reloader === undefined) early = true;
    else reloader.ask();
  });
  try {
    const sealed = seal && authz && { seal: { upstream: authz.upstream, line: seal.line } };
    gate = await Gate.open({ ...config, handedOver: sockets, ...sealed }, {
      log: (level, message) => log[level](message),
      failed: (error) => fail(error.message),
    });
    if (authz !== undefined) plugin = await openPlugin(authz, config, gate, seal, log);
    // The workers have loaded their code by now, which another user may not be able to read.
    for (const { level, text } of world.confine(config)) log[level](text);
  } catch (error) {
    await plugin?.close();
    await gate?.close();
    calm();
    release();
    ignore();
    supervisor.close();
    const known = [BindError, SystemError, WorkerError, PrivilegeError];
    if (!known.some((kind) => error instanceof kind)) throw error;
    log.error((error as Error).message);
    return CANNOT_START;
  }
  const standing = gate;
  try {
    for (const one of standing.standing) log.info(describe(one, config));
    for (const line of [...missingUpstreams(config), ...tcpWarnings(config)]) log.warning(line);
    if (authz !== undefined) {
      for (const { level, text } of authzNotices(authz, config)) log[level](text);
    }
    if (again !== undefined) {
      reloader = new Reloader(config, both(standing, plugin), again, log, supervisor);
      if (early) reloader.ask();
    }
    supervisor.ready();
    supervisor.watch(() => standing.alive());
  } catch (error) {
    // To throw would end this function, and leave the gate standing with nobody to look after it.
    fault(error);
  }
  await ended.promise;
  supervisor.stopping();
  // A worker that is gone carries out no order.
  await Promise.race([reloader?.close(), hurried.promise]);
  const { drain } = reloader?.config ?? config;
  await finish(standing, drain, hurried.promise, log);
  await plugin?.close();
  await standing.close();
  supervisor.close();
  calm();
  release();
  ignore();
  return code;
}

/** Its code is loaded only where there is a plugin: that would take a sixth of the start. */
async function openPlugin(
  settings: AuthzSettings,
  config: Config,
  gate: Gate,
  seal: Seal | undefined,
  log: Log,
): Promise<Plugin> {
  const { Plugin } = await import("../authz/plugin.ts");
  return Plugin.open(settings, config, {
    audit: gate.audit,
    ...(seal === undefined ? {} : { seal }),
    ask: asksEngine,
    log: (level, message) => log[level](message),
  });
}

/** The plugin judges by the gate's rules: both take them up together. */
function both(gate: Gate, plugin: Plugin | undefined): Changeable {
  return {
    async apply(config, revoke) {
      const applied = await gate.apply(config, revoke);
      if (config.authz !== undefined) plugin?.replace(config.authz, config);
      return applied;
    },
  };
}

/** Lets what runs finish, until its time is over or somebody hurries. */
async function finish(
  gate: Gate,
  seconds: number,
  hurried: Promise<void>,
  log: Log,
): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    log.warning(`what still ran after ${seconds} seconds (drain) is ended`);
    late.resolve();
  }, seconds * 1000);
  await Promise.race([gate.drain(), late.promise, hurried]);
  clearTimeout(timer);
}

function reopenAudit(gate: Gate, log: Log): void {
  try {
    if (gate.reopenAudit()) log.info("the audit file is opened anew");
  } catch (error) {
    log.error(`audit records go where they went: ${describeFailure(error)}`);
  }
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

/** What stands now: the operator should not have to look it up. */
function describe({ options, bound, handedOver }: Standing, { gate }: Config): string {
  const { name, socket, mode, protocol, upstream, rotate, tcp, tls } = options;
  const policy = gate.listenerPolicies[name];
  const facts = [
    ...(protocol === "raw" ? ["raw"] : []),
    ...(tcp !== undefined ? [tls === undefined ? "without TLS" : "mutual TLS"] : []),
    ...(tcp !== undefined && handedOver === undefined
      ? []
      : handedOver === undefined
      ? [`mode ${formatMode(mode)}`, `owner ${ownerOf(options, bound)}`]
      : [origin(handedOver, socket, tcp === undefined)]),
    ...(rotate === undefined
      ? []
      : [handedOver === undefined ? `made anew every ${rotate} s` : "never made anew"]),
    policy === undefined ? `default ${gate.defaultPolicy}` : `policy ${policy}`,
  ];
  return `listening on ${socket} (${name}: ${facts.join(", ")}) for ${upstream}`;
}

/** As it was made: the file may stand where Postern cannot look any more. */
function ownerOf({ uid, gid }: Standing["options"], { file }: Standing["bound"]): string {
  return `${uid ?? file?.uid}:${gid ?? file?.gid}`;
}

function origin({ name, path }: HandedOver, socket: string, isFile: boolean): string {
  const where = path === socket ? "" : `, bound at ${path}`;
  const as = name === "" ? "" : ` as ${name}`;
  const own = isFile ? ", with its own mode and owner" : "";
  return `handed over by the service manager${as}${where}${own}`;
}

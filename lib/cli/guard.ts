import { engineSockets } from "../config/engine_sockets.ts";
import type { Config } from "../config/types.ts";
import { cgroupFolder, cgroupMount, cgroupPath } from "../guard/cgroups.ts";
import { Keeper } from "../guard/keeper.ts";
import { explainFailure, INSTEAD, obstacle } from "../guard/obstacles.ts";
import { claimFolder } from "../guard/pins.ts";
import { Seal } from "../guard/seal.ts";
import { asJson, asLine, describe } from "../guard/sighting.ts";
import { readStatus } from "../guard/status.ts";
import type { Wanted } from "../guard/wanted.ts";
import { NameCache, systemNames } from "../peer/names.ts";
import { parse, saysUsage, UsageError } from "./arguments.ts";
import { readConfig } from "./configuration.ts";
import { guardPins } from "./guard_pins.ts";
import { CANNOT_START, OK, type World } from "./world.ts";

const options = {
  config: { type: "string", short: "c" },
  env: { type: "boolean" },
  upstream: { type: "string" },
  audit: { type: "boolean" },
  pin: { type: "boolean" },
  unpin: { type: "boolean" },
  status: { type: "boolean" },
  "allow-uid": { type: "string" },
  "allow-cgroup": { type: "string" },
  json: { type: "boolean" },
} as const;

const signals: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
const MOST_UID = 0xfffffffe;

/** `postern guard`: lets nobody but Postern connect to the real socket, by a program in the kernel, until it is ended. */
export async function guard(args: readonly string[], world: World): Promise<number> {
  const parsed = parse("guard", args, options, 0, world);
  if (typeof parsed === "number") return parsed;
  const { values } = parsed;
  return await saysUsage("guard", world, async () => {
    const { audit = false, pin = false, json = false, config, env, upstream } = values;
    oneOf({ "--unpin": values.unpin, "--status": values.status, "--pin": values.pin });
    oneOf({ "--unpin": values.unpin, "--status": values.status, "--audit": values.audit });
    oneOf({ "--pin": values.pin, "--audit": values.audit });
    if (values.unpin === true || values.status === true) {
      return guardPins(values.unpin === true ? "unpin" : "status", json, world);
    }
    const uids = uidList(values["allow-uid"]);
    const cgroups = cgroupList(values["allow-cgroup"]);
    const loaded = readConfig({ config, env, upstream }, world);
    if (loaded === undefined) return CANNOT_START;
    const say = (text: string) => world.stderr(`postern guard: ${text}\n`);
    const everything = wanted(loaded, uids, cgroups);
    const why = obstacle(Deno.uid() ?? -1);
    if (why !== undefined) return cannot(why, say);
    const unready = unfindable(everything) ?? (pin ? pinFolder() : undefined);
    if (unready !== undefined) {
      say(unready);
      return CANNOT_START;
    }
    return await hold(everything, { audit, pin, json }, say, world);
  });
}

interface Manner {
  readonly audit: boolean;
  readonly pin: boolean;
  readonly json: boolean;
}

async function hold(
  wanted: Wanted,
  { audit, pin, json }: Manner,
  say: (text: string) => void,
  world: World,
): Promise<number> {
  let seal: Seal;
  try {
    seal = new Seal(audit);
  } catch (error) {
    const why = explainFailure(error);
    if (why === undefined) throw error;
    return cannot(why, say);
  }
  const names = new NameCache();
  const mount = cgroupMount();
  const pathOf = (id: bigint) => mount === undefined ? undefined : cgroupPath(mount, id);
  const keeper = new Keeper(seal, wanted, {
    attempts: (attempts) =>
      attempts.forEach((attempt) => {
        const user = names.user(attempt.uid);
        const socket = keeper.pathOf(attempt.file);
        const sighting = {
          ...attempt,
          time: Date.now(),
          ...describe(attempt, pathOf),
          ...(user === undefined ? {} : { user }),
          ...(socket === undefined ? {} : { socket }),
        };
        world.stdout(json ? asJson(sighting) : asLine(sighting));
      }),
    info: say,
    warn: (text) => say(`warning: ${text}`),
  }, world.pid);
  const undo = world.onSignal(signals, () => keeper.stop());
  try {
    const proofs = [...keeper.begin()];
    if (proofs.some(([, proof]) => proof === "open")) {
      return cannot(
        "the seal does not hold: the kernel numbers this file in another way, or does not ask BPF",
        say,
      );
    }
    if (!pin && readStatus() !== undefined) {
      say(
        "warning: a pinned seal holds, too, with its own list of who may connect; --pin takes its place",
      );
    }
    if (pin) seal.pin();
    say(ready(audit, pin));
    await keeper.run();
    if (pin) say("the seal holds on; `postern guard --unpin` ends it");
    return OK;
  } catch (error) {
    const why = explainFailure(error);
    if (why === undefined) throw error;
    say(why);
    return CANNOT_START;
  } finally {
    undo();
    keeper.close();
    seal.close();
  }
}

function ready(audit: boolean, pin: boolean): string {
  if (audit) return "ready: everybody may connect still, and who should not is told";
  return pin ? "ready, and pinned: it holds when this guard ends" : "ready";
}

function cannot(why: string, say: (text: string) => void): number {
  say(`${why}${why.endsWith("\n") ? "" : "\n"}instead: ${INSTEAD}`);
  return CANNOT_START;
}

function wanted(config: Config, uids: readonly number[], cgroups: readonly string[]): Wanted {
  const { listeners, authz, runAs } = config;
  const upstreams = engineSockets(config);
  const intercepts = listeners.filter(({ tcp }) => tcp === undefined).map(({ socket }) => socket);
  if (authz !== undefined) {
    intercepts.push(authz.socket);
  }
  return {
    upstreams,
    intercepts: [...new Set(intercepts)],
    owners: new Set([0, ...(runAs === undefined ? [] : [runAs.uid]), ...uids]),
    uids,
    cgroups,
  };
}

function pinFolder(): string | undefined {
  try {
    return claimFolder();
  } catch (error) {
    return explainFailure(error) ?? String(error);
  }
}

/** Nobody would get through, or there is nothing to get to. */
function unfindable({ upstreams, intercepts, uids, cgroups }: Wanted): string | undefined {
  if (upstreams.length === 0) {
    return "all listeners are raw: what they lead to is no engine's socket, and is not sealed";
  }
  if (intercepts.length > 0 || uids.length > 0 || cgroups.length > 0) return undefined;
  return "Postern listens on TCP alone, so that its process cannot be found: " +
    "name its service with --allow-cgroup, or its user with --allow-uid";
}

function oneOf(flags: Readonly<Record<string, boolean | undefined>>): void {
  const given = Object.keys(flags).filter((name) => flags[name] === true);
  if (given.length > 1) throw new UsageError(`${given[0]} and ${given[1]} exclude each other`);
}

function uidList(text: string | undefined): number[] {
  return list("--allow-uid", text).map((word) => {
    const uid = /^[0-9]{1,10}$/.test(word) ? Number(word) : systemNames.uidOf(word);
    if (uid !== undefined && uid <= MOST_UID) return uid;
    throw new UsageError(`--allow-uid takes uids and names of users, got ${JSON.stringify(word)}`);
  });
}

function cgroupList(text: string | undefined): string[] {
  const paths = list("--allow-cgroup", text);
  if (paths.length === 0) return [];
  const mount = cgroupMount();
  if (mount === undefined) {
    throw new UsageError("--allow-cgroup takes a cgroup2 file system, and none is mounted");
  }
  return paths.map((path) => {
    const folder = cgroupFolder(mount, path);
    if (path.startsWith("/") && folder !== mount && !/\/\.\.?(\/|$)/.test(folder)) return folder;
    throw new UsageError(
      `--allow-cgroup takes paths such as /system.slice/postern.service, got ${
        JSON.stringify(path)
      }`,
    );
  });
}

function list(flag: string, text: string | undefined): string[] {
  if (text === undefined) return [];
  const words = [...new Set(text.split(","))];
  if (words.includes("")) {
    throw new UsageError(`${flag} takes a list such as a,b, got ${JSON.stringify(text)}`);
  }
  return words;
}

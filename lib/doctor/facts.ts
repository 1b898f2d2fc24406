import { engineSockets } from "../config/engine_sockets.ts";
import type { Config } from "../config/types.ts";
import type { FileStatus } from "../linux/file.ts";
import type { UnixSocket } from "../linux/unix_diag.ts";
import { type Accounts, accounts } from "./accounts.ts";
import { hiddenEnds, isAsleep } from "./connections.ts";
import { type Daemon, daemons } from "./daemon.ts";
import { askEngine, type Engine } from "./engine.ts";
import { otherPaths } from "./doors.ts";
import type { Finding, Group } from "./finding.ts";
import { type Host, Unreadable } from "./host.ts";
import { isOfHost, listeningAt, listeningAtTcp } from "./own_processes.ts";
import { realPath } from "./paths.ts";
import { attempt, type Process, processes, withThreads } from "./processes.ts";

/** What became of the configuration. */
export interface Configured {
  /** As it was named, or found; undefined when there is none. */
  readonly file?: string;
  readonly config?: Config;
  /** Everything that is wrong with it, a line each. */
  readonly problems: readonly string[];
}

/** An engine's own socket. */
export interface RealSocket {
  /** As the configuration names it. */
  readonly named: string;
  /** Without links. */
  readonly path: string;
  /** Undefined when nothing is there, or it cannot be looked at. */
  readonly status?: FileStatus;
  /** The socket of the configuration that the same engine listens at; absent for that itself. */
  readonly beside?: string;
}

/** What the checks go by. */
export interface Facts {
  readonly host: Host;
  /** Whether the machine itself is looked at, not a tree below a root. */
  readonly live: boolean;
  readonly configured: Configured;
  readonly accounts: Accounts;
  /** Why there are none: what goes by them knows nothing. */
  readonly accountsUnread?: Unreadable;
  readonly sockets: readonly RealSocket[];
  /** These, and all others that their engines listen at. */
  readonly doors: readonly RealSocket[];
  readonly processes: readonly Process[];
  /** Those of the host's own that listen on the gate's sockets. */
  readonly own: readonly Process[];
  /** Those that do so inside a container, which may be the gate's or have taken its place. */
  readonly contained: readonly Process[];
  /** Unix sockets of all network namespaces that we may look into, or why they are not known. */
  readonly unix: readonly UnixSocket[] | string;
  /** Other ends of connections to the real sockets that were in no process whenever root looked, nor in a thread of one. */
  readonly lasting: ReadonlySet<number>;
  readonly daemons: readonly Daemon[];
  readonly engines: readonly Engine[];
}

/** One thing that is looked at: facts in, findings out. What it cannot read it may throw as Unreadable. */
export interface Check {
  readonly name: string;
  readonly group: Group;
  /** It looks at what runs, and has nothing to say below a root. */
  readonly live?: true;
  look(facts: Facts): Finding[] | Promise<Finding[]>;
}

/** Reads what more than one check needs. `fallback`: the engine's socket where no configuration says one. */
export async function gather(
  host: Host,
  configured: Configured,
  fallback: string,
): Promise<Facts> {
  const live = host.root === "";
  const sockets = upstreams(configured.config, fallback).map((named) => realSocket(host, named));
  const listeners = configured.config?.listeners ?? [];
  const { all, unix, lasting } = live
    ? looked(host, sockets)
    : { all: [], unix: [], lasting: new Set<number>() };
  const files = live
    ? listeners.flatMap(({ socket, tcp }) => tcp === undefined ? host.behind(socket) ?? [] : [])
    : [];
  const ports = listeners.filter(({ tcp }) => tcp !== undefined).map(({ socket }) => socket);
  const listening = [
    ...new Set([
      ...listeningAt(host, files, all, typeof unix === "string" ? [] : unix),
      ...listeningAtTcp(host, ports, all),
    ]),
  ];
  const own = listening.filter((process) => isOfHost(host, process, all));
  const started = daemons(host, all, new Set(sockets.map(({ status }) => status?.uid)));
  return {
    host,
    live,
    configured,
    ...accountsOf(host),
    sockets,
    doors: doorsOf({ host, daemons: started, unix, processes: all }, sockets),
    processes: all,
    own,
    contained: listening.filter((process) => !own.includes(process)),
    unix,
    lasting,
    daemons: started,
    engines: live ? await askAll(host, configured.config, sockets, all, unix) : [],
  };
}

function doorsOf(
  facts: Pick<Facts, "host" | "daemons" | "unix" | "processes">,
  sockets: readonly RealSocket[],
): RealSocket[] {
  const doors = [...sockets];
  for (const socket of sockets) {
    for (const named of otherPaths(facts, socket)) {
      const other = realSocket(facts.host, named);
      if (other.status === undefined || doors.some(({ path }) => path === other.path)) continue;
      doors.push({ ...other, beside: socket.named });
    }
  }
  return doors;
}

function accountsOf(host: Host): Pick<Facts, "accounts" | "accountsUnread"> {
  try {
    const missing = ["/etc/passwd", "/etc/group"].find((path) => host.read(path) === undefined);
    if (missing !== undefined) throw new Unreadable(missing, "it is not there");
    return { accounts: accounts(host) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { accounts: { users: [], groups: [] }, accountsUnread: error };
  }
}

const TRIES = 3;

/**
 * Processes and sockets, which are not read in one moment: where a connection belongs to nobody because it came or went in
 * between, both are read again.
 */
function looked(
  host: Host,
  sockets: readonly RealSocket[],
): Pick<Facts, "unix" | "lasting"> & { readonly all: readonly Process[] } {
  let lasting: Set<number> | undefined;
  for (let tries = 1;; tries++) {
    const all = processes(host);
    const unix = listed(host, all);
    if (host.uid !== 0 || typeof unix === "string") return { all, unix, lasting: new Set() };
    const ends = (some: readonly Process[]) =>
      new Set(sockets.flatMap((socket) => hiddenEnds(some, socket, unix)));
    const hidden = ends(all);
    lasting = lasting?.intersection(hidden) ?? hidden;
    if (hidden.size === 0) return { all, unix, lasting };
    if (tries < TRIES) continue;
    const threads = all.map((process) => withThreads(host, process, hidden));
    return { all: threads, unix, lasting: lasting.intersection(ends(threads)) };
  }
}

async function askAll(
  host: Host,
  config: Config | undefined,
  sockets: readonly RealSocket[],
  all: readonly Process[],
  unix: Facts["unix"],
): Promise<Engine[]> {
  const engines: Engine[] = [];
  for (const socket of sockets) {
    const { named } = socket;
    if (typeof unix !== "string" && isAsleep(all, socket, unix)) {
      const why = "it does not run: systemd starts it for whoever connects, and doctor does not";
      engines.push({ socket: named, asleep: true, why });
      continue;
    }
    const ways = (config?.listeners ?? []).filter((one) =>
      one.protocol === "http" && one.upstream === named && one.tcp === undefined
    );
    engines.push(await askEngine(host, named, ways.map(({ socket }) => socket)));
  }
  return engines;
}

function upstreams(config: Config | undefined, fallback: string): string[] {
  if (config === undefined) return [fallback];
  const all = engineSockets(config);
  return all.length === 0 ? [fallback] : all;
}

function realSocket(host: Host, named: string): RealSocket {
  // A link on every system of today, also on a tree that has neither of them yet.
  const bare = attempt(() => host.status("/var/run")) === undefined;
  const found = attempt(() => realPath(host, named)) ?? named;
  const path = bare ? found.replace(/^\/var\/run\//, "/run/") : found;
  const status = attempt(() => host.status(path));
  return { named, path, ...(status === undefined ? {} : { status }) };
}

/** Of every network namespace that a process is in: a connection from a container is listed in that container's alone. */
function listed(host: Host, all: readonly Process[]): readonly UnixSocket[] | string {
  const own = all.find(({ pid }) => pid === host.pid)?.net;
  const others = new Map<string, number>();
  for (const { net, pid } of all) {
    if (net !== undefined && net !== own && !others.has(net)) others.set(net, pid);
  }
  try {
    return [
      ...host.unixSockets(),
      ...[...others.values()].flatMap((pid) => listedIn(host, `/proc/${pid}/ns/net`)),
    ];
  } catch (error) {
    return (error as Error).message;
  }
}

/** None of a namespace that went with its last process. */
function listedIn(host: Host, namespace: string): readonly UnixSocket[] {
  try {
    return host.unixSockets(namespace);
  } catch (error) {
    if (host.behind(namespace) === undefined) return [];
    throw error;
  }
}

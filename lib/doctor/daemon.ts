import { readFlags, valueOf } from "./engine_flags.ts";
import { listenersAt } from "./connections.ts";
import type { Facts, RealSocket } from "./facts.ts";
import { type Host, Unreadable } from "./host.ts";
import { attempt, type Process } from "./processes.ts";
import { split, type Started, startedBy, variablesIn } from "./unit_words.ts";
import { readUnit } from "./units.ts";

/** How an engine was set up, by its command line and its file. */
export interface Daemon {
  /** The process; absent where only files are known. */
  readonly process?: Process;
  /** Where a setting can be found: the command line, or the file. */
  readonly origin: string;
  /** What of it could not be read. */
  readonly unread?: Unreadable;
  /** `-H` and `hosts`. */
  readonly hosts: readonly string[];
  /** A setting's value from daemon.json, or `true` from a flag such as --tlsverify. */
  setting(name: string): unknown;
}

const FILE = "/etc/docker/daemon.json";

/**
 * Every dockerd that runs, and the one that the unit would start. Of the host's, only root's and those of the users `owners`, whose
 * sockets are looked at: others may call themselves so, and name any file as theirs.
 */
export function daemons(
  host: Host,
  all: readonly Process[],
  owners: ReadonlySet<number | undefined>,
): Daemon[] {
  const running = all.filter(({ comm, container, uid }) =>
    comm === "dockerd" && (container !== undefined || uid === 0 || owners.has(uid))
  ).map((process) => daemon(host, process.cmdline.slice(1), process));
  return [...running, ...startedNext(host)];
}

function startedNext(host: Host): Daemon[] {
  try {
    const unit = readUnit(host, "docker.service");
    const started = unit === undefined ? withoutSystemd(host) : startedBy(host, unit);
    if (started === undefined) return host.status(FILE) === undefined ? [] : [daemon(host, [])];
    const [program = "", ...words] = started.words;
    const next = daemon(host, words, undefined, started.environment);
    // What another program makes of its words is its own matter, but for what they say as it is.
    if (/(?:^|\/)dockerd[^/]*$/.test(program)) return [next];
    const hosts = started.words.join(" ").match(/\btcp:\/\/[^\s"']+/g) ?? [];
    const why = new Unreadable(unit?.file ?? program, `it starts ${program}, which is no dockerd`);
    return [{ ...next, hosts: [...next.hosts, ...hosts], unread: why }];
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return [{ ...daemon(host, []), unread: error }];
  }
}

/** As Debian's and Alpine's scripts start it. */
function withoutSystemd(host: Host): Started | undefined {
  const texts = ["/etc/default/docker", "/etc/conf.d/docker"].map((path) => host.read(path) ?? "");
  const options = texts.flatMap(variablesIn).flatMap((one) =>
    /^DOCKER_OPTS=(.*)$/s.exec(one)?.[1] ?? []
  );
  if (options.length === 0) return undefined;
  return { words: ["dockerd", ...options.flatMap(split)], environment: new Map() };
}

function daemon(
  host: Host,
  words: readonly string[],
  process?: Process,
  environment: ReadonlyMap<string, string> = new Map(),
): Daemon {
  const flags = readFlags(words);
  const file = flags.get("config-file")?.[0] ?? FILE;
  // In a container, its file is not this one.
  const read = process?.container === undefined ? textOf(host, file) : undefined;
  const json = parsed(typeof read === "string" ? read : undefined);
  const own = json["hosts"];
  const environ = process === undefined
    ? ""
    : attempt(() => host.read(`/proc/${process.pid}/environ`));
  // dockerd takes it for --tlsverify (moby, cmd/dockerd/options.go).
  const verifies = /(?:^|\0)DOCKER_TLS_VERIFY=[^\0]/.test(environ ?? "") ||
    Boolean(environment.get("DOCKER_TLS_VERIFY"));
  return {
    ...(process === undefined ? {} : { process }),
    ...(read instanceof Unreadable ? { unread: read } : {}),
    origin: process === undefined ? `${file} and docker.service` : `dockerd, pid ${process.pid}`,
    hosts: [
      ...flags.get("host") ?? [],
      ...(Array.isArray(own) ? own.filter((value) => typeof value === "string") : []),
    ],
    setting: (name) => {
      const value = flags.get(name)?.at(-1) ?? (name === "tlsverify" && verifies ? "" : undefined);
      return value === undefined ? json[name] : valueOf(name, value);
    },
  };
}

function textOf(host: Host, file: string): string | Unreadable | undefined {
  try {
    return host.read(file);
  } catch (error) {
    if (error instanceof Unreadable) return error;
    throw error;
  }
}

function parsed(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
  } catch {
    return {};
  }
}

/**
 * The one that serves a socket: it listens there. Where nobody may look, or only files are known, the one that seems to; a process
 * may call itself dockerd that is not, so only root's and the socket's owner's count then. Where somebody else is seen to listen,
 * none that runs is it.
 */
export function daemonOf(
  { daemons, unix }: Pick<Facts, "daemons" | "unix">,
  socket: RealSocket,
): Daemon | undefined {
  const listeners = typeof unix === "string" ? [] : listenersAt(socket, unix);
  const serving = daemons.find(({ process }) =>
    listeners.some((one) => process?.sockets?.has(one))
  );
  if (serving !== undefined) return serving;
  const isElsewhere = (process: Process) => listeners.length > 0 && process.sockets !== undefined;
  const running = daemons.filter(({ process }) =>
    process !== undefined && process.container === undefined && !isElsewhere(process) &&
    (process.uid === 0 || process.uid === socket.status?.uid)
  );
  const here = running.length > 0
    ? running
    : daemons.filter(({ process }) => process === undefined);
  return here.find(({ hosts }) => hosts.includes(`unix://${socket.named}`)) ??
    here.find(({ hosts }) => hosts.includes("fd://")) ?? (here.length === 1 ? here[0] : undefined);
}

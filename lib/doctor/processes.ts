import { containerId } from "../peer/container.ts";
import { type Host, Unreadable } from "./host.ts";

/** A process as /proc tells of it (proc(5)). */
export interface Process {
  readonly pid: number;
  readonly comm: string;
  /** Absent where it may not be read, as those of other users. */
  readonly exe?: string;
  readonly uid?: number;
  /** Its groups, of each kind. */
  readonly gids?: ReadonlySet<number>;
  /** The full id of the container that it runs in. */
  readonly container?: string;
  /** The service of systemd's that it belongs to. */
  readonly unit?: string;
  /** Inodes of its sockets; absent where it may not be read. */
  readonly sockets?: ReadonlySet<number>;
  /** Its network, mount and pid namespaces, `net:[4026531840]`. */
  readonly net?: string;
  readonly mnt?: string;
  readonly pidNamespace?: string;
  readonly cmdline: readonly string[];
}

/** All processes of the host; those that ended meanwhile are left out. */
export function processes(host: Host): Process[] {
  const names = attempt(() => host.list("/proc")) ?? [];
  return names.filter((name) => /^[0-9]+$/.test(name)).flatMap((name) => processAt(host, name));
}

function processAt(host: Host, name: string): Process[] {
  const at = (file: string) => `/proc/${name}/${file}`;
  const text = (file: string) => attempt(() => host.read(at(file)));
  const link = (file: string) => attempt(() => host.link(at(file)));
  const status = text("status");
  if (status === undefined) return [];
  const cgroup = text("cgroup") ?? "";
  const uid = /^Uid:\t(\d+)\t(\d+)/m.exec(status)?.[2];
  return [{
    pid: Number(name),
    comm: /^Name:\t(.*)$/m.exec(status)?.[1] ?? "?",
    ...optional("exe", link("exe")),
    ...optional("uid", uid === undefined ? undefined : Number(uid)),
    gids: gidsIn(status),
    ...optional("container", containerId(cgroup)),
    ...optional("unit", unitIn(cgroup)),
    ...optional("sockets", attempt(() => host.sockets(at("fd")))),
    ...optional("net", link("ns/net")),
    ...optional("mnt", link("ns/mnt")),
    ...optional("pidNamespace", link("ns/pid")),
    cmdline: (text("cmdline") ?? "").split("\0").slice(0, -1),
  }];
}

/** Real, effective, saved, of the file system, and supplementary. */
function gidsIn(status: string): Set<number> {
  const lines = [...status.matchAll(/^(?:Gid|Groups):([\t \d]*)$/gm)];
  return new Set(lines.flatMap(([, ids]) => ids!.match(/\d+/g) ?? []).map(Number));
}

/** The innermost one; a user's manager is none (systemd.special(7)). */
function unitIn(cgroup: string): string | undefined {
  const units = [...cgroup.matchAll(/\/([^/\n]+\.service)(?=\/|$)/gm)].map(([, name]) => name!);
  return units.filter((name) => !name.startsWith("user@")).at(-1);
}

/**
 * A process with those of these sockets, too, that only threads of it have: each can have descriptors of its own (unshare(2),
 * CLONE_FILES).
 */
export function withThreads(host: Host, process: Process, wanted: ReadonlySet<number>): Process {
  const { pid, sockets } = process;
  const threads = attempt(() => host.list(`/proc/${pid}/task`)) ?? [];
  if (sockets === undefined || threads.length < 2) return process;
  const found = threads.filter((name) => name !== String(pid)).flatMap((name) =>
    [...attempt(() => host.sockets(`/proc/${pid}/task/${name}/fd`)) ?? []].filter((inode) =>
      wanted.has(inode)
    )
  );
  return found.length === 0 ? process : { ...process, sockets: new Set([...sockets, ...found]) };
}

/** Undefined for what may not be read, too. */
export function attempt<T>(action: () => T | undefined): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

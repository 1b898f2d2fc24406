import { type Configured, type Facts, gather } from "../../../lib/doctor/facts.ts";
import { type Host, type ProgramAnswer, Unreadable } from "../../../lib/doctor/host.ts";
import { realPath } from "../../../lib/doctor/paths.ts";
import type { AclEntry } from "../../../lib/linux/acl.ts";
import type { FileStatus } from "../../../lib/linux/file.ts";
import type { UnixSocket } from "../../../lib/linux/unix_diag.ts";
import type { Answer } from "../../../lib/policy/constraints/types.ts";

/** One name of a made-up host. A text is a file of root's with mode 0644. */
export type Entry = string | {
  readonly text?: string;
  readonly link?: string;
  readonly socket?: true;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly inode?: number;
  readonly acl?: readonly AclEntry[];
  /** It is there, and may not be looked into. */
  readonly closed?: true;
};

/** A made-up host; folders come by themselves. */
export interface Made {
  readonly files?: Readonly<Record<string, Entry>>;
  readonly root?: string;
  readonly uid?: number;
  readonly programs?: (program: string, args: readonly string[]) => ProgramAnswer | undefined;
  /** Answers of the engine by path. */
  readonly engine?: Readonly<Record<string, unknown>>;
  /** Sockets that refuse. */
  readonly refuses?: readonly string[];
  readonly unix?: readonly UnixSocket[] | string;
  /** Those of other network namespaces, by their path. */
  readonly unixElsewhere?: Readonly<Record<string, readonly UnixSocket[]>>;
  readonly plainPorts?: readonly number[];
  readonly seal?: ReturnType<Host["seal"]>;
  readonly landlock?: number;
  readonly peerPidfd?: boolean;
}

export const SOCKET = "/run/docker.sock";
export const DEVICE = "0:25";

/** The files that every host here has; a root:docker socket with mode 0660, and nobody in the group docker. */
export const usual: Readonly<Record<string, Entry>> = {
  "/etc/passwd":
    "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\npostern:x:990:989::/:/usr/sbin/nologin\n",
  "/etc/group": "root:x:0:\ndocker:x:998:\npostern-engine:x:989:postern\n",
  "/var/run": { link: "/run" },
  [SOCKET]: { socket: true, mode: 0o660, gid: 998, inode: 77 },
};

export function hostOf(made: Made): Host {
  const files: Record<string, Entry> = { ...usual, ...made.files };
  const folders = new Set(
    Object.keys(files).flatMap((path) => {
      const names = path.split("/");
      return names.map((_, i) => names.slice(0, i).join("/") || "/");
    }),
  );
  const entry = (path: string): Exclude<Entry, string> | undefined => {
    const found = files[path];
    return typeof found === "string" ? { text: found } : found;
  };
  const open = (path: string) => {
    const found = entry(path);
    if (found?.closed) throw new Unreadable(path, "EACCES (permission denied)");
    return found;
  };
  const status = (path: string): FileStatus | undefined => {
    const found = entry(path);
    if (found === undefined && !folders.has(path)) return undefined;
    const isDirectory = folders.has(path);
    return {
      device: DEVICE,
      inode: BigInt(found?.inode ?? 1),
      isSocket: found?.socket === true,
      isDirectory,
      isRegular: found?.text !== undefined,
      links: 1,
      size: 0,
      mode: found?.mode ?? (isDirectory ? 0o755 : 0o644),
      uid: found?.uid ?? 0,
      gid: found?.gid ?? 0,
    };
  };
  const link = (path: string) => entry(path)?.link;
  const behind = (path: string): FileStatus | undefined => {
    // The kernel's own links lead to what a process sees; here, the host's files.
    const [, own, inside] = /^(\/proc\/\d+\/root)(\/.*)$/.exec(path) ?? [];
    if (inside === "/" && entry(own!) !== undefined) return status(realPath({ link }, own!));
    return status(realPath({ link }, inside ?? path));
  };
  const list = (path: string) => {
    open(path);
    if (!folders.has(path)) return undefined;
    const below = Object.keys(files).filter((name) =>
      name.startsWith(path === "/" ? "/" : `${path}/`)
    );
    return [
      ...new Set(
        below.map((name) => name.slice(path === "/" ? 1 : path.length + 1).split("/")[0]!),
      ),
    ];
  };
  return {
    root: made.root ?? "",
    uid: made.uid ?? 0,
    pid: 4000,
    status: (path) => (open(path), status(path)),
    link,
    read: (path) => open(realPath({ link }, path))?.text,
    list,
    sockets: (folder) => {
      const inodes = list(folder)?.flatMap((name) =>
        /^socket:\[(\d+)\]$/.exec(link(`${folder}/${name}`) ?? "")?.[1] ?? []
      );
      return inodes && new Set(inodes.map(Number));
    },
    acl: (path) => entry(path)?.acl ?? [],
    behind,
    run: (program, args) => Promise.resolve(made.programs?.(program, args)),
    ask: (socket, path): Promise<Answer> => {
      if (made.refuses?.includes(socket)) return Promise.resolve({ failed: `${socket} refused` });
      const found = made.engine?.[path];
      return Promise.resolve(
        found === undefined ? { failed: `${socket} is not asked` } : { found },
      );
    },
    unixSockets(namespace) {
      if (namespace !== undefined) return made.unixElsewhere?.[namespace] ?? [];
      if (typeof made.unix === "string") throw new Error(made.unix);
      return made.unix ?? [];
    },
    answersPlainly: (_, port) => Promise.resolve(made.plainPorts?.includes(port) ?? false),
    seal: () => made.seal,
    landlock: () => made.landlock ?? 7,
    peerPidfd: () => made.peerPidfd ?? true,
  };
}

/** The facts of a made-up host. */
export function factsOf(made: Made, configured: Configured = { problems: [] }): Promise<Facts> {
  return gather(hostOf(made), configured, "/var/run/docker.sock");
}

/** The files of a process; `sockets`: inodes behind its descriptors, from 3. */
export function processFiles(
  pid: number,
  {
    comm,
    exe,
    uid = 0,
    container,
    unit = "init.scope",
    sockets = [],
    cmdline = [],
    net = "net:[1]",
    mnt = "mnt:[1]",
    more = {},
  }: {
    readonly comm: string;
    readonly exe?: string;
    readonly uid?: number;
    readonly container?: string;
    /** Its cgroup below system.slice. */
    readonly unit?: string;
    readonly sockets?: readonly number[];
    readonly cmdline?: readonly string[];
    readonly net?: string;
    readonly mnt?: string;
    readonly more?: Readonly<Record<string, Entry>>;
  },
): Record<string, Entry> {
  const at = `/proc/${pid}`;
  return {
    [`${at}/status`]: `Name:\t${comm}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`,
    [`${at}/exe`]: { link: exe ?? `/usr/bin/${comm}` },
    [`${at}/cgroup`]: container === undefined
      ? `0::/system.slice/${unit}\n`
      : `0::/system.slice/docker-${container}.scope\n`,
    [`${at}/cmdline`]: cmdline.map((word) => `${word}\0`).join(""),
    [`${at}/ns/net`]: { link: net },
    [`${at}/ns/mnt`]: { link: mnt },
    [`${at}/ns/pid`]: { link: "pid:[1]" },
    ...Object.fromEntries(
      sockets.map((inode, i) => [`${at}/fd/${i + 3}`, { link: `socket:[${inode}]` }]),
    ),
    ...Object.fromEntries(Object.entries(more).map(([name, entry]) => [`${at}/${name}`, entry])),
  };
}

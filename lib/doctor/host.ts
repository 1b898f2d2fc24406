import type { Status } from "../guard/status.ts";
import type { AclEntry } from "../linux/acl.ts";
import type { FileStatus } from "../linux/file.ts";
import type { UnixSocket } from "../linux/unix_diag.ts";
import type { Answer } from "../policy/constraints/types.ts";

/** A file that is there, or may be, and cannot be read. */
export class Unreadable extends Error {
  constructor(readonly path: string, readonly reason: string) {
    super(`${path}: ${reason}`);
  }
}

/** What a program of the host's said. */
export interface ProgramAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** No answer in time. */
export interface Late {
  readonly failed: string;
  readonly late: true;
}

/** Everything that is asked of the host. Below a root, only the files are; the rest belongs to the machine that runs. */
export interface Host {
  /** "" for the machine itself, else the folder that stands for its `/`. */
  readonly root: string;
  /** Who asks, and in which process. */
  readonly uid: number;
  readonly pid: number;
  /** A name itself, be it a link; undefined when it is not there. Throws Unreadable, as the next three do. */
  status(path: string): FileStatus | undefined;
  /** Where a symbolic link leads; undefined when there is none. */
  link(path: string): string | undefined;
  /** A file's text; undefined when it is not there. */
  read(path: string): string | undefined;
  /** Names in a folder; undefined when it is not there. */
  list(path: string): readonly string[] | undefined;
  /** Inodes of the sockets behind the descriptors in a folder such as /proc/PID/fd; undefined when it is not there. Throws Unreadable. */
  sockets(folder: string): ReadonlySet<number> | undefined;
  /** The file that the kernel finds at a path, links followed, be they those of /proc; undefined when it finds none. */
  behind(path: string): FileStatus | undefined;
  /** Whom a file's access control list names; none where it has no list. Throws Unreadable. */
  acl(path: string): readonly AclEntry[];
  /** Runs a program; undefined when it is not installed. */
  run(program: string, args: readonly string[]): Promise<ProgramAnswer | undefined>;
  /** GET of a path, asked of the engine at a socket. */
  ask(socket: string, path: string): Promise<Answer | Late>;
  /** Those of our network namespace, or of another's, by its path in /proc. Throws an Error when the kernel does not list them. */
  unixSockets(namespace?: string): readonly UnixSocket[];
  /** Whether an engine answers at a TCP port without TLS; undefined when nobody answers. */
  answersPlainly(address: string, port: number): Promise<boolean | undefined>;
  /** What postern guard's pinned seal closes; undefined where none is pinned, or nobody but root may look. */
  seal(): Pick<Status, "files" | "names"> | undefined;
  /** The version of Landlock's interface, 0 where there is none. */
  landlock(): number;
  /** Whether SO_PEERPIDFD is known. */
  peerPidfd(): boolean;
}

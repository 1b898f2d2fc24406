import { aclOf } from "../linux/acl.ts";
import { socketsIn } from "../linux/socket_inodes.ts";
import { namesIn } from "../linux/directory.ts";
import { readStatus } from "../guard/status.ts";
import { describeErrno, ENOENT, errno, SystemError } from "../linux/errno.ts";
import { statusBehind, statusOf } from "../linux/file.ts";
import { landlockVersion } from "../linux/landlock.ts";
import { knowsPeerPidfd } from "../linux/peer_pidfd.ts";
import { readLink, readRegular } from "../linux/proc.ts";
import { unixSockets } from "../linux/unix_diag.ts";
import { ask } from "./ask.ts";
import { answersPlainly } from "./ask_tcp.ts";
import { type Host, Unreadable } from "./host.ts";
import { realPath } from "./paths.ts";

const ENOTDIR = 20;
const EINVAL = 22;
const ESRCH = 3;

/** In bytes: the kernel's list of a hundred thousand sockets has 10 MiB. */
const MOST = 64 << 20;
/** Of a process's words and environment, which it may make as long as its memory (prctl(2), PR_SET_MM_MAP). */
const MOST_WORDS = 64 << 10;

/** This machine, or with a `root` other than "" the tree below it. /proc is read by calls of our own: the runtime keeps it to itself. */
export function realHost(root: string, run: Host["run"], uid: number, pid: number): Host {
  const at = (path: string) => (root === "" ? path : `${root}${path === "/" ? "" : path}`);
  const link = (path: string) => known(path, readLink(at(path)));
  /** Below a root, the kernel would follow links out of it. */
  const folder = (path: string) => {
    const cut = path.lastIndexOf("/");
    return root === "" ? path : `${realPath({ link }, path.slice(0, cut))}${path.slice(cut)}`;
  };
  const whole = (path: string) => (root === "" ? path : realPath({ link }, path));
  return {
    root,
    uid,
    pid,
    status: (path) => known(path, statusOf(at(folder(path)))),
    link: (path) => known(path, readLink(at(folder(path)))),
    read: (path) => read(path, at(whole(path))),
    list: (path) => known(path, namesIn(at(whole(path)))),
    sockets: (folder) => known(folder, socketsIn(at(whole(folder)))),
    acl: (path) => known(path, aclOf(at(folder(path)))) ?? [],
    behind: (path) => statusBehind(at(whole(path))),
    run,
    ask,
    unixSockets,
    answersPlainly,
    seal,
    landlock: landlockVersion,
    peerPidfd: knowsPeerPidfd,
  };
}

/** A kernel without BPF has none. */
function seal(): ReturnType<Host["seal"]> {
  try {
    return readStatus();
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

function read(path: string, file: string): string | undefined {
  const isWords = /^\/proc\/\d+\/(?:cmdline|environ)$/.test(path);
  const found = known(path, readRegular(file, isWords ? MOST_WORDS : MOST));
  if (found === "no regular file") throw new Unreadable(path, "it is no regular file");
  if (found?.cut && !isWords) throw new Unreadable(path, `it has more than ${MOST >> 20} MiB`);
  return found?.text;
}

/** Straight after the call: what failed because nothing is there is undefined. EINVAL is readlink(2)'s word for "no link". */
function known<T>(path: string, found: T | undefined): T | undefined {
  if (found !== undefined) return found;
  const code = errno();
  if ([ENOENT, ENOTDIR, EINVAL, ESRCH].includes(code)) return undefined;
  throw new Unreadable(path, describeErrno(code));
}

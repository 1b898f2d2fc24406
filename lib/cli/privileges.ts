import type { Config, RunAs } from "../config/types.ts";
import { becomeProcess, type Identity } from "../linux/credentials.ts";
import { markCloseOnExec } from "../linux/descriptors.ts";
import { forgetEnvironment } from "../linux/environment.ts";
import { fchown, mayAccess, statusOf, statusOfDescriptor, W_OK } from "../linux/file.ts";
import { isRestricted } from "../linux/landlock.ts";
import { close, O_APPEND, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, open } from "../linux/io.ts";
import { groupName, userName } from "../linux/nss.ts";
import { refuseInspection } from "../linux/prctl.ts";
import { forbidCoreFiles, raiseDescriptorLimit } from "../linux/rlimit.ts";
import { forbidPrograms } from "../linux/seccomp.ts";
import { type ThreadStatus, threadStatuses } from "../linux/thread_status.ts";
import { containerProof } from "./container_proof.ts";
import { outOfReach } from "./out_of_reach.ts";

/** Why Postern cannot be as little as it should. */
export class PrivilegeError extends Error {
  override readonly name = "PrivilegeError";
}

/** A line for the operator's log. */
export interface Notice {
  readonly level: "info" | "warning";
  readonly text: string;
}

/** What the runtime, the C library and its name services may still look for; all else was read at the start. */
const needed = /^(?:DENO_.*|HOME|LANG|LANGUAGE|LC_.*|TZ)$/;

/**
 * Gives up, for good and for all threads, what an open gate does not need: its identity as root where `run_as` names another,
 * other programs, core dumps, being traced, and the environment. Everything is looked up again afterwards, thread by thread.
 * The answer says what is left. Throws a PrivilegeError or a SystemError.
 */
export function confine(config: Config): Notice[] {
  const { runAs } = config;
  const descriptors = raiseDescriptorLimit();
  forbidCoreFiles();
  markCloseOnExec();
  forgetEnvironment((name) => needed.test(name));
  const identity = runAs && become(runAs, config);
  const notices: Notice[] = [];
  const filtered = attemptFilter(runAs !== undefined, notices);
  refuseInspection();
  const threads = threadStatuses();
  if (threads.length === 0) {
    throw new PrivilegeError("what Postern runs as cannot be told: /proc/self/task is not there");
  }
  if (identity !== undefined) {
    verify(identity, threads);
    requireUpstreams(identity, config);
  }
  const enclosed = identity !== undefined && isRestricted();
  const text = [
    ...describeThreads(threads),
    ...(filtered ? ["no other programs"] : []),
    ...(enclosed ? ["no files but its own (Landlock)"] : []),
    "no core dumps",
    "not traceable",
    `up to ${descriptors} descriptors`,
  ].join(", ");
  notices.unshift({ level: "info", text: `runs ${text}` });
  if (identity !== undefined) {
    if (!enclosed) {
      const text =
        "files are limited by their modes alone: this kernel has no Landlock for us, or " +
        "a socket, the audit file or the configuration stands in /";
      notices.push({ level: "info", text });
    }
    const lines = outOfReach(config, identity);
    notices.push(...lines.map((text): Notice => ({ level: "warning", text })));
  } else if (config.file !== undefined && threads.some(({ uids }) => uids.includes(0))) {
    const text = "runs as root, which a gate needs only to open its sockets: make a user " +
      "(useradd --system --shell /usr/sbin/nologin postern) and write run_as: { user: postern }";
    notices.push({ level: "warning", text });
  }
  notices.push(...containerProof(config, threads));
  return notices;
}

/** The answer is who it is now: somebody that it was before keeps the groups that it was given. */
function become(runAs: RunAs, { audit }: Config): Identity {
  const [uid, gid] = [Deno.uid() ?? 0, Deno.gid() ?? 0];
  if (uid === runAs.uid && gid === runAs.gid) {
    return { uid, gid, groups: threadStatuses()[0]!.groups };
  }
  if (uid !== 0) {
    throw new PrivilegeError(
      `run_as: only root can become ${runAs.uid}:${runAs.gid}, and Postern was started as ` +
        `${uid}:${gid}: start it as root or as that user, or leave run_as out`,
    );
  }
  if (audit.to === "file") handOver(audit.path, runAs);
  becomeProcess(runAs);
  return runAs;
}

/** Gives a file of root's that has no other name to somebody, to open it again by himself. */
function handOver(path: string, { uid, gid }: RunAs): void {
  const fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return;
  const status = statusOfDescriptor(fd);
  if (status?.isRegular === true && status.uid === 0 && status.links === 1) fchown(fd, uid, gid);
  close(fd);
}

/** Kernels without seccomp(2) exist, in sandboxes: who asked for nothing is only told. */
function attemptFilter(required: boolean, notices: Notice[]): boolean {
  try {
    forbidPrograms();
    return true;
  } catch (error) {
    const text = `other programs cannot be forbidden: ${(error as Error).message}`;
    if (required) throw new PrivilegeError(`run_as: ${text}`);
    notices.push({ level: "warning", text });
    return false;
  }
}

const NONE = /^0*$/;

function hasCapabilities({ permitted, effective, ambient }: ThreadStatus): boolean {
  return ![permitted, effective, ambient].every((set) => NONE.test(set));
}

/** Throws a PrivilegeError for the first thread that is not what it should be. */
export function verify(
  { uid, gid, groups }: Identity,
  threads: readonly ThreadStatus[],
): void {
  const wanted = groups.join(" ");
  for (const thread of threads) {
    const wrong = thread.uids.some((id) => id !== uid)
      ? `has the user ids ${thread.uids.join(" ")}`
      : thread.gids.some((id) => id !== gid)
      ? `has the group ids ${thread.gids.join(" ")}`
      : thread.groups.join(" ") !== wanted
      ? `has the groups ${thread.groups.join(" ") || "none"} instead of ${wanted || "none"}`
      : hasCapabilities(thread)
      ? `has the capabilities ${thread.permitted}`
      : !thread.noNewPrivileges
      ? "can gain privileges"
      : undefined;
    if (wrong !== undefined) {
      throw new PrivilegeError(
        `run_as: thread ${thread.tid} should be ${uid}:${gid}, but ${wrong}`,
      );
    }
  }
}

/** The mode bits were looked at before; an access control list, a security module or a mount may say something else. */
function requireUpstreams({ uid, gid, groups }: Identity, { authz, listeners }: Config): void {
  for (const { upstream } of [...listeners, ...(authz === undefined ? [] : [authz])]) {
    if (mayAccess(upstream, W_OK) || statusOf(upstream) === undefined) continue;
    throw new PrivilegeError(
      `run_as: ${uid}:${gid} with groups ${groups.join(" ") || "none"} may not connect to ` +
        `upstream ${upstream}`,
    );
  }
}

function describeThreads(threads: readonly ThreadStatus[]): string[] {
  const { uids, gids, groups, permitted } = threads[0]!;
  const [uid, gid] = [uids[1]!, gids[1]!];
  const others = groups.filter((group) => group !== gid).map((group) => groupName(group) ?? group);
  return [
    `as ${userName(uid) ?? uid}:${groupName(gid) ?? gid}`,
    others.length === 0 ? "no other groups" : `groups ${others.join(" ")}`,
    threads.some(hasCapabilities) ? `capabilities ${permitted}` : "no capabilities",
    ...(threads.every(({ noNewPrivileges }) => noNewPrivileges) ? ["no new privileges"] : []),
  ];
}

import { namesIn } from "./directory.ts";
import { readSmallFile } from "./proc.ts";

/** What the kernel says of one thread (/proc/PID/task/TID/status, proc_pid_status(5)). */
export interface ThreadStatus {
  readonly tid: number;
  /** Real, effective, saved and file system id. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly groups: readonly number[];
  /** Capability sets in hexadecimal digits, as they stand there. */
  readonly permitted: string;
  readonly effective: string;
  readonly ambient: string;
  readonly noNewPrivileges: boolean;
}

/** Every thread of a process; one that ends meanwhile is left out. None when /proc cannot be read. */
export function threadStatuses(pid: number | "self" = "self"): ThreadStatus[] {
  const tids = namesIn(`/proc/${pid}/task`) ?? [];
  return tids.flatMap((tid) => {
    const text = readSmallFile(`/proc/${pid}/task/${tid}/status`);
    return text === undefined ? [] : [parseStatus(Number(tid), text)];
  });
}

function parseStatus(tid: number, text: string): ThreadStatus {
  const field = (name: string) =>
    new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, "m").exec(text)?.[1] ?? "";
  const numbers = (name: string) => field(name).split(/\s+/).filter((n) => n !== "").map(Number);
  return {
    tid,
    uids: numbers("Uid"),
    gids: numbers("Gid"),
    groups: numbers("Groups"),
    permitted: field("CapPrm"),
    effective: field("CapEff"),
    ambient: field("CapAmb"),
    noNewPrivileges: field("NoNewPrivs") === "1",
  };
}

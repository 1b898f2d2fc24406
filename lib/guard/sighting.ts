import { readLink, readSmallFile } from "../linux/proc.ts";
import { containerId } from "../peer/container.ts";
import { printable } from "../watch/printable.ts";
import { startOf } from "../watch/process.ts";
import type { Attempt } from "./layout.ts";

/** An attempt, with what else can be told of it. */
export interface Sighting extends Attempt {
  /** In milliseconds since 1970: when it was read. */
  readonly time: number;
  /** The real socket's path as the configuration has it; absent for a file that had one of their names before. */
  readonly socket?: string;
  readonly user?: string;
  readonly exe?: string;
  readonly container?: string;
}

/** What /proc tells of the process, as long as it is still the same one; of one that is gone, what its cgroup's name tells. */
export function describe(
  { pid, start, cgroup }: Attempt,
  pathOf: (cgroup: bigint) => string | undefined,
): Pick<Sighting, "exe" | "container"> {
  const exe = readLink(`/proc/${pid}/exe`);
  const own = readSmallFile(`/proc/${pid}/cgroup`);
  const lives = startOf(pid) === String(start);
  const container = containerId((lives ? own : pathOf(cgroup)) ?? "");
  if (!lives) return container === undefined ? {} : { container };
  return {
    ...(exe === undefined ? {} : { exe }),
    ...(container === undefined ? {} : { container }),
  };
}

/** One line for a person; what a process chose is written so that it can do nothing to a terminal. */
export function asLine(sighting: Sighting): string {
  const { time, audited, uid, user, pid, comm, exe, container, socket } = sighting;
  const name = user === undefined ? "" : ` (${printable(user)})`;
  const program = exe === undefined ? "" : `, ${printable(exe)}`;
  const inside = container === undefined ? "" : `, container ${container.slice(0, 12)}`;
  return `${new Date(time).toISOString()} ${verdict(audited)} ${socket ?? "a real socket"}: ` +
    `uid ${uid}${name}, pid ${pid} ${printable(comm)}${program}${inside}\n`;
}

/** One JSON object for machines; null where something is not known. */
export function asJson(sighting: Sighting): string {
  const { time, audited, uid, user, pid, comm, exe, container, socket, cgroup, file } = sighting;
  return JSON.stringify({
    time: new Date(time).toISOString(),
    event: verdict(audited),
    socket: socket ?? null,
    uid,
    user: user ?? null,
    pid,
    comm,
    exe: exe ?? null,
    container: container ?? null,
    cgroup: String(cgroup),
    inode: String(file.inode),
  }) + "\n";
}

function verdict(audited: boolean): "would-refuse" | "refused" {
  return audited ? "would-refuse" : "refused";
}

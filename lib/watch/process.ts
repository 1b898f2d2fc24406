import { containerId } from "../peer/container.ts";
import { readLink, readSmallFile } from "../linux/proc.ts";
import type { ProcessFacts } from "./sighting.ts";

/** Of a command line, in characters. A process can make its own as long as it likes. */
const MOST = 4096;

/**
 * What /proc tells of a process while it lives; `parent` where it is known from before. `glimpse` is what the kernel knew of it at the
 * connection: it counts where the process is gone, or has become another program since.
 */
export function processFacts(
  pid: number,
  parent = parentOf(pid),
  glimpse: Pick<ProcessFacts, "exe" | "command" | "container"> = {},
): ProcessFacts {
  const exe = readLink(`/proc/${pid}/exe`);
  const kin = { ...(parent === undefined || parent === 0 ? {} : { parent: named(parent) }) };
  if (exe === undefined || !isSameProgram(exe, glimpse.exe)) {
    const { exe, command, container } = glimpse;
    return {
      ...(exe === undefined ? {} : { exe }),
      ...(command === undefined ? {} : { command }),
      ...(container === undefined ? {} : { container }),
      ...kin,
    };
  }
  // Empty when it has ended since its executable was read.
  const line = readSmallFile(`/proc/${pid}/cmdline`);
  const command = line ? words(line) : glimpse.command;
  const container = containerId(readSmallFile(`/proc/${pid}/cgroup`) ?? "") ?? glimpse.container;
  return {
    exe,
    ...(command === undefined ? {} : { command }),
    ...(container === undefined ? {} : { container }),
    ...kin,
  };
}

/** The kernel's glimpse has each name as far as it goes, and says nothing of a file that is deleted. */
function isSameProgram(exe: string, glimpse: string | undefined): boolean {
  const name = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  return glimpse === undefined || name(exe).startsWith(name(glimpse));
}

function named(pid: number): { pid: number; exe?: string } {
  const exe = readLink(`/proc/${pid}/exe`);
  return exe === undefined ? { pid } : { pid, exe };
}

function words(text: string): string[] {
  return text.slice(0, MOST).replace(/\0$/, "").split("\0");
}

/** When a process began, in clock ticks since boot: with its pid it tells it from all others. Undefined when it is gone. */
export function startOf(pid: number): string | undefined {
  return stat(pid)?.[19];
}

function parentOf(pid: number): number | undefined {
  const parent = stat(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** The fields of /proc/PID/stat from the third on (proc(5)): the second, the name, can hold anything. */
function stat(pid: number): string[] | undefined {
  const text = readSmallFile(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(")") + 2).trim().split(" ");
}

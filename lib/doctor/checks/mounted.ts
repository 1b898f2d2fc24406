import { adviceForContainer } from "../advice.ts";
import type { Check, Facts, RealSocket } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { type Mount, mounts, placeOf, reaching } from "../mounts.ts";
import { attempt, type Process } from "../processes.ts";
import { line, seeContainer } from "../fixes.ts";
import { mayBeGate } from "../gate_users.ts";
import { describe, LOOKS_LIKE_GATE } from "../wording.ts";
import { mountsRealSocket } from "./containers.ts";

/** Containers that mount the real socket and that the engine does not tell of: another engine's, or where it was not asked. */
export const mounted: Check = {
  name: "mounted",
  group: "real socket",
  live: true,
  async look(facts) {
    const own = attempt(() => facts.host.read("/proc/self/mountinfo"));
    if (own === undefined) return [];
    const ours = mounts(own);
    const each = oneOfEach(facts);
    const found = facts.doors.filter(({ status }) => status?.isSocket).flatMap((socket) => {
      const place = placeOf(ours, socket.path);
      if (place === undefined) return [];
      return strangers(facts, each, socket).map((process) => ({ socket, place, process }))
        .filter((one) => waysOf(facts, one).length > 0);
    });
    if (found.length === 0) return closed(facts);
    // A container that is being started has the host's files for a moment, and then its own.
    await new Promise((resolve) => setTimeout(resolve, MOMENT));
    const findings = found.flatMap((one): Finding[] => {
      const ways = waysOf(facts, one);
      if (ways.length === 0) return [];
      const { socket, process } = one;
      const may = mayBeGate(facts);
      if (may.has(process.container ?? "")) {
        return [{
          level: "unknown",
          title: `whether it is the gate's container that has ${socket.path} mounted`,
          evidence: [
            `${describe(facts.accounts, process)}: at ${ways.join(" and ")}`,
            LOOKS_LIKE_GATE,
          ],
          fix: [seeContainer(may)],
        }];
      }
      return [{
        level: "wrong",
        title: `a container has ${socket.path} mounted`,
        evidence: [`${describe(facts.accounts, process)}: at ${ways.join(" and ")}`],
        fix: adviceForContainer(facts, socket, ways[0]),
      }];
    });
    return [...findings, ...closed(facts)];
  },
};

/** In milliseconds. */
const MOMENT = 500;

interface Stranger {
  readonly socket: RealSocket;
  readonly place: Mount;
  readonly process: Process;
}

/** Where a process reaches the socket now; nowhere when it has ended. */
function waysOf(facts: Facts, { socket, place, process }: Stranger): string[] {
  const theirs = attempt(() => facts.host.read(`/proc/${process.pid}/mountinfo`));
  if (theirs === undefined) return [];
  return reaching(mounts(theirs), place)
    .filter((path) => isReachedAt(facts, process, path, socket));
}

/** One process for each root in each mount namespace of a container, but for those that the engine has told of. */
function strangers(facts: Facts, each: readonly Process[], socket: RealSocket): Process[] {
  const told = new Set(
    facts.engines.flatMap((engine) =>
      (engine.containers ?? [])
        .filter((container) => mountsRealSocket(facts, engine, container, socket).length > 0)
        .map(({ Id }) => Id)
    ),
  );
  return each.filter(({ container }) => container === undefined || !told.has(container));
}

/** What a process sees of its mounts begins at its root, which it may have changed (chroot(2)). */
function oneOfEach({ host, processes }: Facts): Process[] {
  const self = processes.find(({ pid }) => pid === host.pid);
  const found = new Map<string, Process>();
  for (const process of processes) {
    const { pid, container, mnt, pidNamespace } = process;
    const apart = container !== undefined || pidNamespace !== self?.pidNamespace;
    if (!apart || mnt === undefined || mnt === self?.mnt) continue;
    const root = host.behind(`/proc/${pid}/root/`);
    const key = `${mnt} ${root?.device} ${root?.inode}`;
    if (!found.has(key)) found.set(key, process);
  }
  return [...found.values()];
}

/** Containers of which no engine tells, and no process has the root that shows all mounts. */
function closed(facts: Facts): Finding[] {
  const told = new Set(
    facts.engines.flatMap(({ containers = [] }) => containers.map(({ Id }) => Id)),
  );
  const all = oneOfEach(facts).filter(({ container }) =>
    container !== undefined && !told.has(container)
  );
  const shows = ({ pid }: Process) => {
    const text = attempt(() => facts.host.read(`/proc/${pid}/mountinfo`));
    return text === undefined || text === "" || mounts(text).some(({ point }) => point === "/");
  };
  const open = new Set(all.filter(shows).map(({ mnt }) => mnt));
  return all.filter(({ mnt }) => !open.has(mnt)).map((process) => ({
    level: "unknown",
    title: "what a container has mounted: its processes have changed their root",
    evidence: [`${describe(facts.accounts, process)}: /proc/PID/mountinfo has no /`],
    fix: [line("nsenter", "-t", String(process.pid), "-m", "findmnt")],
  }));
}

/** Not where another mount hides it: the file that is found there is the socket itself. */
function isReachedAt(
  { host }: Facts,
  { pid }: Process,
  path: string,
  { status }: RealSocket,
): boolean {
  const found = host.behind(`/proc/${pid}/root${path}`);
  return found !== undefined && found.inode === status?.inode && found.device === status.device;
}

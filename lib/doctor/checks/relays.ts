import { holdsOf } from "../connections.ts";
import type { Check, Facts, RealSocket } from "../facts.ts";
import type { Finding } from "../finding.ts";
import type { Process } from "../processes.ts";
import { describe, whoConnects } from "../wording.ts";

/** Programs that pass a socket on to whoever reaches theirs, by the first 15 letters of their names (comm, proc(5)). */
const relaying = new Set(["socat", "systemd-socket-", "nc", "ncat", "netcat", "ssh", "sshd"]);

/**
 * Processes that were started for the real socket and are not connected to it now, such as socat, which connects when somebody
 * comes. What a program was told by a file is not seen.
 */
export const relays: Check = {
  name: "relays",
  group: "real socket",
  live: true,
  look: (facts) =>
    facts.doors.filter(({ status }) => status?.isSocket)
      .flatMap((socket) => lookAt(facts, socket)),
};

interface Told {
  readonly process: Process;
  /** What of its command line names the socket; the rest may hold what is nobody's business. */
  readonly words: readonly string[];
}

function lookAt(facts: Facts, socket: RealSocket): Finding[] {
  const all = toldOf(facts, socket);
  const evidence = ({ process, words }: Told) =>
    `${describe(facts.accounts, process)}: ${words.join(" ")}`;
  const passing = all.filter(({ process }) => relaying.has(process.comm));
  const others = all.filter((one) => !passing.includes(one));
  return [
    ...passing.map((one): Finding => ({
      level: "wrong",
      title: `${one.process.comm} passes ${socket.path} on: whoever reaches it is ${
        whoConnects(facts, socket)
      }`,
      evidence: [evidence(one)],
      fix: [instead(one.process)],
    })),
    ...(others.length === 0 ? [] : [{
      level: "advice" as const,
      title: `started with ${socket.path}, and not connected now: ` +
        (others.length === 1 ? "1 process" : `${others.length} processes`),
      evidence: others.map(evidence),
      fix: ["# what of them is to use the engine, let it use the gate's socket instead"],
    }]),
  ];
}

function toldOf(facts: Facts, socket: RealSocket): Told[] {
  const { host, processes, own, daemons, unix } = facts;
  const self = processes.find(({ pid }) => pid === host.pid);
  const holds = typeof unix === "string" ? [] : holdsOf(facts, socket, unix).holds;
  const known = new Set([
    host.pid,
    ...own.map(({ pid }) => pid),
    ...daemons.map(({ process }) => process?.pid),
    ...holds.map(({ process }) => process.pid),
  ]);
  return processes.flatMap((process) => {
    // In a container, the path may be another file's.
    const elsewhere = process.container !== undefined || process.mnt !== self?.mnt;
    if (known.has(process.pid) || elsewhere) return [];
    const words = process.cmdline.slice(1).filter((word) => names(word, socket));
    return words.length === 0 ? [] : [{ process, words }];
  });
}

/** socat's own words tell where it listens (`UNIX-LISTEN:/x/docker.sock,mode=600,fork`). */
function instead({ cmdline }: Process): string {
  const word = cmdline.find((one) => /^unix-l(?:isten)?:/i.test(one));
  const place = word?.slice(word.indexOf(":") + 1).split(",")[0];
  return place === undefined
    ? "# end it, and let its clients use a listener of the gate's"
    : `# end it, and let the gate listen in its place: listeners: [{ socket: ${place}, policy: read-only }]`;
}

/** A path on its own, or between others of a word: `UNIX-CONNECT:/run/docker.sock,retry`. */
function names(word: string, { named, path }: RealSocket): boolean {
  const paths = [named, path, path.replace(/^\/run\//, "/var/run/")];
  return paths.some((one) => {
    const at = word.indexOf(one);
    if (at < 0) return false;
    const [before, after] = [word[at - 1], word[at + one.length]];
    return (before === undefined || !/[\w.~-]/.test(before)) &&
      (after === undefined || !/[\w./~-]/.test(after));
  });
}

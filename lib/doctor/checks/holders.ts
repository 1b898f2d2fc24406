import { type Hold, holdsOf } from "../connections.ts";
import { adviceForClient } from "../advice.ts";
import type { Check, Facts, RealSocket } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { asRoot, seeContainer, startEngine } from "../fixes.ts";
import { mayBeGate } from "../gate_users.ts";
import { describe, LOOKS_LIKE_GATE } from "../wording.ts";

/** Who is connected to the real socket at this moment, around the gate. */
export const holders: Check = {
  name: "holders",
  group: "real socket",
  live: true,
  look(facts) {
    const { unix } = facts;
    if (typeof unix === "string") {
      return [{
        level: "unknown",
        title: "who is connected to the real socket: the kernel does not list unix sockets",
        evidence: [unix],
        fix: ["modprobe unix_diag"],
      }];
    }
    return facts.doors.filter(({ status }) => status?.isSocket).flatMap((socket) =>
      lookAt(facts, socket, unix)
    );
  },
};

function lookAt(
  facts: Facts,
  socket: RealSocket,
  unix: Exclude<Facts["unix"], string>,
): Finding[] {
  const { holds, hidden, listens } = holdsOf(facts, socket, unix);
  const findings: Finding[] = [];
  if (!listens) {
    findings.push({
      level: "unknown",
      title: `who is connected to ${socket.path}: nobody listens there that can be seen`,
      evidence: [
        "unix_diag(7) of every network namespace that we may look into has no such listener",
      ],
      fix: [facts.host.uid === 0 ? startEngine(socket.path) : asRoot(facts)],
    });
  }
  const may = mayBeGate(facts);
  const [maybe, strangers] = [true, false].map((is) =>
    holds.filter(({ process: { container } }) => may.has(container ?? "") === is)
  ) as [Hold[], Hold[]];
  const told = ({ process, how }: Hold) => `${describe(facts.accounts, process)}: ${how}`;
  if (maybe.length > 0) {
    findings.push({
      level: "unknown",
      title: `whether it is the gate that has ${socket.path} open in a container`,
      evidence: [...maybe.map(told), LOOKS_LIKE_GATE],
      fix: [seeContainer(may)],
    });
  }
  if (strangers.length > 0) {
    const many = strangers.length === 1 ? "1 process has" : `${strangers.length} processes have`;
    findings.push({
      level: "wrong",
      title: `${many} ${socket.path} open around the gate`,
      evidence: strangers.map(told),
      fix: adviceForClient(facts, socket),
    });
  }
  const apart = facts.processes.filter(({ net }) => net === undefined).length;
  if (hidden.length === 0 && apart > 0 && facts.host.uid !== 0) {
    findings.push({
      level: "unknown",
      title:
        `whether containers are connected to ${socket.path}: only root can look into their networks`,
      evidence: [`/proc/PID/ns/net of ${apart} processes is closed to uid ${facts.host.uid}`],
      fix: [asRoot(facts)],
    });
  }
  const kept = isOutermost(facts) ? hidden.filter((end) => facts.lasting.has(end)) : [];
  if (kept.length > 0) {
    findings.push({
      level: "wrong",
      title: `somebody hides ${
        connections(kept)
      } to ${socket.path}: the other end is in no process`,
      evidence: [
        `unix_diag(7): ${kept.map((inode) => `socket:[${inode}]`).join(", ")}`,
        "root sees the descriptors of all: it is under way in a message, or the kernel's for io_uring",
      ],
      fix: [
        "# closes what is left behind; then see who comes back: postern watch",
        "systemctl restart docker.service",
      ],
    });
  }
  const others = hidden.filter((end) => !kept.includes(end));
  if (others.length > 0) {
    findings.push({
      level: "unknown",
      title: `whose ${
        connections(others)
      } to ${socket.path} it is: the other end is in no process that can be looked into`,
      evidence: ["unix_diag(7) has them, and no /proc/PID/fd that we may read does"],
      fix: [
        facts.host.uid === 0
          ? "# run postern doctor on the host itself, not in a container"
          : asRoot(facts),
      ],
    });
  }
  if (findings.length > 0) return findings;
  return [{ level: "fine", title: `nobody is connected to ${socket.path} but the gate` }];
}

function connections(ends: readonly number[]): string {
  return ends.length === 1 ? "1 connection" : `${ends.length} connections`;
}

/** Whether all processes of the machine are to be seen: in the first pid namespace (PROC_PID_INIT_INO, linux/proc_ns.h), as root. */
function isOutermost({ host, processes }: Facts): boolean {
  const self = processes.find(({ pid }) => pid === host.pid);
  return host.uid === 0 && self?.pidNamespace === "pid:[4026531836]";
}

import type { ListenerConfig } from "../../config/types.ts";
import type { FileStatus } from "../../linux/file.ts";
import { formatMode } from "../../config/mode.ts";
import { groupNamed, userNamed } from "../accounts.ts";
import { isAtFile } from "../connections.ts";
import type { Check, Facts } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { line, seeContainer, startGate } from "../fixes.ts";
import { gateUids, mayBeGate } from "../gate_users.ts";
import { listedWriters } from "../listed_writers.ts";
import { listeningTcp, placeOfTcp } from "../listening_tcp.ts";
import { listeningAt } from "../own_processes.ts";
import { realPath } from "../paths.ts";
import { replaceable } from "../replaceable.ts";
import { access, describe } from "../wording.ts";

/** Whether each intercept socket is there, with the mode and owner that the configuration says, where nobody can replace it. */
export const listeners: Check = {
  name: "listeners",
  group: "postern",
  live: true,
  look(facts) {
    const all = facts.configured.config?.listeners ?? [];
    const found = all.flatMap((listener) => lookAt(facts, listener));
    if (found.length > 0 || all.length === 0) return found;
    return [{
      level: "fine",
      title: `open as configured: ${all.map(({ socket }) => socket).join(", ")}`,
    }];
  },
};

function lookAt(facts: Facts, listener: ListenerConfig): Finding[] {
  if (listener.tcp !== undefined) return lookAtPort(facts, listener);
  const { host, accounts } = facts;
  const { name, socket, mode, uid, gid } = listener;
  const path = realPath(host, socket);
  const status = host.status(path);
  if (status === undefined || !status.isSocket) {
    return [{
      level: "wrong",
      title: `the gate does not run: its listener ${name} is not there`,
      evidence: [`${socket}: ${status === undefined ? "nothing is there" : "that is no socket"}`],
      fix: [startGate(facts)],
    }];
  }
  const others = `others can put a socket of their own in the place of ${socket}`;
  const folders = replaceable(facts, others, socket, path, gateUids(facts));
  const findings: Finding[] = [...folders, ...listed(facts, socket, path)];
  const differs = status.mode !== mode || (uid !== undefined && status.uid !== uid) ||
    (gid !== undefined && status.gid !== gid);
  if (differs) {
    const user = uid === undefined ? undefined : userNamed(accounts, uid);
    const group = gid === undefined ? undefined : groupNamed(accounts, gid);
    const ownership = `${user ?? ""}${group === undefined ? "" : `:${group}`}`;
    findings.push({
      level: "wrong",
      title: `${socket} is not as the configuration says`,
      evidence: [
        `there: ${access(accounts, status)}`,
        `configured at ${listener.origin}: ${formatMode(mode)} ${user ?? "any"}:${group ?? "any"}`,
      ],
      // Where others can put a link in its place, it would be the link's target that is opened to the group.
      fix: folders.length > 0 ? ["# once its folder is closed:", startGate(facts)] : [
        ...(ownership === "" ? [] : [line("chown", ownership, path)]),
        line("chmod", formatMode(mode), path),
        `# and to see that it stays so, start the gate anew: ${startGate(facts)}`,
      ],
    });
  }
  const unix = typeof facts.unix === "string" ? [] : facts.unix;
  const [trusted, may] = [gateUids(facts), mayBeGate(facts)];
  const inside = listeningAt(host, [status], facts.contained, unix);
  const maybe = inside.filter(({ container }) => may.has(container ?? ""));
  const strangers = [
    ...listeningAt(host, [status], facts.own, unix)
      .filter(({ uid }) => uid !== undefined && !trusted.has(uid)),
    ...inside.filter((process) => !maybe.includes(process)),
  ];
  if (maybe.length > 0) {
    findings.push({
      level: "unknown",
      title: `whether it is the gate that listens at ${socket}, in a container`,
      evidence: [
        ...maybe.map((process) => describe(accounts, process)),
        "whoever may write the socket's folder can take its place there",
      ],
      fix: [seeContainer(may)],
    });
  }
  if (strangers.length > 0) {
    findings.push({
      level: "wrong",
      title: `somebody else than the gate listens at ${socket}`,
      evidence: strangers.map((process) => describe(accounts, process)),
      fix: [`# see what that is and end it, and then: ${startGate(facts)}`],
    });
  }
  if (!isServed(facts, status)) {
    findings.push({
      level: "wrong",
      title: `the gate does not run: the socket of its listener ${name} is left over`,
      evidence: [`${socket}: nobody listens there, by unix_diag(7)`],
      fix: [startGate(facts)],
    });
  }
  return findings;
}

/** Whom an access control list lets in beside those of the configuration, which has none. */
function listed(facts: Facts, socket: string, path: string): Finding[] {
  const named = listedWriters(facts, path, new Set([0]));
  if (named.length === 0) return [];
  return [{
    level: "wrong",
    title: `an access control list lets others connect to ${socket} than the configuration does`,
    evidence: named,
    fix: [line("setfacl", "-b", path)],
  }];
}

/** A port has no mode and no owner; who may use it is the certificate's matter. */
function lookAtPort(
  facts: Facts,
  { name, socket, insecure, origin }: ListenerConfig,
): Finding[] {
  const { host, own, contained } = facts;
  const ports = [...own, ...contained].map((process) => listeningTcp(host, process));
  const open = ports.some((all) => all?.some((one) => `tcp://${placeOfTcp(one)}` === socket));
  const findings: Finding[] = [];
  if (!open && host.uid === 0) {
    findings.push({
      level: "wrong",
      title: `the gate does not run: its listener ${name} is not open`,
      evidence: [`${socket}: nobody listens there, by /proc/net/tcp`],
      fix: [startGate(facts)],
    });
  }
  if (insecure === true) {
    findings.push({
      level: "advice",
      title: `${socket} (listener ${name}) is open to whoever reaches it, without a certificate`,
      evidence: [`${origin}: insecure`],
      fix: [`# give the listener tls: in ${origin} (postern schema config)`],
    });
  }
  return findings;
}

/** The gate does, or systemd for it; what cannot be seen is taken to be so. */
function isServed(facts: Facts, status: FileStatus): boolean {
  const { host, own, contained, unix, configured: { config } } = facts;
  if (host.uid !== 0 || typeof unix === "string") return true;
  const isListening = (file: FileStatus) => unix.some((one) => one.listens && isAtFile(one, file));
  if (isListening(status)) return true;
  // Where the kernel knows the files by the numbers that we see, what it does not list is not there.
  const others = (config?.listeners ?? []).flatMap(({ socket }) => host.behind(socket) ?? []);
  return own.length + contained.length > 0 && !others.some(isListening);
}

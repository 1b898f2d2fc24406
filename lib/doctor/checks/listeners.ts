import type { ListenerConfig } from "../../config/types.ts";
import type { FileStatus } from "../../linux/file.ts";
import { formatMode } from "../../config/mode.ts";
import { groupNamed, userNamed } from "../accounts.ts";
import { isAtFile } from "../connections.ts";
import type { Check, Facts } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { listeningTcp, placeOfTcp } from "../listening_tcp.ts";
import { foldersOf, realPath } from "../paths.ts";
import { access } from "../wording.ts";

const STICKY = 0o1000;

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
      title: `the gate does not run: ${
        status === undefined ? "nothing is" : "no socket is"
      } at ${socket} (listener ${name})`,
      fix: "systemctl start postern, or: postern serve",
    }];
  }
  const findings: Finding[] = [];
  const differs = status.mode !== mode || (uid !== undefined && status.uid !== uid) ||
    (gid !== undefined && status.gid !== gid);
  if (differs) {
    const owner = `${uid === undefined ? "any" : userNamed(accounts, uid)}:${
      gid === undefined ? "any" : groupNamed(accounts, gid)
    }`;
    findings.push({
      level: "wrong",
      title: `${socket} is not as the configuration says`,
      evidence: [
        `there: ${access(accounts, status)}`,
        `configured at ${listener.origin}: ${formatMode(mode)} ${owner}`,
      ],
      fix: "systemctl restart postern.socket postern, or start the gate again",
    });
  }
  if (!isServed(facts, status)) {
    findings.push({
      level: "wrong",
      title: `nobody listens at ${socket} (listener ${name}): it is left over`,
      fix: "systemctl start postern, or: postern serve",
    });
  }
  const trusted = new Set([
    0,
    facts.configured.config?.runAs?.uid,
    ...facts.own.map((own) => own.uid),
  ]);
  for (const folder of foldersOf(path)) {
    const there = host.behind(folder);
    if (there === undefined) continue;
    const open = (there.mode & 0o022) !== 0 && (there.mode & STICKY) === 0;
    if (!open && trusted.has(there.uid)) continue;
    findings.push({
      level: "wrong",
      title: `others can put a socket of their own in the place of ${socket}`,
      evidence: [`${folder}: ${access(accounts, there)}`],
      fix: open ? `chmod go-w ${folder}` : `chown root ${folder}`,
    });
  }
  return findings;
}

/** A port has no mode and no owner; who may use it is the certificate's matter. */
function lookAtPort(
  { host, own }: Facts,
  { name, socket, insecure, origin }: ListenerConfig,
): Finding[] {
  const ports = own.map((process) => listeningTcp(host, process));
  const open = ports.some((all) => all?.some((one) => `tcp://${placeOfTcp(one)}` === socket));
  const findings: Finding[] = [];
  if (!open && host.uid === 0) {
    findings.push({
      level: "wrong",
      title: `the gate does not run: it does not listen at ${socket} (listener ${name})`,
      fix: "systemctl start postern, or: postern serve",
    });
  }
  if (insecure === true) {
    findings.push({
      level: "advice",
      title: `${socket} (listener ${name}) is open to whoever reaches it, without a certificate`,
      evidence: [`${origin}: insecure`],
      fix: "give the listener tls: (postern schema config)",
    });
  }
  return findings;
}

/** The gate does, or systemd for it; what cannot be seen is taken to be so. */
function isServed({ host, own, unix, configured: { config } }: Facts, status: FileStatus): boolean {
  if (host.uid !== 0 || typeof unix === "string") return true;
  const isListening = (file: FileStatus) => unix.some((one) => one.listens && isAtFile(one, file));
  if (isListening(status)) return true;
  // Where the kernel knows the files by the numbers that we see, what it does not list is not there.
  const others = (config?.listeners ?? []).flatMap(({ socket }) => host.behind(socket) ?? []);
  return own.length > 0 && !others.some(isListening);
}

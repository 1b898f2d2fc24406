import { type AuditedConnect, readConnect } from "./audit_event.ts";
import { readWholeFile } from "../linux/proc.ts";
import { AuditEvents } from "./audit_events.ts";
import { LogTail } from "./log_tail.ts";
import { processFacts } from "./process.ts";
import type { RealSockets } from "./real_sockets.ts";
import type { Found, Hearer, Source } from "./source.ts";

const DEFAULT_LOG = "/var/log/audit/audit.log";
/** How often the log is looked at, in milliseconds. */
const LOOK_MS = 200;

/** Where auditd writes, by its configuration's text (auditd.conf(5)); without one, where it does so by default. */
export function auditLog(conf = readWholeFile("/etc/audit/auditd.conf") ?? ""): string {
  return /^\s*log_file\s*=\s*(\/\S+)/m.exec(conf)?.[1] ?? DEFAULT_LOG;
}

/** Listens to what auditd(8) writes down by the rules of `postern harden`. Throws when the log cannot be opened. */
export function startAudit(sockets: RealSockets, hearer: Hearer, log = auditLog()): Source {
  const tail = new LogTail(log);
  const events = new AuditEvents((records) => {
    const connect = readConnect(records);
    if (connect !== undefined) hearer.found(found(connect, sockets));
  });
  const timer = setInterval(() => {
    try {
      for (const line of tail.lines()) events.take(line);
      events.flush();
    } catch (error) {
      clearInterval(timer);
      hearer.failed((error as Error).message);
    }
  }, LOOK_MS);
  hearer.ready();
  return {
    stop() {
      clearInterval(timer);
      tail.close();
      return Promise.resolve();
    },
  };
}

function found(connect: AuditedConnect, sockets: RealSockets): Found {
  const { files, path, time, errno, pid, uid, parent, comm, exe, command } = connect;
  const file = files.map((file) => sockets.named(file)).find((socket) => socket !== undefined);
  const named = path === undefined ? undefined : sockets.called(path);
  // What the kernel has written down is not left out for that the file has gone since: the rule's key says that it was the socket.
  const socket = file ?? named ?? sockets.paths[0]!;
  const now = processFacts(pid, parent);
  return {
    time,
    socket,
    errno,
    by: file === undefined ? "name" : "file",
    pid,
    uid,
    ...(comm === undefined ? {} : { comm }),
    ...now,
    ...(exe === undefined ? {} : { exe }),
    ...(now.command ?? command) === undefined ? {} : { command: (now.command ?? command)! },
  };
}

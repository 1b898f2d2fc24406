import type { Check, Facts, RealSocket } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { asRoot, closes, line, startEngine } from "../fixes.ts";
import { ownUsers } from "../gate_users.ts";
import { listedWriters } from "../listed_writers.ts";
import { foldersOf } from "../paths.ts";
import { replaceable } from "../replaceable.ts";
import { access, whoConnects } from "../wording.ts";

/** What the real socket is, and who may connect to it or put another in its place. */
export const realSocket: Check = {
  name: "real-socket",
  group: "real socket",
  look: (facts) => facts.doors.flatMap((socket) => lookAt(facts, socket)),
};

function lookAt(facts: Facts, socket: RealSocket): Finding[] {
  const { host, accounts, live } = facts;
  const { named, path, status } = socket;
  const where = named === path ? path : `${path} (${named} leads there)`;
  if (status === undefined) {
    if (host.behind(path) !== undefined || !live) return [];
    const closed = foldersOf(path).find((folder) => host.behind(folder) === undefined);
    return [{
      level: "unknown",
      title: "who may connect to the real socket: no engine has made it",
      evidence: [
        `${where}: ${
          closed === undefined ? "nothing is there" : `${closed} is closed to us, or not there`
        }`,
      ],
      fix: [host.uid === 0 || closed === undefined ? startEngine(path) : asRoot(facts)],
    }];
  }
  const seen = `${where}: ${access(accounts, status)}`;
  if (!status.isSocket) {
    return [{
      level: "wrong",
      title: `${path} is no socket`,
      evidence: [seen],
      fix: [
        "# docker run -v makes a folder of a socket that is not there yet",
        line("mv", path, `${path}.old`),
        "systemctl restart docker.socket docker.service",
      ],
    }];
  }
  const who = whoConnects(facts, socket);
  const title = `others than root can put another socket in the place of ${path}`;
  const findings = replaceable(facts, title, named, path, new Set([0, status.uid]));
  // Where others can put a link in its place, a command would change what that leads to.
  const first = (command: string) =>
    findings.length > 0 ? ["# once its folder is closed:"] : [command, "# and for good:"];
  if ((status.mode & 0o002) !== 0) {
    findings.push({
      level: "wrong",
      title: `everybody on this host can connect to ${path}, and whoever connects is ${who}`,
      evidence: [seen],
      fix: [...first(line("chmod", "o-rwx", host.root + path)), ...closes(facts, socket)],
    });
  } else if (status.uid !== 0 && who === "root" && !ownersOwn(path, status.uid)) {
    findings.push({
      level: "wrong",
      title: `${path} belongs to another user than root, who can open it to everybody`,
      evidence: [seen],
      fix: [...first(line("chown", "root", host.root + path)), ...closes(facts, socket)],
    });
  }
  findings.push(...listed(facts, socket));
  return findings.length > 0 ? findings : [{ level: "fine", title: seen }];
}

/** Whom an access control list lets in beside the owner and the group: `ls -l` shows no more of it than a `+`. */
function listed(facts: Facts, socket: RealSocket): Finding[] {
  const { path } = socket;
  const named = listedWriters(facts, path, new Set([0, ...ownUsers(facts)]));
  if (named.length === 0) return [];
  return [{
    level: "wrong",
    title: `an access control list lets others connect to ${path}, and whoever connects is ${
      whoConnects(facts, socket)
    }`,
    evidence: named,
    fix: [line("setfacl", "-b", facts.host.root + path)],
  }];
}

/** A rootless engine's socket is its user's own (/run/user/UID). */
function ownersOwn(path: string, uid: number): boolean {
  return path.startsWith(`/run/user/${uid}/`);
}

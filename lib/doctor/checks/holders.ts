import { holdsOf } from "../connections.ts";
import type { Check, Facts, RealSocket } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { asRoot, describe } from "../wording.ts";

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
        fix: "modprobe unix_diag",
      }];
    }
    return facts.sockets.filter(({ status }) => status?.isSocket).flatMap((socket) =>
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
      fix: facts.host.uid === 0 ? "start the engine: systemctl start docker" : asRoot,
    });
  }
  if (holds.length > 0) {
    const many = holds.length === 1 ? "1 process has" : `${holds.length} processes have`;
    findings.push({
      level: "wrong",
      title: `${many} ${socket.path} open around the gate`,
      evidence: holds.map(({ process, how }) => `${describe(facts.accounts, process)}: ${how}`),
      fix: adviceFor(facts, socket),
    });
  }
  const apart = facts.processes.filter(({ net }) => net === undefined).length;
  if (hidden === 0 && apart > 0 && facts.host.uid !== 0) {
    findings.push({
      level: "unknown",
      title:
        `whether containers are connected to ${socket.path}: only root can look into their networks`,
      fix: asRoot,
    });
  }
  if (hidden > 0) {
    const connections = hidden === 1 ? "1 connection" : `${hidden} connections`;
    findings.push({
      level: "unknown",
      title:
        `whose ${connections} to ${socket.path} it is: the other end is in no process that can be looked into`,
      fix: facts.host.uid === 0 ? "run postern doctor in the host's own pid namespace" : asRoot,
    });
  }
  if (findings.length > 0) return findings;
  return [{ level: "fine", title: `nobody is connected to ${socket.path} but the gate` }];
}

/** An intercept socket of this engine's, when there is one. `files`: only one that a container can mount. */
export function adviceFor(
  { configured: { config } }: Facts,
  { named }: Pick<RealSocket, "named">,
  files = false,
): string {
  const ways = (config?.listeners ?? []).filter(({ protocol, upstream, tcp }) =>
    protocol === "http" && upstream === named && !(files && tcp !== undefined)
  );
  if (ways.length === 0) {
    return "give it an intercept socket instead: postern harden plan --only systemd";
  }
  const places = ways.map(({ socket, name }) => `${socket} (policy ${policyOf(config!, name)})`);
  return `let it use ${places.join(" or ")} instead, ` +
    (files ? "mounted at the same place" : "such as with DOCKER_HOST");
}

function policyOf({ gate }: NonNullable<Facts["configured"]["config"]>, listener: string): string {
  return gate.listenerPolicies[listener] ?? gate.defaultPolicy;
}

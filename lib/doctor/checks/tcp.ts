import type { Daemon } from "../daemon.ts";
import type { Check, Facts } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { asRoot, line } from "../fixes.ts";
import { listeningTcp, placeOfTcp, type TcpListener } from "../listening_tcp.ts";
import { readUnit } from "../units.ts";

/** An engine that is open to the network, where nobody asks who calls. */
export const tcp: Check = {
  name: "tcp",
  group: "engine",
  async look(facts) {
    const here = facts.daemons.filter(({ process }) => process?.container === undefined);
    const running = here.filter(({ process }) => process !== undefined);
    const next = here.filter(({ process }) => process === undefined);
    const look = async (some: readonly Daemon[]) =>
      (await Promise.all(some.map((daemon) => lookAt(facts, daemon)))).flat();
    const now = await look(running);
    // What runs was told already; the unit says what comes after it.
    const found = now.length > 0 ? now : await look(next);
    if (found.length > 0 || here.length === 0) return found;
    const unread = here.find(({ unread }) => unread !== undefined)?.unread;
    if (unread !== undefined) {
      return [{
        level: "unknown",
        title:
          "whether the engine is open to the network: not all that it is started with is known",
        evidence: [unread.message],
        fix: [
          facts.host.uid === 0 ? line("ls", "-ld", facts.host.root + unread.path) : asRoot(facts),
        ],
      }];
    }
    const closed = here.find(({ process }) =>
      process !== undefined && process.sockets === undefined
    );
    if (closed !== undefined) {
      return [{
        level: "unknown",
        title: "whether the engine listens on TCP: only root can see its ports",
        evidence: [`${closed.origin}: its command line and daemon.json name none`],
        fix: [asRoot(facts)],
      }];
    }
    return [{
      level: "fine",
      title: "the engine is not open to the network without TLS",
      evidence: here.map(({ origin, hosts }) =>
        `${origin}: ${hosts.join(" ") || "no hosts named"}`
      ),
    }];
  },
};

async function lookAt(facts: Facts, daemon: Daemon): Promise<Finding[]> {
  const { process } = daemon;
  const verifies = daemon.setting("tlsverify") === true;
  const said = [
    ...daemon.hosts.filter(isTcp).map((host) => `${host} (${daemon.origin})`),
    ...handedOver(facts, daemon),
  ];
  // Asked of the engine itself where we are in its network: settings tell what was meant.
  const self = facts.processes.find(({ pid }) => pid === facts.host.pid);
  const ports = process !== undefined && process.net === self?.net
    ? listeningTcp(facts.host, process) ?? []
    : [];
  const plain: string[] = [];
  for (const listener of ports) {
    if (await facts.host.answersPlainly(reachable(listener), listener.port) === true) {
      plain.push(`${placeOfTcp(listener)} answers a ping without TLS (pid ${process!.pid})`);
    }
  }
  if (plain.length === 0 && (verifies || said.length === 0)) return [];
  const encrypted = plain.length === 0 && daemon.setting("tls") === true;
  return [{
    level: "wrong",
    title: encrypted
      ? "the engine listens on TCP and asks no client for a certificate: whoever reaches it is root"
      : "the engine listens on TCP without TLS: whoever reaches it is root",
    evidence: [...said, ...plain],
    fix: [
      "# take it out of where it is said (hosts in daemon.json, -H in docker.service, ListenStream in " +
      "docker.socket), or set tlsverify, tlscacert, tlscert and tlskey in daemon.json, and then: " +
      "systemctl daemon-reload; systemctl restart docker.socket docker.service",
    ],
  }];
}

/** With or without its scheme, as `-H :2375`. */
function isTcp(host: string): boolean {
  return host.startsWith("tcp://") || (!host.includes("://") && !host.startsWith("/"));
}

/** Ports that systemd opens for it. */
function handedOver({ host }: Facts, { hosts }: Daemon): string[] {
  if (!hosts.some((name) => name.startsWith("fd://"))) return [];
  const unit = readUnit(host, "docker.socket");
  return (unit?.values("ListenStream") ?? []).filter((value) => /^[^/@].*$|^\d+$/.test(value))
    .map((value) => `ListenStream=${value} (${[unit!.file, ...unit!.dropIns].join(", ")})`);
}

function reachable({ address }: TcpListener): string {
  return address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
}

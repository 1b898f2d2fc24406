import type { Check, Facts, RealSocket } from "../facts.ts";
import { type Container, nameOf } from "../engine.ts";
import type { Finding } from "../finding.ts";
import { isUnder, realPath } from "../paths.ts";
import { attempt } from "../processes.ts";
import { asRoot } from "../wording.ts";
import { adviceFor } from "./holders.ts";

/** Containers that mount the real socket, or a folder that holds it. */
export const containers: Check = {
  name: "containers",
  group: "engine",
  live: true,
  look(facts) {
    return facts.engines.flatMap((engine): Finding[] => {
      const socket = facts.sockets.find(({ named }) => named === engine.socket)!;
      if (engine.containers === undefined) {
        // That nothing listens was told already.
        if (socket.status === undefined) return [];
        return [{
          level: "unknown",
          title: "which containers mount the real socket: the engine does not tell",
          evidence: [engine.why!],
          fix: facts.host.uid === 0
            ? "a sealed engine answers while the file of break_glass is there; else: systemctl status docker"
            : asRoot,
        }];
      }
      const gate = new Set(facts.own.flatMap(({ container }) => container ?? []));
      const found = engine.containers.filter(({ Id }) => !gate.has(Id)).flatMap((container) => {
        const ways = mountsRealSocket(facts, container, socket);
        return ways.length === 0 ? [] : [lookAt(facts, socket, container, ways)];
      });
      const all = engine.containers.length;
      if (found.length > 0) return found;
      const none = all === 0 ? "there are no containers" : `none of ${all} containers`;
      return [{
        level: "fine",
        title: all === 0 ? none : `${none} mounts ${socket.path} or a folder that holds it`,
      }];
    });
  },
};

function lookAt(facts: Facts, socket: RealSocket, container: Container, ways: string[]): Finding {
  const state = container.State?.Running === true ? "runs" : "is stopped, and can be started";
  return {
    level: "wrong",
    title: `the container ${nameOf(container)} mounts the real socket: it is root on this host`,
    evidence: [...ways, `it ${state}`],
    fix: adviceFor(facts, socket, true),
  };
}

/** The mounts through which a container reaches the socket: `/run -> /host/run, which holds it`. */
export function mountsRealSocket(
  { host }: Pick<Facts, "host">,
  { Mounts }: Container,
  { path }: RealSocket,
): string[] {
  return (Mounts ?? []).flatMap(({ Source, Destination, RW }) => {
    if (!Source?.startsWith("/")) return [];
    const source = attempt(() => realPath(host, Source)) ?? Source;
    if (!isUnder(path, source)) return [];
    return [
      `${Source} -> ${Destination}` + (source === path ? "" : ", which holds it") +
      (RW === false ? ", read-only, which keeps nobody from connecting" : ""),
    ];
  });
}

import { adviceForContainer } from "../advice.ts";
import { type Engine, nameOf } from "../engine.ts";
import type { Container } from "../engine_answers.ts";
import type { Check, Facts, RealSocket } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { asRoot, seeContainer, startEngine } from "../fixes.ts";
import { mayBeGate } from "../gate_users.ts";
import { isUnder, realPath } from "../paths.ts";
import { attempt } from "../processes.ts";
import { LOOKS_LIKE_GATE, whoConnects } from "../wording.ts";

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
          fix: engine.asleep ? [startEngine(socket.path)] : facts.host.uid === 0
            ? [
              "# an engine that is sealed answers while the file of break_glass is there; else see why:",
              "systemctl status docker.service",
            ]
            : [asRoot(facts)],
        }];
      }
      const doors = facts.doors.filter((door) => door === socket || door.beside === socket.named);
      const found = engine.containers.flatMap((container) => {
        const ways = doors.flatMap((door) => mountsRealSocket(facts, engine, container, door));
        return ways.length === 0 ? [] : [lookAt(facts, socket, container, ways)];
      });
      if (found.length > 0) return found;
      const all = engine.containers.length;
      return [{
        level: "fine",
        title: all === 0
          ? "no container mounts the real socket: there are none"
          : `none of ${all} containers mounts ${
            doors.map(({ path }) => path).join(", ")
          } or a folder that holds it`,
      }];
    });
  },
};

/** A mount through which a container reaches the real socket. */
interface Way {
  /** `/run -> /host/run, which holds it`. */
  readonly told: string;
  /** Where the socket itself is in the container; undefined for a folder that holds it. */
  readonly socketAt?: string;
}

function lookAt(facts: Facts, socket: RealSocket, container: Container, ways: Way[]): Finding {
  const state = container.running ? "it runs" : "it is stopped, and can be started";
  // A gate needs the socket alone: with its folder, it could put others in its place.
  if (mayBeGate(facts).has(container.Id) && ways.every(({ socketAt }) => socketAt !== undefined)) {
    return {
      level: "unknown",
      title: `whether the container ${nameOf(container)} is the gate: it mounts the real socket, ` +
        `and is ${whoConnects(facts, socket)} on this host if it is not`,
      evidence: [...ways.map(({ told }) => told), LOOKS_LIKE_GATE],
      fix: [seeContainer([container.Id])],
    };
  }
  return {
    level: "wrong",
    title: `the container ${nameOf(container)} mounts the real socket: it is ${
      whoConnects(facts, socket)
    } on this host`,
    evidence: [...ways.map(({ told }) => told), state],
    fix: adviceForContainer(facts, socket, ways.find(({ socketAt }) => socketAt)?.socketAt),
  };
}

export function mountsRealSocket(
  { host }: Pick<Facts, "host">,
  { binds }: Engine,
  { mounts }: Container,
  { path }: RealSocket,
): Way[] {
  return mounts.flatMap(({ Source, Destination, Name, RW }): Way[] => {
    const bind = Name === undefined ? undefined : binds?.get(Name);
    const from = bind ?? Source;
    if (!from?.startsWith("/")) return [];
    const source = attempt(() => realPath(host, from)) ?? from;
    if (!isUnder(path, source)) return [];
    const isSocket = source === path;
    return [{
      told: [
        `${from} -> ${Destination}`,
        ...(isSocket ? [] : ["which holds it"]),
        ...(bind === undefined ? [] : [`by the volume ${Name}`]),
        ...(!RW ? ["read-only, which keeps nobody from connecting"] : []),
      ].join(", "),
      ...(isSocket && Destination !== undefined ? { socketAt: Destination } : {}),
    }];
  });
}

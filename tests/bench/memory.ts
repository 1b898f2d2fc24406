import { h2load } from "./load/h2load.ts";
import { hold } from "./load/own.ts";
import type { Peer } from "./peers/peer.ts";
import { type Resident, resident } from "./proc.ts";
import { RunningPeer } from "./target.ts";
import { pause } from "./waiting.ts";

/** A relay is given so long to take what waits in its backlog, and to tidy up, in milliseconds. */
const SETTLE = 500;

/** What a relay holds, in bytes, and what it still does with 10,000 idle connections. */
export interface Memory {
  readonly ok: true;
  readonly idle: Resident;
  /** After 60,000 small requests. */
  readonly afterLoad: Resident;
  /** Each connection beyond the first thousand, up to 10,000 that have sent nothing yet. */
  readonly perConnection: number;
  /** Each beyond the first thousand, up to 5,000 that have been served and wait with their engine connection. */
  readonly perServed: number;
  /** Connections and requests that failed. */
  readonly failed: number;
  /** Requests a second on 16 more connections, beside the 10,000. */
  readonly rateMeanwhile: number;
}

/** Measures one relay, freshly started in front of the small engine. */
export async function measureMemory(
  peer: Peer,
  upstream: string,
  directory: string,
): Promise<Memory> {
  await using running = await RunningPeer.start(peer, upstream, directory);
  const { socket, pid } = running;
  const idle = await settled(pid);
  const load = await loadSmall(socket, 60_000);
  const afterLoad = await settled(pid);
  await using first = await hold("silent", socket, 1000, directory);
  const atThousand = await settled(pid);
  await using others = await hold("silent", socket, 9000, directory);
  const atAll = await settled(pid);
  const meanwhile = await loadSmall(socket, 20_000);
  const served = await measureServed(peer, upstream, directory);
  return {
    ok: true,
    idle,
    afterLoad,
    perConnection: (atAll.own - atThousand.own) / 9000,
    perServed: served.each,
    failed: load.failed + first.failed + others.failed + meanwhile.failed + served.failed,
    rateMeanwhile: meanwhile.requests / meanwhile.seconds,
  };
}

function loadSmall(socket: string, requests: number): ReturnType<typeof h2load> {
  const path = "/containers/json";
  return h2load({ socket, requests, connections: 16, path, expect: "2xx" });
}

async function settled(pid: number): Promise<Resident> {
  await pause(SETTLE);
  return resident(pid);
}

async function measureServed(
  peer: Peer,
  upstream: string,
  directory: string,
): Promise<{ readonly each: number; readonly failed: number }> {
  await using running = await RunningPeer.start(peer, upstream, directory);
  await using first = await hold("idle", running.socket, 1000, directory);
  const atThousand = await settled(running.pid);
  await using others = await hold("idle", running.socket, 4000, directory);
  const atAll = await settled(running.pid);
  return { each: (atAll.own - atThousand.own) / 4000, failed: first.failed + others.failed };
}

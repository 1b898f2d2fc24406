import { missingForEngine, startPrivateEngine } from "../support/private_engine.ts";
import { measureMemory, type Memory } from "./memory.ts";
import { packageVersions } from "./packages.ts";
import { haproxySilent } from "./peers/haproxy.ts";
import { nginx } from "./peers/nginx.ts";
import { nodeNet } from "./peers/node_net.ts";
import { posternSilent } from "./peers/postern.ts";
import { Child } from "./process.ts";
import { describeMachine, type Results } from "./results.ts";
import { measureRounds, type Setting } from "./rounds.ts";
import { measureStartUp } from "./startup.ts";
import type { Failed } from "./sample.ts";
import { startNginxEngine } from "./upstream/nginx.ts";
import { listening } from "./waiting.ts";
import { workloads } from "./workloads/all.ts";
import type { Upstream, Workload } from "./workloads/workload.ts";

/** Measures the workloads, start-up and memory whose names are wanted. */
export async function measure(
  wanted: (name: string) => boolean,
  setting: Setting,
): Promise<Results> {
  const { directory, rounds, scale } = setting;
  const chosen = workloads.filter(({ name }) => wanted(name));
  const of = (upstream: Upstream) => chosen.filter((workload) => workload.upstream === upstream);
  const socket = `${directory}/engine.sock`;
  const streams = `${directory}/streams.sock`;
  await using _streams = await startStreams(streams, directory);
  await using _engine = await startNginxEngine(socket, streams, directory);
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    versions: `${await packageVersions()}, Deno ${Deno.version.deno}`,
    rounds,
    scale,
    ways: Object.fromEntries(
      chosen.flatMap(({ ways }) => ways.map((way) => [way.name, way.about])),
    ),
    samples: {
      ...await measureRounds(of("engine"), socket, setting),
      ...await measureRounds(of("streams"), streams, setting),
      ...await measureDockerd(of("dockerd"), setting),
    },
    startUp: wanted("startup") ? await measureStarts(socket, setting) : {},
    memory: wanted("memory") ? await measureMemories(socket, setting) : {},
  };
}

async function startStreams(socket: string, directory: string): Promise<Child> {
  const program = new URL("./upstream/streams.ts", import.meta.url).pathname;
  const log = `${directory}/streams.log`;
  const child = new Child(Deno.execPath(), ["run", "-A", program, socket], { log });
  await listening(socket, child);
  return child;
}

async function measureDockerd(
  list: readonly Workload[],
  setting: Setting,
): Promise<Results["samples"]> {
  if (list.length === 0) return {};
  const engine = missingForEngine() ??
    await startPrivateEngine().catch((error: Error) => error.message);
  if (typeof engine === "string") {
    setting.progress(`dockerd is left out: ${engine}`);
    return {};
  }
  await using _ends = engine;
  return await measureRounds(list, engine.socket, setting);
}

async function measureStarts(upstream: string, setting: Setting): Promise<Results["startUp"]> {
  const peers = [posternSilent, haproxySilent, nginx, nodeNet];
  const all: Record<string, number[]> = Object.fromEntries(peers.map(({ name }) => [name, []]));
  const failed = new Set<string>();
  for (let round = 0; round < 2 * setting.rounds; round++) {
    for (const peer of peers.filter(({ name }) => !failed.has(name))) {
      setting.signal.throwIfAborted();
      try {
        all[peer.name]!.push(await measureStartUp(peer, upstream, setting.directory));
      } catch (error) {
        setting.progress(`startup: ${(error as Error).message}`);
        failed.add(peer.name);
        all[peer.name] = [];
      }
    }
  }
  setting.progress("startup");
  return all;
}

async function measureMemories(upstream: string, setting: Setting): Promise<Results["memory"]> {
  const all: Record<string, Memory | Failed> = {};
  for (const peer of [posternSilent, haproxySilent, nginx]) {
    setting.signal.throwIfAborted();
    try {
      all[peer.name] = await measureMemory(peer, upstream, setting.directory);
    } catch (error) {
      all[peer.name] = { ok: false, failed: 1, reason: (error as Error).message };
    }
    setting.progress(`memory of ${peer.name}`);
  }
  return all;
}

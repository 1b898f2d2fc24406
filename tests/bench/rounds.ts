import type { Way } from "./peers/peer.ts";
import type { Results } from "./results.ts";
import type { Sample } from "./sample.ts";
import { Ways } from "./ways.ts";
import type { Workload } from "./workloads/workload.ts";

/** How a run of the benchmark is done. */
export interface Setting {
  readonly rounds: number;
  /** This part of each load. */
  readonly scale: number;
  /** Where files go meanwhile. */
  readonly directory: string;
  /** Ends the run before the next sample. */
  readonly signal: AbortSignal;
  progress(text: string): void;
}

/** The part of a load that each way gets once before, for nothing: compilers and pools warm up. */
const WARM_UP = 0.25;

/** Runs workloads of one upstream, each over all its ways in turn: A B C A B C …. */
export async function measureRounds(
  workloads: readonly Workload[],
  upstream: string,
  setting: Setting,
): Promise<Results["samples"]> {
  const { rounds, scale, directory, progress } = setting;
  await using ways = new Ways(upstream, directory);
  const all: Record<string, Record<string, Sample[]>> = {};
  for (const workload of workloads) {
    const samples: Record<string, Sample[]> = {};
    for (const { name } of workload.ways) samples[name] = [];
    all[workload.name] = samples;
    for (const way of workload.ways) await runOnce(workload, way, ways, setting, scale * WARM_UP);
    for (let round = 1; round <= rounds; round++) {
      for (const way of workload.ways) {
        samples[way.name]!.push(await runOnce(workload, way, ways, setting, scale));
      }
      progress(`${workload.name} ${round}/${rounds}`);
    }
  }
  return all;
}

/** A relay whose run broke off is in an unknown state: it is ended, and the next run starts it anew. */
async function runOnce(
  workload: Workload,
  way: Way,
  ways: Ways,
  { directory, signal, progress }: Setting,
  scale: number,
): Promise<Sample> {
  signal.throwIfAborted();
  try {
    return await workload.run(await ways.target(way), directory, scale);
  } catch (error) {
    const reason = (error as Error).message;
    progress(`${workload.name} of ${way.name}: ${reason}`);
    await ways.end(way);
    return { ok: false, failed: 1, reason: reason.slice(0, 200) };
  }
}

import type { Memory } from "./memory.ts";
import type { Failed, Sample } from "./sample.ts";

/** Everything that a run of the benchmark measured; what `results/latest.json` holds. */
export interface Results {
  readonly date: string;
  readonly machine: string;
  /** Packages and their versions. */
  readonly versions: string;
  readonly rounds: number;
  /** Part of each load that was run: 1, or less in a trial. */
  readonly scale: number;
  /** Way → what it is. */
  readonly ways: Readonly<Record<string, string>>;
  /** Workload → way → one sample a round. */
  readonly samples: Readonly<Record<string, Readonly<Record<string, readonly Sample[]>>>>;
  /** Way → milliseconds to the first byte served, two a round; none when it did not start each time. */
  readonly startUp: Readonly<Record<string, readonly number[]>>;
  /** Way → memory, one a run. */
  readonly memory: Readonly<Record<string, Memory | Failed>>;
}

/** The machine in a line, without its name. */
export function describeMachine(): string {
  const model = /^model name\s*: (.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1];
  const processor = model ?? Deno.build.arch;
  return `${navigator.hardwareConcurrency} processors (${processor}), Linux ${Deno.osRelease()}`;
}

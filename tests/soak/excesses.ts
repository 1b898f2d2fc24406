import { alive, growth, laterHalf, resident } from "./memory.ts";
import { type Report, WORKERS } from "./soak.ts";

/** Ends of pipes that the gate may keep for later streams: 64 pipes for each worker (relay/pipes.ts). */
const KEPT = WORKERS * 64 * 2;

/** What the gate still has at the end that it had not before; nothing where nothing leaks. */
export function excesses({ before, after }: Pick<Report, "before" | "after">): string[] {
  const found: string[] = [];
  for (const name of ["sockets", "others", "threads"] as const) {
    if (after[name] > before[name]) found.push(`${name}: ${after[name]}, before ${before[name]}`);
  }
  if (after.pipes > before.pipes + KEPT) found.push(`ends of pipes: ${after.pipes}`);
  return found;
}

/** Bytes a request that memory may grow by in the later half of a run. */
export interface Most {
  /** In RAM: what V8 takes and keeps for later is among it, and what the C library does. */
  readonly resident: number;
  /** Alive in V8, where all that the gate remembers is. */
  readonly live: number;
}

/** Whether memory grew for good. */
export function leaks({ samples }: Pick<Report, "samples">, most: Most): string[] {
  const later = laterHalf(samples);
  if ((later[0]?.live.size ?? 0) < WORKERS) return ["V8 has not told what the workers keep alive"];
  const found = [
    ["memory in RAM", growth(resident(later)), most.resident],
    ["what V8 keeps alive", growth(alive(later)), most.live],
  ] as const;
  return found.filter(([, bytes, limit]) => bytes > limit).map(([what, bytes]) =>
    `${what} grew by ${bytes.toFixed(0)} bytes a request in the later half`
  );
}

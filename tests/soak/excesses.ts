import { growth, laterHalf } from "./memory.ts";
import type { Report } from "./soak.ts";

/** Ends of pipes that the gate may keep for later streams: 64 pipes for each of two workers (relay/pipes.ts). */
const KEPT = 2 * 64 * 2;

/** What the gate still has at the end that it had not before; nothing where nothing leaks. */
export function excesses({ before, after }: Report): string[] {
  const found: string[] = [];
  for (const name of ["sockets", "others", "threads"] as const) {
    if (after[name] > before[name]) found.push(`${name}: ${after[name]}, before ${before[name]}`);
  }
  if (after.pipes > before.pipes + KEPT) found.push(`ends of pipes: ${after.pipes}`);
  return found;
}

/** Whether memory grew for good: more than `most` bytes a request in the later half. */
export function leaks({ samples }: Report, most: number): string[] {
  const bytes = growth(laterHalf(samples));
  return bytes > most
    ? [`memory grew by ${bytes.toFixed(0)} bytes a request in the later half`]
    : [];
}

import { libc } from "./libc.ts";

const CLOCK_MONOTONIC = 1;
const time = new BigInt64Array(2);
const timeBytes = new Uint8Array(time.buffer);

/** CLOCK_MONOTONIC in microseconds, as other processes read it too (clock_gettime(2)). */
export function monotonicMicroseconds(): bigint {
  libc.clock_gettime(CLOCK_MONOTONIC, timeBytes);
  return time[0]! * 1_000_000n + time[1]! / 1000n;
}

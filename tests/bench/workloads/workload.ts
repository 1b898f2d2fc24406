import type { Way } from "../peers/peer.ts";
import type { Sample } from "../sample.ts";
import type { Target } from "../target.ts";

/** What is loaded at the far end: the small nginx, the server of long streams, or a real engine. */
export type Upstream = "engine" | "streams" | "dockerd";

/** Something that clients do with an engine, over and over. */
export interface Workload {
  readonly name: string;
  /** What clients do, as a heading. */
  readonly title: string;
  /** What a reader must know of how a way behaves in it. */
  readonly note?: string;
  readonly unit: "requests/s" | "GB/s";
  readonly upstream: Upstream;
  readonly ways: readonly Way[];
  /** Runs it once, `scale` times its size; files go to `directory`. Throws when it breaks off. */
  run(target: Target, directory: string, scale: number): Promise<Sample>;
}

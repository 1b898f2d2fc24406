import { hold } from "../load/own.ts";
import { direct } from "../peers/peer.ts";
import { runSmall } from "./small.ts";
import { gates } from "./relays.ts";
import type { Workload } from "./workload.ts";

const STREAMS = 500;

/** Small GETs while other clients are attached to containers that say nothing. */
export const mix: Workload = {
  name: "mix",
  title: "Small GETs on 16 connections beside 500 silent hijacked streams",
  unit: "requests/s",
  upstream: "engine",
  ways: [direct, ...gates],
  async run(target, directory, scale) {
    await using held = await hold("hijacked", target.socket, STREAMS, directory);
    if (held.failed > 0) throw new Error(`${held.failed} of ${STREAMS} streams were not hijacked`);
    return await runSmall(target, directory, scale, { connections: 16, requests: 50_000 });
  },
};

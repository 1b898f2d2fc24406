import { stream as load, type StreamKind } from "../load/own.ts";
import { direct } from "../peers/peer.ts";
import { sample } from "../sample.ts";
import { metered } from "../target.ts";
import { relays } from "./relays.ts";
import type { Workload } from "./workload.ts";

const MEBIBYTES = 1024;
/** Mebibytes in the gigabyte that rates are told in. */
const GIGABYTE = 1e9 / 2 ** 20;

/** One long stream. */
export function stream(name: StreamKind, title: string): Workload {
  return {
    ...{ name, title, unit: "GB/s", upstream: "streams", ways: [direct, ...relays] },
    async run(target, _directory, scale) {
      const amount = Math.max(1, Math.round(MEBIBYTES * scale));
      const ran = await metered(target, () => load(name, target.socket, amount));
      return sample({ ...ran, amount, failed: 0 }, GIGABYTE);
    },
  };
}

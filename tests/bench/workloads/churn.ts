import { churn as load } from "../load/own.ts";
import { haproxyShipped } from "../peers/haproxy.ts";
import { direct } from "../peers/peer.ts";
import { posternManyRules } from "../peers/postern.ts";
import { sample } from "../sample.ts";
import { metered } from "../target.ts";
import { relays } from "./relays.ts";
import type { Workload } from "./workload.ts";

/** A new connection for every request. */
export const churn: Workload = {
  name: "churn",
  title: "Small GETs, a connection for each, 16 at a time",
  note: "The client waits where a backlog is full.",
  unit: "requests/s",
  upstream: "engine",
  ways: [direct, ...relays, haproxyShipped, posternManyRules],
  async run(target, _directory, scale) {
    const amount = Math.max(16, Math.round(15_000 * scale));
    const ran = await metered(target, () => load(target.socket, amount));
    return sample({ ...ran, amount });
  },
};

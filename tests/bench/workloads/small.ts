import { h2load } from "../load/h2load.ts";
import type { Way } from "../peers/peer.ts";
import { type Sample, sample } from "../sample.ts";
import { metered, type Target } from "../target.ts";
import type { Upstream, Workload } from "./workload.ts";

/** Small requests on kept-alive connections. */
export interface Small {
  readonly connections: number;
  readonly requests: number;
  readonly path?: string;
  /** Bytes of a harmless containers.create to POST. */
  readonly post?: number;
  readonly expect?: "4xx";
  /** Whether the latency of each request is of interest. */
  readonly latency?: boolean;
}

/** A workload of small requests. */
export function small(
  name: string,
  title: string,
  ways: readonly Way[],
  what: Small,
  more: { readonly upstream?: Upstream; readonly note?: string } = {},
): Workload {
  return {
    ...{ name, title, unit: "requests/s", upstream: "engine", ways, ...more },
    run: (target, directory, scale) => runSmall(target, directory, scale, what),
  };
}

/** Runs it once with `scale` times its requests. */
export async function runSmall(
  target: Target,
  directory: string,
  scale: number,
  what: Small,
): Promise<Sample> {
  const { connections, path = "/containers/json", post, expect = "2xx", latency = false } = what;
  const requests = Math.max(connections, Math.round(what.requests * scale));
  const body = post === undefined ? {} : { body: `${directory}/body-${post}` };
  if (body.body !== undefined) await Deno.writeTextFile(body.body, createBody(post!));
  const log = latency ? { log: `${directory}/latencies` } : {};
  const { socket } = target;
  const load = await metered(
    target,
    () => h2load({ socket, requests, connections, path, expect, ...body, ...log }),
  );
  const logged = target.log === undefined ? requests : await takeLines(target.log);
  if (logged < requests) throw new Error(`${logged} lines logged of ${requests} requests`);
  return sample({ ...load, amount: requests });
}

/** What a client of a CI system asks for: most of it is environment. */
function createBody(bytes: number): string {
  const body = (env: string[]) =>
    JSON.stringify({
      Image: "alpine:3.20",
      Cmd: ["sh", "-c", "make test"],
      Labels: { team: "ci" },
      Env: env,
      HostConfig: { NetworkMode: "bridge", Memory: 1073741824, AutoRemove: true },
    });
  const env = Array.from({ length: 100 }, (_, i) => `CI_VARIABLE_${i}=the value of variable ${i}`);
  const padding = bytes - body([...env, ""]).length;
  return body([...env, "x".repeat(padding)]);
}

/** Counts the lines of a relay's log and empties it: a run writes tens of megabytes. */
async function takeLines(log: string): Promise<number> {
  const lines = (await Deno.readFile(log)).reduce((sum, byte) => sum + Number(byte === 0x0a), 0);
  await Deno.truncate(log);
  return lines;
}

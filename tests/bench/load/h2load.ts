import { output } from "../process.ts";
import { quantile } from "../statistics.ts";

/** What a run of h2load did. */
export interface Load {
  readonly requests: number;
  /** Requests without an answer, or with one of an unexpected class. */
  readonly failed: number;
  readonly seconds: number;
  /** The middle latency, in microseconds. */
  readonly p50?: number;
}

export interface LoadOptions {
  readonly socket: string;
  readonly requests: number;
  readonly connections: number;
  /** Beginning with a slash. */
  readonly path: string;
  /** A file of JSON to POST. */
  readonly body?: string;
  /** The class of status that counts as success. */
  readonly expect: "2xx" | "4xx";
  /** A file for the latency of each request; writing it takes a tenth of the load's processor time. */
  readonly log?: string;
}

/** Runs nghttp2's load generator over HTTP/1.1 on kept-alive connections. */
export async function h2load(options: LoadOptions): Promise<Load> {
  const { requests, connections, body, expect, log } = options;
  if (log !== undefined) await Deno.remove(log).catch(() => {});
  const text = await output("/usr/bin/h2load", [
    "--h1",
    ...["-n", String(requests), "-c", String(connections), "-t", "1"],
    ...["-B", `unix:${options.socket}`],
    ...(body === undefined ? [] : ["-H", "content-type: application/json", "-d", body]),
    ...(log === undefined ? [] : [`--log-file=${log}`]),
    `http://docker${options.path}`,
  ]);
  const elapsed = /finished in ([\d.]+)(us|ms|s)/.exec(text);
  const succeeded = new RegExp(`^status codes:.* (\\d+) ${expect}`, "m").exec(text)?.[1];
  if (elapsed === null || succeeded === undefined) throw new Error(`h2load said: ${text}`);
  return {
    requests,
    failed: requests - Number(succeeded),
    seconds: Number(elapsed[1]) * { us: 1e-6, ms: 1e-3, s: 1 }[elapsed[2] as "us" | "ms" | "s"],
    ...(log === undefined ? {} : { p50: middleLatency(await Deno.readTextFile(log)) }),
  };
}

/** The log has a line a request: when it began, its status, its microseconds. */
function middleLatency(log: string): number {
  return quantile(log.trimEnd().split("\n").map((line) => Number(line.split("\t")[2])), 0.5);
}

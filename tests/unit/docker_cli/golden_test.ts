import assert from "node:assert/strict";
import { requestsOf } from "../../../lib/docker_cli/parse.ts";
import type { CliRequest } from "../../../lib/docker_cli/request.ts";
import { wordsOf } from "../../../lib/docker_cli/words.ts";
import { withoutZeros } from "../../support/zero_values.ts";

type Json = Record<string, unknown>;

interface Line {
  readonly command: string;
  readonly requests: readonly CliRequest[];
  /** Why the client sent nothing. */
  readonly error?: string;
}

for (const version of ["20.10.24", "28.2.2"]) {
  const golden = new URL(`../../golden/docker_cli/${version}.json`, import.meta.url);
  const lines: Line[] = JSON.parse(await Deno.readTextFile(golden));
  for (const { command, requests, error } of lines) {
    // Flags that this version does not have, or not in API 1.41.
    if (error !== undefined) continue;
    Deno.test(`docker ${version} ${command} sends what the parser says`, () => {
      const made = requestsOf(wordsOf(command), { cwd: version.startsWith("20.") ? "" : "/here" });
      const always = made.requests.filter(({ only }) => only === undefined);
      assert.deepEqual(normalise(always), normalise(requests));
    });
  }
}

/** What remains when the differences are taken out that no constraint looks at; several arguments are asked for at once. */
function normalise(requests: readonly CliRequest[]): string[] {
  // docker 20.10 asks for these before some commands; a denial changes nothing for it.
  const [first, ...others] = requests;
  const asksFirst = others.length > 0 && /^\/v1\.41\/(info|version)$/.test(first?.target ?? "");
  const told = (asksFirst ? others : requests).map(({ method, target, body }) => {
    // What hijacks is recorded without its body.
    const sent = target.endsWith("/exec/new-exec/start") ? undefined : withoutZeros(body);
    return `${method} ${normalTarget(target)} ${JSON.stringify(sorted(normalBody(sent)))}`;
  });
  return [...new Set(told)].sort();
}

const defaults = ["signal=KILL", "limit=25", "networkmode=default", "rm=1"];

function normalTarget(target: string): string {
  const [path, query = ""] = target.split("?", 2) as [string, string?];
  const pairs = query.split("&").filter((pair) =>
    // Empty and zero mean what absent means, and 20.10 sends some of the engine's own defaults.
    !/=(|0|null|%7B%7D|%5B%5D)$/.test(pair) && !defaults.includes(pair)
  );
  return `${path}?${pairs.join("&").replace("docker.io%2Flibrary%2F", "")}`;
}

function normalBody(body: unknown): unknown {
  if (typeof body !== "object" || body === null) return body;
  const { HostConfig: host, NetworkingConfig: networking, password: _password, ...rest } =
    body as Json;
  if (host === undefined) return rest;
  const { ConsoleSize: _, MemorySwappiness: swappiness, ...kept } = host as Json;
  const upper = (names: unknown) =>
    (names as string[] | undefined)?.map((name) => name.replace(/^CAP_/i, "").toUpperCase());
  const all = (networking as { EndpointsConfig?: Json } | undefined)?.EndpointsConfig;
  return {
    ...rest,
    HostConfig: {
      ...kept,
      ...(swappiness === -1 ? {} : { MemorySwappiness: swappiness }),
      CapAdd: upper(kept["CapAdd"]),
      CapDrop: upper(kept["CapDrop"]),
      Binds: (kept["Binds"] as string[] | undefined)?.toSorted(),
    },
    // docker 28 names the networks that it attaches to, with nothing to say of them.
    endpoints: Object.entries(all ?? {}).filter(([, endpoint]) => withoutZeros(endpoint)),
  };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => a < b ? -1 : 1).map(([key, inner]) => [key, sorted(inner)]),
  );
}

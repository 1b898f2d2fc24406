import { DEFAULT_UPSTREAM } from "../config/types.ts";
import { parseSocketPath } from "../config/values.ts";
import { close } from "../linux/io.ts";
import { dial, upstreamAt } from "../relay/dial.ts";

/** The path of an engine's socket that somebody listens on, or why there is none. */
export type Found = { readonly path: string } | { readonly why: string };

/** The engine that DOCKER_HOST names, and no other; the usual one when it names none. */
export function findEngine(dockerHost: string | undefined): Found {
  const parsed = parseSocketPath(dockerHost || DEFAULT_UPSTREAM);
  if ("problem" in parsed) return { why: `DOCKER_HOST ${parsed.problem}` };
  const result = dial(parsed.value, upstreamAt(parsed.value).address);
  if ("failure" in result) return { why: result.failure };
  if ("busy" in result) return { why: `${parsed.value} is busy` };
  close(result.fd);
  return { path: parsed.value };
}

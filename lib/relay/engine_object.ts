import { headEnd, HeadError } from "../http/fields.ts";
import { parseResponseHead, UNTIL_CLOSE } from "../http/response_head.ts";
import type { Answer, Lookup } from "../policy/constraints/types.ts";

/** What can be asked of the engine. */
export type EngineLookup = Exclude<Lookup, { kind: "path" }>;

/** All containers that run, or all networks: what a client's own address is looked for in. */
export type ListLookup = { readonly kind: "containers" } | { readonly kind: "networks" };

const encoder = new TextEncoder();

/**
 * The question as HTTP/1.0, so that the answer ends with the connection (RFC 9112 §9.3). `fields`: further lines of the head, each
 * with its end.
 */
export function question(lookup: EngineLookup | ListLookup, fields = ""): Uint8Array<ArrayBuffer> {
  return encoder.encode(`GET ${pathOf(lookup)} HTTP/1.0\r\nHost: docker\r\n${fields}\r\n`);
}

/** Whether a target is one that a question has. */
export function isQuestion(target: string): boolean {
  return /^\/(?:containers\/json|networks|(?:containers|images|exec)\/[^/?]+\/json|(?:volumes|networks)\/[^/?]+)$/
    .test(
      target,
    );
}

/** Every engine serves these without a version prefix; the name is one segment, whatever it holds. */
function pathOf(lookup: EngineLookup | ListLookup): string {
  if (lookup.kind === "containers") return "/containers/json";
  if (lookup.kind === "networks") return "/networks";
  const { kind, name } = lookup;
  const segment = encodeURIComponent(name);
  switch (kind) {
    case "volume":
    case "network":
      return `/${kind}s/${segment}`;
    case "exec":
      return `/exec/${segment}/json`;
    default:
      return `/${kind}s/${segment}/json`;
  }
}

/** What the engine said, from `start` to the connection's end. */
export function answerFrom(bytes: Uint8Array, start: number, end: number): Answer {
  const bodyStart = headEnd(bytes, start, end);
  if (bodyStart < 0) return { failed: "the engine closed the connection without an answer" };
  try {
    const { status, declared } = parseResponseHead(bytes, start, bodyStart);
    if (declared !== UNTIL_CLOSE && declared !== end - bodyStart) {
      return { failed: "the engine's answer is not whole" };
    }
    return meaning(status, new TextDecoder().decode(bytes.subarray(bodyStart, end)));
  } catch (error) {
    if (!(error instanceof HeadError)) throw error;
    return { failed: `the engine sent ${error.message}` };
  }
}

function meaning(status: number, body: string): Answer {
  const value = parsed(body);
  if (status === 200) {
    return value === undefined ? { failed: "the engine's answer is not JSON" } : { found: value };
  }
  const { message } = (value ?? {}) as { message?: unknown };
  const words = typeof message === "string" ? message : `status ${status}`;
  return status === 404 ? { absent: words } : { failed: `the engine says: ${words}` };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

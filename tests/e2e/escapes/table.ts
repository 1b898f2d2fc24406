import type { Limits } from "../../../lib/policy/constraints/types.ts";

/**
 * One request. In its texts `$name` is a name that nobody has yet, and the other words with a dollar stand for what the stage
 * holds (see stage.ts).
 */
export interface Call {
  /** POST unless said. */
  readonly method?: string;
  readonly path: string;
  /** Sent as UTF-8; bytes where they are none. */
  readonly body?: string | Uint8Array;
  /** Header lines instead of `Content-Type: application/json`. */
  readonly headers?: string;
  /** How the body is sent; with its length unless said. */
  readonly framing?: "chunked" | "expect" | "slow";
  /** Sent to the engine itself: somebody else does that. */
  readonly direct?: true;
}

/** What the engine must show of the object that the attempt made: fields of HostConfig as inspect gives them, or any text of it. */
export type Shown = Readonly<Record<string, unknown>> | RegExp;

/** Why the engine that the tests start does not take an attempt that others do. */
export type NotHere =
  /** Its field or its spelling means something to newer engines only. */
  | "newer"
  /** Only the member of a swarm takes it. */
  | "swarm"
  /** Only an engine with this capability, registry or experiment takes it. */
  | "elsewhere"
  /** This engine refuses it, others may not; or a reader of its first part would take it for something else. */
  | "refused";

/** Policies of the stage: `safe` allows everything without constraints, `team` has constraints (see stage.ts). */
export type PolicyName = "safe" | "team";

/** The constraint that must be named in a 403; where none is at stake, the status. */
export type Denied = keyof Limits | 400 | 403 | 413;

/** A request that would give its sender the host, or what is not the sender's; and one like it that does no harm. */
export interface Escape {
  readonly name: string;
  readonly policy: PolicyName;
  /** Sent before and has to succeed. */
  readonly before: readonly Call[];
  readonly attempt: Call;
  /** One of these; several where more than one constraint is broken. */
  readonly denied: Denied | readonly Denied[];
  readonly twin: Call;
  /** Sent to the engine before the twin. */
  readonly twinBefore: readonly Call[];
  readonly shows?: Shown;
  readonly notHere?: NotHere;
}

export type More = Partial<Pick<Escape, "policy" | "before" | "twinBefore" | "shows" | "notHere">>;

export function escape(
  name: string,
  denied: Escape["denied"],
  attempt: Call,
  twin: Call,
  more: More = {},
): Escape {
  return { name, denied, attempt, twin, policy: "safe", before: [], twinBefore: [], ...more };
}

type Fields = Readonly<Record<string, unknown>>;

/** The creation of a container, its body as text. */
export const createText = (body: string, more: Partial<Call> = {}): Call => ({
  path: "/v1.41/containers/create?name=$name",
  body,
  ...more,
});

export const create = (fields: Fields, more: Partial<Call> = {}): Call =>
  createText(JSON.stringify({ Image: "app", ...fields }), more);

/** A field of HostConfig that must not be as it is in `attempt`, and may be as in `twin`. */
export function host(
  name: string,
  denied: Escape["denied"],
  attempt: Fields,
  twin: Fields,
  more: More = {},
): Escape {
  const [bad, good] = [create({ HostConfig: attempt }), create({ HostConfig: twin })];
  return escape(name, denied, bad, good, { shows: attempt, ...more });
}

/** A creation in a certain spelling. */
export function spelt(
  name: string,
  denied: Escape["denied"],
  attempt: string,
  twin: string,
  more: More = {},
): Escape {
  return escape(name, denied, createText(attempt), createText(twin), more);
}

export const post = (path: string, body?: unknown): Call => ({
  path,
  ...(body === undefined
    ? { headers: "" }
    : { body: typeof body === "string" ? body : JSON.stringify(body) }),
});

import type { Finding, Limits } from "./types.ts";

/** A finding against a request. */
export type Denial = Extract<Finding, { ok: false }>;

/** Nothing against it, and nothing to change. */
export const fine: Finding = { ok: true, edits: [], added: [] };

/**
 * Not allowed by the constraint `key`. `reason` reads behind a colon (`/etc is not under /srv/ci/**`), `hint` is the YAML that would
 * allow it, without what stands around it (`host_mounts: [/etc]`); "" where nothing does.
 */
export function denied(key: keyof Limits, reason: string, hint: string): Denial {
  return { ok: false, status: 403, constraint: key, reason, hint };
}

/** Not judged at all: more than one reading (400), too long (413), nothing by that name (404), no answer (502), no room (503). */
export function refused(status: Exclude<Denial["status"], 403>, reason: string): Denial {
  return { ok: false, status, reason, hint: "" };
}

/** Over `body_limit`. */
export function tooLong(limit: number): Denial {
  return refused(413, `a body that is judged may have ${limit} bytes (body_limit)`);
}

/** With a Content-Encoding, the engine would read other bytes than it says. */
export const encodedBody: Denial = refused(
  400,
  "a body with a Content-Encoding: the engine would not decode it",
);

/** Questions about one request: clients that mean well ask a few. */
export const MOST_QUESTIONS = 256;

/** What asks more is a way to keep the engine and the gate busy. */
export const tooManyQuestions: Denial = refused(
  400,
  `it names more than ${MOST_QUESTIONS} things to look up`,
);

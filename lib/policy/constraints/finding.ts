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

import { denied, fine } from "./finding.ts";
import { isOpen } from "./patterns.ts";
import type { Constraints, Limits, Scrutinised, Scrutiny } from "./types.ts";

/** `docker volume prune` and `docker network prune`, whose filters cannot be held against patterns for names. */
// deno-lint-ignore require-yield
export function* scrutinisePrune({ limits }: Constraints, { operation }: Scrutinised): Scrutiny {
  const key: keyof Limits = operation === "volumes.prune" ? "volumes" : "networks";
  if (isOpen(limits[key])) return fine;
  const reason = "it takes all that are not in use, whatever a policy names";
  return denied(key, reason, `${key}: any`);
}

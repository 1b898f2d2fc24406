import type { Edit } from "../../json/value.ts";
import { findContainer, type Judgement } from "./lookups.ts";
import { allows, isOpen } from "./patterns.ts";
import type { Mention } from "./spec.ts";
import type { Limits } from "./types.ts";
import { notAllowed } from "./wording.ts";

/** Containers that are linked, by the name that they have; their ids go to the engine. */
export function* judgeLinks(limits: Limits, links: readonly Mention[], edits: Edit[]): Judgement {
  const allowed = limits.links;
  if (isOpen(allowed)) return undefined;
  for (const link of links) {
    const found = yield* findContainer(link.name);
    if (!found.ok) return found;
    if (!allows(allowed, found.name)) return notAllowed("links", allowed, found.name);
    if (link.replace !== undefined) edits.push(link.replace(found.id));
  }
  return undefined;
}

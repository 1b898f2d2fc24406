import type { JsonDocument } from "../../json/value.ts";
import { fine } from "./finding.ts";
import { judgeTarget } from "./images.ts";
import { Parameters } from "./parameters.ts";
import type { Constraints, Scrutinised, Scrutiny } from "./types.ts";

/**
 * POST /commit: the name that the new image gets. What `changes` and the body put into it (USER, ENV, ENTRYPOINT, VOLUME) is only what
 * an image may say, and any image that can be built or pulled may say that; a container that is made from it is judged like others.
 */
// deno-lint-ignore require-yield
export function* scrutiniseCommit(
  { limits }: Constraints,
  { target }: Scrutinised,
  _document: JsonDocument,
): Scrutiny {
  return judgeTarget(limits.images, new Parameters(target), false) ?? fine;
}

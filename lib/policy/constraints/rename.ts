import { fine } from "./finding.ts";
import { Parameters } from "./parameters.ts";
import { allows } from "./patterns.ts";
import type { Constraints, Scrutinised, Scrutiny } from "./types.ts";
import { notAllowed } from "./wording.ts";

/** The name that a container gets. */
// deno-lint-ignore require-yield
export function* scrutiniseRename(
  { limits: { names } }: Constraints,
  { target }: Scrutinised,
): Scrutiny {
  const name = new Parameters(target).one("name").replace(/^\//, "");
  return allows(names, name) ? fine : notAllowed("names", names, name);
}

import type { Target } from "../../http/target.ts";
import { denied, fine } from "./finding.ts";
import { Parameters } from "./parameters.ts";
import { imageAllows } from "./references.ts";
import type { Constraints, Scrutinised, Scrutiny } from "./types.ts";
import { listWith, notAmong, shown } from "./wording.ts";

/**
 * Operations on plugins, which run as root on the host: every name that the request holds, the one in the path, the one it gets
 * and the one it is fetched by.
 */
// deno-lint-ignore require-yield
export function* scrutinisePlugin(
  { limits: { plugins } }: Constraints,
  { operation, target }: Scrutinised,
): Scrutiny {
  const parameters = new Parameters(target);
  const names = [inPath(operation, target), parameters.one("remote"), parameters.one("name")];
  const name = names.find((name) => name !== "" && !imageAllows(plugins, name));
  if (name === undefined) return fine;
  return denied(
    "plugins",
    `${shown(name)} ${notAmong(plugins)}`,
    listWith("plugins", plugins, name),
  );
}

function inPath(operation: string, { segments }: Target): string {
  switch (operation) {
    case "plugins.pull":
    case "plugins.create":
      return "";
    case "plugins.remove":
      return segments.slice(1).join("/");
    default:
      return segments.slice(1, -1).join("/");
  }
}

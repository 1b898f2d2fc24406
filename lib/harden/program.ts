import manifest from "../../deno.json" with { type: "json" };
import { denoFs } from "../config/fs.ts";
import { requireTrust, requireTrustedWay } from "../config/trust.ts";
import { Refused } from "./part.ts";

/**
 * The words that start Postern as it was started itself: the compiled executable; or the runtime by its own path, with the
 * permissions that `deno task start` gives, and main.ts. No wrapper: one that somebody wrote may give more, or find another runtime.
 */
export function ownProgram(): readonly string[] {
  if (Deno.build.standalone) return [Deno.execPath()];
  const [, run, ...words] = manifest.tasks.start.split(" ");
  const flags = words.filter((word) => word.startsWith("--"));
  const main = new URL("../../main.ts", import.meta.url).pathname;
  return [Deno.execPath(), run!, "--cached-only", ...flags, decodeURIComponent(main)];
}

/** A service that is started from a file of somebody else's is theirs. Throws Refused. */
export function requireTrustedProgram(program: readonly string[]): void {
  const problems: string[] = [];
  for (const path of [program[0]!, ...program.slice(1).filter((word) => word.endsWith(".ts"))]) {
    const report = ({ file, message, hint }: { file: string; message: string; hint?: string }) =>
      problems.push(`${file}: ${message}${hint === undefined ? "" : `; ${hint}`}`);
    requireTrustedWay(denoFs, path, report);
    const stat = denoFs.stat(path);
    if ("failure" in stat) problems.push(`${path}: ${stat.failure}`);
    else requireTrust(denoFs, path, stat, report);
  }
  if (problems.length > 0) {
    throw new Refused(`systemd: the service would run as it is now:\n  ${problems.join("\n  ")}`);
  }
}

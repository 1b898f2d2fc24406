import manifest from "../../deno.json" with { type: "json" };
import { type ConfigFs, denoFs } from "../config/fs.ts";
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

type Report = (problem: { file: string; message: string; hint?: string }) => void;

/** What is loaded with main.ts, beside it. */
const LOADED = ["deno.json", "deno.lock", "lib", "policies"];
/** More problems of one kind tell no more. */
const MOST_TOLD = 5;

/** A service that is started from a file of somebody else's is theirs. Throws Refused. */
export function requireTrustedProgram(program: readonly string[], fs: ConfigFs = denoFs): void {
  const problems: string[] = [];
  const report = ({ file, message, hint }: { file: string; message: string; hint?: string }) =>
    void problems.push(`${file}: ${message}${hint === undefined ? "" : `; ${hint}`}`);
  for (const path of [program[0]!, ...program.slice(1).filter((word) => word.endsWith(".ts"))]) {
    requireTrustedWay(fs, path, report);
    const stat = fs.stat(path);
    if ("failure" in stat) problems.push(`${path}: ${stat.failure}`);
    else requireTrust(fs, path, stat, report);
    if (!path.endsWith("/main.ts")) continue;
    const folder = path.slice(0, -"main.ts".length);
    for (const name of LOADED) requireTrustedTree(fs, `${folder}${name}`, report);
  }
  if (problems.length === 0) return;
  const more = problems.length - MOST_TOLD;
  const told = more > 0 ? [...problems.slice(0, MOST_TOLD), `and ${more} more`] : problems;
  throw new Refused(`systemd: the service would run as it is now:\n  ${told.join("\n  ")}`);
}

/** A file, or a folder with all that is in it. */
function requireTrustedTree(fs: ConfigFs, path: string, report: Report): void {
  const stat = fs.lstat(path);
  if ("failure" in stat) return report({ file: path, message: stat.failure });
  if (stat.target !== undefined) {
    return report({ file: path, message: `is a link, to ${stat.target}, and Postern has none` });
  }
  requireTrust(fs, path, stat, report);
  if (stat.kind !== "directory") return;
  const names = fs.list(path);
  if ("failure" in names) return report({ file: path, message: names.failure });
  for (const name of names) requireTrustedTree(fs, `${path}/${name}`, report);
}

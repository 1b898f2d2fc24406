import { dirname } from "node:path";
import type { ConfigFs } from "./fs.ts";
import { shellWord } from "./shell.ts";
import type { AuditTarget } from "./types.ts";

/** Why records cannot be written where they should be, as far as the file's folder tells; undefined when nothing is known. */
export function auditProblem(
  fs: Pick<ConfigFs, "stat">,
  audit: AuditTarget,
): { readonly problem: string; readonly hint: string } | undefined {
  if (audit.to !== "file") return undefined;
  const folder = dirname(audit.path);
  const stat = fs.stat(folder);
  const reason = "failure" in stat
    ? stat.failure.startsWith("ENOENT") ? "does not exist" : undefined
    : stat.kind === "directory"
    ? undefined
    : "is not a directory";
  if (reason === undefined) return undefined;
  return {
    problem: `cannot write ${audit.path}: ${folder} ${reason}`,
    hint: `create it with: install -d -m 0755 ${shellWord(folder)}`,
  };
}

import { dirname } from "node:path";
import { parseSize } from "./constraints/size.ts";
import type { Diagnostic } from "./diagnostics.ts";
import type { YamlFile } from "./document.ts";
import type { ConfigFs } from "./fs.ts";
import { got } from "./got.ts";
import type { LooseConfig } from "./schema.ts";
import { shellWord } from "./shell.ts";
import { type AuditTarget, DEFAULT_KEEP } from "./types.ts";
import { parseAudit } from "./values.ts";

/** Bytes that a file has at least before it is rotated: what one write can bring. */
const LEAST_SIZE = 64 * 1024;

/** The config file's `audit`; what is wrong with it is reported. */
export function auditAt(
  yaml: YamlFile,
  audit: LooseConfig["audit"],
  report: (diagnostic: Diagnostic) => void,
): AuditTarget {
  if (audit === "stderr" || audit === "off") return { to: audit };
  if (audit?.file === undefined) return { to: "stderr" };
  const { file, required, rotate } = audit;
  const parsed = parseAudit(file);
  if ("problem" in parsed || parsed.value.to !== "file") {
    const message = `file must be an absolute path: ${got(file)}`;
    report(yaml.atValue("bad-path", ["audit", "file"], message));
    return { to: "stderr" };
  }
  const size = rotate?.size === undefined ? undefined : parseSize(rotate.size);
  const problem = size === undefined
    ? undefined
    : "problem" in size
    ? size.problem
    : size.value < LEAST_SIZE
    ? `must be at least 64KiB: ${got(rotate!.size)}`
    : undefined;
  if (problem !== undefined) {
    report(yaml.atValue("wrong-value", ["audit", "rotate", "size"], `size ${problem}`));
  }
  return {
    ...parsed.value,
    ...(required === undefined ? {} : { required }),
    ...(size === undefined || "problem" in size
      ? {}
      : { rotate: { size: size.value, keep: rotate?.keep ?? DEFAULT_KEEP } }),
  };
}

/** What a flag or the environment says in the stead of the config file: another file is treated as that one would be. */
export function inTheStead(own: AuditTarget, other: AuditTarget | undefined): AuditTarget {
  if (other === undefined) return own;
  return other.to === "file" && own.to === "file" ? { ...own, ...other } : other;
}

/** Why records cannot be written where they should be, as far as the file's folder tells; undefined when nothing is known. */
export function auditProblem(
  fs: Pick<ConfigFs, "stat" | "lstat">,
  audit: AuditTarget,
): { readonly problem: string; readonly hint: string } | undefined {
  if (audit.to !== "file") return undefined;
  // Not `stat`: a path that was looked up in vain is watched from then on, and a log changes all the time.
  const there = fs.lstat(audit.path);
  const isOdd = "kind" in there && there.kind !== "file" && there.target === undefined;
  if (audit.rotate !== undefined && isOdd) {
    const problem = `cannot rotate ${audit.path}: it is not a regular file`;
    return { problem, hint: "leave rotate out" };
  }
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

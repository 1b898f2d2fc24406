import { denied } from "./finding.ts";
import type { Judgement } from "./lookups.ts";
import { allows } from "./patterns.ts";
import { shown } from "./wording.ts";
import type { Limits } from "./types.ts";

/**
 * A path of the host in its shortest spelling, as Go's path.Clean does it: no `//`, `.`, `..` or slash at the end. Undefined for
 * what is not absolute, and for NUL, which ends a path in the kernel. A backslash is a character like others.
 */
export function normaliseHostPath(text: string): string | undefined {
  if (!text.startsWith("/") || text.includes("\0")) return undefined;
  const parts: string[] = [];
  for (const part of text.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

const folders = new WeakMap<readonly string[], readonly string[]>();

/**
 * Whether one of the patterns covers a normalised path. `/srv/ci/**` covers /srv/ci and all below it, never /srv/ci-evil; without
 * wildcards a pattern covers one path.
 */
export function covers(patterns: readonly string[], path: string): boolean {
  let both = folders.get(patterns);
  if (both === undefined) {
    both = patterns.flatMap((pattern) => {
      const plain = pattern.length > 1 ? pattern.replace(/\/+$/, "") : pattern;
      return plain.endsWith("/**") ? [plain, plain.slice(0, -3) || "/"] : [plain];
    });
    folders.set(patterns, both);
  }
  return allows(both, path);
}

/** A path of the host that a request names. */
export interface HostPath {
  readonly key: keyof Limits;
  readonly text: string;
  /** Whether a path, written or real, is allowed. */
  readonly covers: (path: string) => boolean;
  /** What is allowed, in words behind a path that is not: `is not under /srv/ci/**`. */
  readonly otherwise: (path: string) => string;
  /** The YAML that would allow these paths, too. */
  readonly hint: (paths: readonly string[]) => string;
  /** The kernel walks it as written, so that `..` behind a symbolic link leads elsewhere than its spelling says. */
  readonly asWritten?: boolean;
}

/**
 * Judges a path by what is written and by where it leads on this host: both must be allowed, or a symbolic link in an allowed folder
 * would lead out of it. Between this look and the engine's a link can still be put there; only folders that the client cannot
 * write in are safe from that.
 */
export function* judgeHostPath(path: HostPath): Judgement {
  const { key, text, otherwise, hint } = path;
  const written = normaliseHostPath(text);
  if (written === undefined) return denied(key, `${shown(text)} is not an absolute path`, "");
  if (path.asWritten === true && text.split("/").includes("..")) {
    return denied(key, `${shown(text)} has a .. in it; write the path without`, "");
  }
  if (!path.covers(written)) {
    return denied(key, `${shown(written)} ${otherwise(written)}`, hint([written]));
  }
  const answer = yield { kind: "path", path: written };
  if ("failed" in answer) return denied(key, answer.failed, "");
  const real = "found" in answer ? answer.found : written;
  if (typeof real !== "string" || !real.startsWith("/")) {
    return denied(key, `cannot see where ${shown(written)} leads`, "");
  }
  if (path.covers(real)) return undefined;
  const reason = `${shown(written)} leads to ${shown(real)}, which ${otherwise(real)}`;
  return denied(key, reason, hint([real]));
}

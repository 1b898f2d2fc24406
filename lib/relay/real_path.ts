import { basename, dirname, join, resolve } from "node:path";
import type { Answer } from "../policy/constraints/types.ts";

/** As many symbolic links as the kernel follows (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * Where a path of this host leads, as far as it exists: symbolic links resolved, dangling ones too, with the rest behind it. The
 * engine would make a folder of what is missing. What Postern may not look into is a failure, not a path.
 */
export function realPath(path: string): Answer {
  try {
    return { found: resolved(path, MAX_LINKS) };
  } catch (error) {
    return { failed: `cannot see where ${path} leads: ${(error as Error).message}` };
  }
}

function resolved(path: string, links: number): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  if (path === "/") return path;
  const parent = resolved(dirname(path), links);
  const place = join(parent, basename(path));
  const target = linkAt(place);
  if (target === undefined) return place;
  if (links === 0) throw new Error("too many symbolic links");
  return resolved(resolve(parent, target), links - 1);
}

/** What a dangling link points to. */
function linkAt(path: string): string | undefined {
  try {
    return Deno.lstatSync(path).isSymlink ? Deno.readLinkSync(path) : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** ENOENT, or ENOTDIR: a file stands where a folder is needed. */
function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

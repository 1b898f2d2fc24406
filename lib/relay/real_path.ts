import type { Answer } from "../policy/constraints/types.ts";

/** As many symbolic links as the kernel follows (path_resolution(7)). */
const MAX_LINKS = 40;
/** Folders on the way, links' own included. Every look at a deep one costs the kernel its depth, and clients can build depths. */
const MAX_FOLDERS = 256;

/**
 * Where a path of this host leads, as far as it exists: symbolic links resolved, dangling ones too, with the rest behind it. The
 * engine would make a folder of what is missing. What Postern may not look into is a failure, not a path.
 */
export function realPath(path: string): Answer {
  try {
    return { found: resolved(path) };
  } catch (error) {
    return { failed: `cannot see where ${path} leads: ${(error as Error).message}` };
  }
}

function resolved(path: string): string {
  if (path.split("/").length > MAX_FOLDERS) throw tooDeep();
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return walked(path);
}

/** As the kernel walks it, from the root down: `..` leads out of the folder that a link has led into, not back to the link. */
function walked(path: string): string {
  const todo = path.split("/").reverse();
  const place: string[] = [];
  let [links, folders] = [0, 0];
  let missing = false;
  while (todo.length > 0) {
    const part = todo.pop()!;
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (missing) throw new Error("it leaves a folder that does not exist");
      place.pop();
      continue;
    }
    if (++folders > MAX_FOLDERS) throw tooDeep();
    const next = `/${[...place, part].join("/")}`;
    const seen: Deno.FileInfo | undefined = missing ? undefined : lookAt(next);
    if (seen?.isSymlink !== true) {
      missing = seen === undefined;
      place.push(part);
      continue;
    }
    if (++links > MAX_LINKS) throw new Error("too many symbolic links");
    const target = Deno.readLinkSync(next);
    if (target.startsWith("/")) place.length = 0;
    todo.push(...target.split("/").reverse());
  }
  return `/${place.join("/")}`;
}

function tooDeep(): Error {
  return new Error(`more than ${MAX_FOLDERS} folders`);
}

function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** ENOENT, or ENOTDIR: a file stands where a folder is needed. */
function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

import { Refused } from "./part.ts";

/** As many symbolic links as the kernel follows (path_resolution(7)). */
const MAX_LINKS = 40;

/** Where a path of the host's stands for this process. */
export interface Place {
  /** To be opened: below the root. No link is left in it, but perhaps in its last name. */
  readonly real: string;
  /** The same as the host would name it. */
  readonly named: string;
  /** The links that led there, to be looked at. */
  readonly links: readonly string[];
}

/**
 * Finds a path below a root as a process would that has this root (chroot(2)): links lead nowhere out of it, absolute ones begin at
 * the root again. The last name is followed only on demand. What does not exist yet is taken by its name. `root` is "" for the host.
 */
export function resolve(root: string, path: string, follow: boolean): Place {
  const todo = path.split("/").filter((part) => part !== "").reverse();
  const done: string[] = [];
  const links: string[] = [];
  while (todo.length > 0) {
    const part = todo.pop()!;
    if (part === ".") continue;
    if (part === "..") {
      done.pop();
      continue;
    }
    const named = [...done, part].join("/");
    const target = todo.length === 0 && !follow ? undefined : linkAt(`${root}/${named}`);
    if (target === undefined) {
      done.push(part);
      continue;
    }
    links.push(`${root}/${named}`);
    if (links.length > MAX_LINKS) throw new Refused(`${path}: too many links, one into another`);
    if (target.startsWith("/")) done.length = 0;
    todo.push(...target.split("/").filter((name) => name !== "").reverse());
  }
  const named = `/${done.join("/")}`;
  return { real: named === "/" && root !== "" ? root : `${root}${named}`, named, links };
}

function linkAt(path: string): string | undefined {
  try {
    return Deno.lstatSync(path).isSymlink ? Deno.readLinkSync(path) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    // ENOTDIR: what comes next will say so, in its own words.
    if (error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

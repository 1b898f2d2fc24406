import { dirname, isAbsolute, join } from "node:path";
import type { ConfigFs, FileFailure, LinkStat } from "./fs.ts";

/** One name on the way to a file, and what stands there. */
export interface Step {
  /** Without links before its last name. */
  readonly path: string;
  readonly stat: LinkStat | FileFailure;
}

/** As many links as the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Every folder and link that opening `path` goes through, from / to what it leads to, as the kernel walks (path_resolution(7)).
 * Whoever can change one of them can put another file in the place of this one. The last is what is opened, or what cannot be
 * looked at; a step may come twice.
 */
export function walk(fs: ConfigFs, path: string): Step[] {
  const steps: Step[] = [];
  // Joined as they stand: to take out `..` by its text would be wrong behind a link.
  const left = namesOf(isAbsolute(path) ? path : `${fs.cwd()}/${path}`);
  let at = "/";
  let links = 0;
  const visit = (place: string): LinkStat | FileFailure => {
    const stat = fs.lstat(place);
    steps.push({ path: place, stat });
    return stat;
  };
  visit(at);
  while (left.length > 0) {
    const name = left.shift()!;
    const place = name === ".." ? dirname(at) : join(at, name);
    const stat = visit(place);
    if ("failure" in stat) break;
    if (stat.target === undefined) at = place;
    else if (++links > MOST_LINKS) break;
    else {
      if (stat.target.startsWith("/")) visit(at = "/");
      left.unshift(...namesOf(stat.target));
    }
  }
  return steps;
}

function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

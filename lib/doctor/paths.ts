import type { Host } from "./host.ts";

/** As many symbolic links as the kernel follows (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * Where a path of the host leads, links resolved as for a process that has the host's root (chroot(2)). What does not exist is
 * taken by its name. Throws Unreadable.
 */
export function realPath(host: Pick<Host, "link">, path: string): string {
  return walked(host, path).path;
}

/** The same, with every folder that is looked into on the way, and every link that is followed. Throws Unreadable. */
export function walked(
  host: Pick<Host, "link">,
  path: string,
): {
  readonly path: string;
  readonly folders: readonly string[];
  readonly links: readonly string[];
} {
  const todo = path.split("/").reverse();
  const done: string[] = [];
  const folders = new Set<string>();
  const followed = new Set<string>();
  let links = 0;
  while (todo.length > 0) {
    const part = todo.pop()!;
    if (part === "" || part === ".") continue;
    if (part === "..") {
      done.pop();
      continue;
    }
    const place = `/${[...done, part].join("/")}`;
    folders.add(`/${done.join("/")}`);
    const target = host.link(place);
    if (target === undefined || ++links > MAX_LINKS) {
      done.push(part);
      continue;
    }
    followed.add(place);
    if (target.startsWith("/")) done.length = 0;
    todo.push(...target.split("/").reverse());
  }
  return { path: `/${done.join("/")}`, folders: [...folders], links: [...followed] };
}

/** Whether a path is at or under a folder, both without links. */
export function isUnder(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

/** The folders on the way to a path, `/` first, itself left out. */
export function foldersOf(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "");
  return names.map((_, i) => `/${names.slice(0, i).join("/")}`);
}

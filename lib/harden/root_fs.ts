import { type ConfigFs, denoFs } from "../config/fs.ts";
import { resolve } from "./resolve.ts";

/**
 * The files of a configuration below a root, with the paths that they have for who has that root. `given` are files that are not
 * there yet, by their paths, and `folders` such folders: root's, and writable by nobody else.
 */
export function rootedFs(
  root: string,
  given: Readonly<Record<string, string>>,
  folders: readonly string[] = [],
): ConfigFs {
  const at = (path: string, follow: boolean) => resolve(root, path, follow).real;
  const made = { kind: "file", uid: denoFs.ownUid(), gid: 0, mode: 0o644 } as const;
  return {
    ...denoFs,
    cwd: () => "/",
    stat(path) {
      if (given[path] !== undefined) return made;
      const found = denoFs.stat(at(path, true));
      return "failure" in found && folders.includes(path)
        ? { ...made, kind: "directory", mode: 0o755 }
        : found;
    },
    lstat: (path) => given[path] === undefined ? denoFs.lstat(at(path, false)) : made,
    read: (path) =>
      given[path] === undefined ? denoFs.read(at(path, true)) : { ...made, text: given[path] },
    list: (path) => denoFs.list(at(path, true)),
    realPath(path) {
      if (given[path] !== undefined) return path;
      const { real, named } = resolve(root, path, true);
      return denoFs.realPath(real) === undefined ? undefined : named;
    },
  };
}

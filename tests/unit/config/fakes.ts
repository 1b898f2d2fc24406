import type { ConfigFs, FileStat } from "../../../lib/config/fs.ts";
import { loadConfig, type LoadOptions, type LoadResult } from "../../../lib/config/load.ts";
import type { NameService } from "../../../lib/config/types.ts";

const users: Record<string, number> = { root: 0, ops: 1001, runner: 1002 };
const groups: Record<string, number> = { root: 0, ci: 2001, docker: 2002 };

/** Three users and three groups. */
export const names: NameService = {
  uidOf: (name) => users[name],
  gidOf: (name) => groups[name],
  userNames: () => Object.keys(users),
  groupNames: () => Object.keys(groups),
};

type Entry = string | (Partial<FileStat> & { text?: string; failure?: string });

/** Files in memory; folders come with them. Postern is uid 900, files are root's with mode 0644. */
export function fakeFs(files: Record<string, Entry>, links: Record<string, string> = {}): ConfigFs {
  const entryOf = (path: string) => {
    const found = files[path];
    if (found !== undefined) return typeof found === "string" ? { text: found } : found;
    const folder = ["/", ".", "/var/log/postern"].includes(path) ||
      Object.keys(files).some((name) => name.startsWith(`${path}/`));
    return folder ? { kind: "directory" as const, mode: 0o755 } : undefined;
  };
  const read: ConfigFs["read"] = (given) => {
    const entry = entryOf(given === "/" ? given : given.replace(/\/$/, ""));
    if (entry === undefined) return { failure: "ENOENT (No such file or directory)" };
    return "failure" in entry && entry.failure !== undefined
      ? { failure: entry.failure }
      : { kind: "file", uid: 0, mode: 0o644, ...entry };
  };
  return {
    ownUid: () => 900,
    stat: read,
    read,
    list: (path) => {
      const start = `${path.replace(/\/$/, "")}/`;
      return Object.keys(files).filter((name) => name.startsWith(start))
        .map((name) => name.slice(start.length)).filter((name) => !name.includes("/"));
    },
    realPath: (path) => links[path],
  };
}

/** Loads `postern.yaml` from files in memory. */
export function load(
  files: Record<string, Entry> | string,
  options: Partial<LoadOptions> & { links?: Record<string, string> } = {},
): LoadResult {
  return loadConfig({
    file: "postern.yaml",
    env: {},
    overrides: {},
    names,
    fs: fakeFs(typeof files === "string" ? { "postern.yaml": files } : files, options.links),
    ...options,
  });
}

/** `code file:line:column` of everything that is wrong, in order. */
export function problems(result: LoadResult): string[] {
  const found = result.ok ? [] : result.diagnostics;
  return found.map(({ code, file, line, column }) => `${code} ${file}:${line}:${column}`);
}

import { dirname, resolve } from "node:path";
import type { ConfigFs, FileStat } from "../../../lib/config/fs.ts";
import { walk } from "../../../lib/config/walk.ts";
import { loadConfig, type LoadOptions, type LoadResult } from "../../../lib/config/load.ts";
import type { NameService } from "../../../lib/config/types.ts";

const users: Record<string, number> = { root: 0, ops: 1001, runner: 1002 };
const groups: Record<string, number> = { root: 0, ci: 2001, docker: 2002 };

/** Three users and three groups. */
export const names: NameService = {
  uidOf: (name) => users[name],
  gidOf: (name) => groups[name],
  loginGroups: (uid) => ({ 1001: { gid: 1001, groups: [1001, 2002] } })[uid],
  userNames: () => Object.keys(users),
  groupNames: () => Object.keys(groups),
};

export type Entry = string | (Partial<FileStat> & { text?: string; failure?: string });

const CWD = "/etc/postern";

/**
 * Files in memory; folders come with them, links lead where `links` says. The working directory is /etc/postern, Postern is uid
 * 900, files are root's with mode 0644.
 */
export function fakeFs(files: Record<string, Entry>, links: Record<string, string> = {}): ConfigFs {
  const known = new Map(
    Object.entries(files).map(([name, entry]) => [
      resolve(CWD, name),
      typeof entry === "string" ? { text: entry } : entry,
    ]),
  );
  const targets = new Map(
    Object.entries(links).map(([name, target]) => [resolve(CWD, name), target]),
  );
  // What a link leads to is there: a folder, unless it is a file.
  const ends = [...targets].map(([link, target]) => resolve(dirname(link), target));
  const places = [CWD, "/var/log/postern", ...ends];
  const folders = new Set(
    [...places, ...[...places, ...known.keys(), ...targets.keys()].flatMap(parentsOf)],
  );

  const lstat: ConfigFs["lstat"] = (path) => {
    const place = resolve(CWD, path);
    const entry = known.get(place);
    const target = targets.get(place);
    if (target !== undefined) {
      return { kind: "other", uid: 0, gid: 0, mode: 0o777, ...entry, target };
    }
    if (entry?.failure !== undefined) return { failure: entry.failure };
    if (entry !== undefined) return { kind: "file", uid: 0, gid: 0, mode: 0o644, ...entry };
    return folders.has(place) ? { kind: "directory", uid: 0, gid: 0, mode: 0o755 } : missing;
  };
  const fs: ConfigFs = {
    ownUid: () => 900,
    unknownUid: () => undefined,
    cwd: () => CWD,
    lstat,
    stat: (path) => fs.read(path),
    read: (path) => {
      const place = fs.realPath(path);
      return place === undefined ? missing : lstat(place);
    },
    list: (path) => {
      const start = `${(fs.realPath(path) ?? path).replace(/\/$/, "")}/`;
      const inside = [...known.keys(), ...targets.keys()].filter((name) => name.startsWith(start));
      return [...new Set(inside.map((name) => name.slice(start.length).split("/", 1)[0]!))];
    },
    realPath: (path) => {
      const { path: place, stat } = walk(fs, path).at(-1)!;
      const lost = "failure" in stat ? stat.failure === missing.failure : "target" in stat;
      return lost ? undefined : place;
    },
  };
  return fs;
}

const missing = { failure: "ENOENT (No such file or directory)" };

function parentsOf(path: string): string[] {
  return path === "/" ? ["/"] : [dirname(path), ...parentsOf(dirname(path))];
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

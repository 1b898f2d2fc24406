import type { ConfigFs, FileFailure, FileStat, LinkStat } from "../config/fs.ts";
import type { FileStatus } from "../linux/file.ts";
import { type Host, Unreadable } from "./host.ts";
import { realPath } from "./paths.ts";

const missing: FileFailure = { failure: "ENOENT (no such file or directory)" };

/** The files below a root as the loader of configurations reads them. Its relative paths begin at the root. */
export function rootedFs(host: Host): ConfigFs {
  const absolute = (path: string) => (path.startsWith("/") ? path : `/${path}`);
  const lstat = (path: string): LinkStat | FileFailure =>
    attempt(() => {
      const status = host.status(absolute(path));
      if (status === undefined) return missing;
      const target = host.link(absolute(path));
      return { ...statOf(status), ...(target === undefined ? {} : { target }) };
    });
  const stat = (path: string): FileStat | FileFailure =>
    attempt(() => {
      const status = host.status(realPath(host, absolute(path)));
      return status === undefined ? missing : statOf(status);
    });
  return {
    ownUid: () => host.uid,
    unknownUid: () => undefined,
    cwd: () => "/",
    lstat,
    stat,
    read: (path) =>
      attempt(() => {
        const found = stat(path);
        if ("failure" in found || found.kind !== "file") return found;
        return { ...found, text: host.read(absolute(path)) ?? "" };
      }),
    list: (path) => attempt(() => host.list(absolute(path)) ?? missing),
    realPath(path) {
      const real = realPath(host, absolute(path));
      return host.status(real) === undefined ? undefined : real;
    },
  };
}

function statOf({ isDirectory, isRegular, uid, gid, mode }: FileStatus): FileStat {
  return { kind: isDirectory ? "directory" : isRegular ? "file" : "other", uid, gid, mode };
}

function attempt<T>(action: () => T): T | FileFailure {
  try {
    return action();
  } catch (error) {
    if (error instanceof Unreadable) return { failure: error.reason };
    throw error;
  }
}

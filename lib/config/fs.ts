import { overflowId } from "../peer/user_namespace.ts";
import { describeFailure } from "./failure.ts";

/** What decides whether a file is trusted. */
export interface FileStat {
  readonly kind: "file" | "directory" | "other";
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
}

/** What a name itself stands for, be it a symbolic link. */
export interface LinkStat extends FileStat {
  /** Where a symbolic link leads. */
  readonly target?: string;
}

/** Why it failed, in the kernel's words: `ENOENT (No such file or directory)`. */
export interface FileFailure {
  readonly failure: string;
}

/** The files that a configuration is made of. Paths are relative to the working directory or absolute. */
export interface ConfigFs {
  ownUid(): number;
  /** The uid that stands for all that have no number here; undefined where every one has. */
  unknownUid(): number | undefined;
  /** The working directory, without symbolic links. */
  cwd(): string;
  /** Follows symbolic links. */
  stat(path: string): FileStat | FileFailure;
  /** Does not follow a symbolic link. */
  lstat(path: string): LinkStat | FileFailure;
  /** A regular file's text with the state of the very file that was read; no text when it is not a regular file. */
  read(path: string): (FileStat & { readonly text?: string }) | FileFailure;
  /** Names in a folder. */
  list(path: string): readonly string[] | FileFailure;
  /** Without symbolic links; undefined when it is not there. */
  realPath(path: string): string | undefined;
}

/** The real files. */
export const denoFs: ConfigFs = {
  ownUid: () => Deno.uid() ?? 0,
  unknownUid: () => overflowId("uid"),
  cwd: () => Deno.cwd(),
  stat: (path) => attempt(() => statOf(Deno.statSync(path))),
  lstat: (path) =>
    attempt(() => {
      const info = Deno.lstatSync(path);
      return { ...statOf(info), ...(info.isSymlink ? { target: Deno.readLinkSync(path) } : {}) };
    }),
  read: (path) =>
    attempt(() => {
      // Opening a FIFO would wait for a writer.
      const before = statOf(Deno.statSync(path));
      return before.kind === "file" ? readRegular(path) : before;
    }),
  list: (path) => attempt(() => [...Deno.readDirSync(path)].map(({ name }) => name)),
  realPath(path) {
    try {
      return Deno.realPathSync(path);
    } catch {
      return undefined;
    }
  },
};

function readRegular(path: string): FileStat & { text: string } {
  using file = Deno.openSync(path);
  const info = file.statSync();
  const bytes = new Uint8Array(info.size);
  let length = 0;
  while (length < bytes.length) {
    const n = file.readSync(bytes.subarray(length));
    if (n === null) break;
    length += n;
  }
  return { ...statOf(info), text: decode(bytes.subarray(0, length)) };
}

function decode(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("it is not UTF-8");
  }
}

function statOf(info: Deno.FileInfo): FileStat {
  const kind = info.isFile ? "file" : info.isDirectory ? "directory" : "other";
  return { kind, uid: info.uid ?? 0, gid: info.gid ?? 0, mode: (info.mode ?? 0) & 0o7777 };
}

function attempt<T>(action: () => T): T | FileFailure {
  try {
    return action();
  } catch (error) {
    return { failure: describeFailure(error) };
  }
}

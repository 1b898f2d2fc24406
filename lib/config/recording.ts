import type { ConfigFs } from "./fs.ts";

/** What a configuration was made of, whether or not it could be read. */
export interface Sources {
  readonly files: ReadonlySet<string>;
  /** Whatever is in them counts. */
  readonly folders: ReadonlySet<string>;
}

/** The same files, with a memory of what was looked at. */
export function recording(fs: ConfigFs): { readonly fs: ConfigFs; readonly sources: Sources } {
  const files = new Set<string>();
  const folders = new Set<string>();
  return {
    sources: { files, folders },
    fs: {
      ...fs,
      stat(path) {
        const stat = fs.stat(path);
        // A folder of policies that is missing is never listed, and may come.
        if ("failure" in stat) files.add(path);
        return stat;
      },
      read(path) {
        files.add(path);
        return fs.read(path);
      },
      list(path) {
        folders.add(path);
        return fs.list(path);
      },
    },
  };
}

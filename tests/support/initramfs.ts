/** A file, folder or link as it stands in the archive; paths are without the first slash. */
export type Entry =
  | { readonly path: string; readonly mode: number; readonly bytes: Uint8Array }
  | { readonly path: string; readonly folder: true }
  | { readonly path: string; readonly target: string };

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const encoder = new TextEncoder();

/** A cpio archive in the format newc, all owned by root, as the kernel unpacks it (Documentation/driver-api/early-userspace/buffer-format.rst). */
export function archive(entries: readonly Entry[]): Blob {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const add = (name: string, mode: number, bytes: Uint8Array, inode: number) => {
    const path = encoder.encode(name + "\0");
    // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
    const fields = [inode, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, path.length, 0];
    const head = fields.map((field) => field.toString(16).padStart(8, "0")).join("");
    parts.push(encoder.encode("070701" + head), path, padding(110 + path.length));
    parts.push(bytes as Uint8Array<ArrayBuffer>, padding(bytes.length));
  };
  let inode = 1;
  for (const entry of withFolders(entries)) {
    if ("folder" in entry) add(entry.path, S_IFDIR | 0o755, new Uint8Array(), inode++);
    else if ("target" in entry) {
      add(entry.path, S_IFLNK | 0o777, encoder.encode(entry.target), inode++);
    } else add(entry.path, S_IFREG | entry.mode, entry.bytes, inode++);
  }
  add("TRAILER!!!", 0, new Uint8Array(), 0);
  return new Blob(parts);
}

function padding(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((4 - length % 4) % 4);
}

/** Every folder comes before what is in it: the kernel makes none by itself. */
function withFolders(entries: readonly Entry[]): Entry[] {
  const folders = new Set<string>();
  for (const entry of entries) {
    const steps = entry.path.split("/");
    const depth = "folder" in entry ? steps.length : steps.length - 1;
    for (let n = 1; n <= depth; n++) folders.add(steps.slice(0, n).join("/"));
  }
  return [
    ...[...folders].sort().map((path) => ({ path, folder: true as const })),
    ...entries.filter((entry) => !("folder" in entry)),
  ];
}

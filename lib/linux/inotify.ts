import { cString } from "./bytes.ts";
import { errno, SystemError } from "./errno.ts";
import { close, read } from "./io.ts";
import { libc } from "./libc.ts";

// inotify(7), inotify_init(2).
const IN_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const IN_ATTRIB = 0x4;
const IN_CLOSE_WRITE = 0x8;
const IN_MOVED = 0x40 | 0x80;
const IN_CREATE_DELETE = 0x100 | 0x200;
const IN_SELF = 0x400 | 0x800;
const IN_Q_OVERFLOW = 0x4000;
/** Not IN_MODIFY: a log that is written in a watched folder, and stays open, must not wake anybody. */
const CHANGES = IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVED | IN_CREATE_DELETE | IN_SELF;
/** An event's fixed part: descriptor, mask, cookie, length of the name. */
const FIXED = 16;

/** Files and folders whose changes the kernel notes. A file that is written counts when it is closed. */
export class Inotify {
  readonly #fd: number;
  readonly #paths = new Map<number, string>();
  readonly #buffer = new Uint8Array(16 * 1024);

  /** Throws a SystemError for each path that cannot be watched; its `errno` may be ENOENT. */
  constructor(paths: Iterable<string>) {
    this.#fd = libc.inotify_init1(IN_NONBLOCK_CLOEXEC);
    if (this.#fd < 0) throw new SystemError("inotify_init1", "", errno());
    for (const path of paths) {
      const watch = libc.inotify_add_watch(this.#fd, cString(path), CHANGES);
      if (watch < 0) {
        const code = errno();
        close(this.#fd);
        throw new SystemError("inotify_add_watch", path, code);
      }
      this.#paths.set(watch, path);
    }
  }

  /** Readable when something has changed, for `waitReadable`. */
  get descriptor(): number {
    return this.#fd;
  }

  /** What has changed since the last call: paths, those in a watched folder with their names; `lost` when there was too much. */
  changes(): { readonly paths: readonly string[]; readonly lost: boolean } {
    const paths: string[] = [];
    let lost = false;
    for (let n = this.#read(); n > 0; n = this.#read()) {
      const view = new DataView(this.#buffer.buffer, 0, n);
      for (let at = 0; at + FIXED <= n;) {
        const length = view.getUint32(at + 12, true);
        const folder = this.#paths.get(view.getInt32(at, true));
        lost ||= (view.getUint32(at + 4, true) & IN_Q_OVERFLOW) !== 0;
        const name = this.#name(at + FIXED, length);
        if (folder !== undefined) paths.push(name === "" ? folder : join(folder, name));
        at += FIXED + length;
      }
    }
    return { paths, lost };
  }

  close(): void {
    close(this.#fd);
  }

  #read(): number {
    return read(this.#fd, this.#buffer, this.#buffer.length);
  }

  /** Padded with NULs. */
  #name(start: number, length: number): string {
    const bytes = this.#buffer.subarray(start, start + length);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }
}

function join(folder: string, name: string): string {
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

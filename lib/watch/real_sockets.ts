import { errno, SystemError } from "../linux/errno.ts";
import { type FileStatus, statusBehind, statusOfDescriptor } from "../linux/file.ts";
import { close, O_PATH, open } from "../linux/io.ts";
import { readWholeFile } from "../linux/proc.ts";
import type { FileId } from "./program.ts";

/** The real sockets: which files they are now. An engine that starts anew puts another file in the place of the old one. */
export class RealSockets {
  readonly #paths: readonly string[];
  readonly #files = new Map<string, FileStatus>();
  /** The kernel's device number of each stat(2)-like one: they differ on btrfs and overlayfs. */
  readonly #devices = new Map<string, number>();

  /** Throws a SystemError when one of them is not there. */
  constructor(paths: readonly string[]) {
    this.#paths = [...new Set(paths)];
    for (const path of this.#paths) {
      if (!this.#look(path)) throw new SystemError("statx", path, errno());
    }
  }

  get paths(): readonly string[] {
    return this.#paths;
  }

  /** Looks which files they are now; one that is missing stays what it was. */
  refresh(): void {
    for (const path of this.#paths) this.#look(path);
  }

  /** What the kernel calls their files. */
  ids(): FileId[] {
    return [...this.#files.values()].map(({ device, inode }) => ({
      device: this.#devices.get(device)!,
      inode,
    }));
  }

  /** The path of the real socket that is this file for the kernel. */
  named({ device, inode }: FileId): string | undefined {
    return this.#find((file) => file.inode === inode && this.#devices.get(file.device) === device);
  }

  /** The path of the real socket that is this file for statx(2). */
  same(other: Pick<FileStatus, "device" | "inode">): string | undefined {
    return this.#find((file) => file.inode === other.inode && file.device === other.device);
  }

  /** The path of the real socket that has this name, or that it leads to. */
  called(path: string): string | undefined {
    if (this.#paths.includes(path)) return path;
    const status = path.startsWith("/") ? statusBehind(path) : undefined;
    return status === undefined ? undefined : this.same(status);
  }

  #find(matches: (file: FileStatus) => boolean): string | undefined {
    const known = this.#paths.find((path) => {
      const file = this.#files.get(path);
      return file !== undefined && matches(file);
    });
    if (known !== undefined) return known;
    return this.#paths.find((path) => this.#look(path) && matches(this.#files.get(path)!));
  }

  #look(path: string): boolean {
    const status = statusBehind(path);
    if (status === undefined) return false;
    this.#files.set(path, status);
    if (!this.#devices.has(status.device)) {
      this.#devices.set(status.device, kernelDevice(path) ?? deviceNumber(status.device));
    }
    return true;
  }
}

/** The device of a file's superblock, from the mount that it is on (proc(5), mountinfo and fdinfo). */
function kernelDevice(path: string): number | undefined {
  const fd = open(path, O_PATH);
  if (fd < 0) return undefined;
  // Another file may stand there by now; its device serves as well.
  const mount = /^mnt_id:\s*([0-9]+)$/m.exec(readWholeFile(`/proc/self/fdinfo/${fd}`) ?? "")?.[1];
  const held = statusOfDescriptor(fd) !== undefined;
  close(fd);
  if (mount === undefined || !held) return undefined;
  const line = new RegExp(`^${mount} [0-9]+ ([0-9]+:[0-9]+) `, "m");
  const device = line.exec(readWholeFile("/proc/self/mountinfo") ?? "")?.[1];
  return device === undefined ? undefined : deviceNumber(device);
}

/** MKDEV of `major:minor` (linux/kdev_t.h). */
function deviceNumber(text: string): number {
  const [major = 0, minor = 0] = text.split(":").map(Number);
  return major * (1 << 20) + minor;
}

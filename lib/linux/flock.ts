import { errno, SystemError } from "./errno.ts";
import { close, O_RDONLY, open } from "./io.ts";
import { libc } from "./libc.ts";

const O_DIRECTORY = 0o200000;
const LOCK_EX = 2;

/** Runs `work` while this process holds an exclusive flock(2) on a directory: it leaves no lock file behind, even after SIGKILL. */
export function withDirectoryLock<T>(directory: string, work: () => T): T {
  const fd = open(directory, O_RDONLY | O_DIRECTORY);
  if (fd < 0) throw new SystemError("open", directory, errno());
  try {
    if (libc.flock(fd, LOCK_EX) < 0) throw new SystemError("flock", directory, errno());
    return work();
  } finally {
    close(fd);
  }
}

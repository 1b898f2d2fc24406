import { statusOfDescriptor } from "./file.ts";
import { close, O_DIRECTORY, O_RDONLY, open } from "./io.ts";
import { libc } from "./libc.ts";

const LOCK_EX_NB = 2 | 4;
const LOCK_UN = 8;
const F_SETFD = 2;
/** How long another holder is waited for, and how often it is asked again, in milliseconds. */
const PATIENCE_MS = 2000;
const RETRY_MS = 20;

/**
 * Runs `work` while this process holds an exclusive flock(2) on a directory, so that no lock file is left behind, not even
 * after SIGKILL. Whoever can read a directory can lock it: after two seconds the work is done without the lock, so that
 * nobody can keep us from it.
 */
export function withDirectoryLock<T>(directory: string, work: () => T): T {
  const fd = open(directory, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return work();
  try {
    const until = performance.now() + PATIENCE_MS;
    while (libc.flock(fd, LOCK_EX_NB) < 0 && performance.now() < until) {
      libc.poll(null, 0, RETRY_MS);
    }
    return work();
  } finally {
    close(fd);
  }
}

/** A lock that lasts until it is released, or until the process has ended and every program that it started meanwhile. */
export interface Hold {
  release(): void;
}

/** Holds an exclusive flock(2) on a directory that is still there; undefined when somebody else does, or it cannot be opened. */
export function holdDirectory(directory: string): Hold | undefined {
  const fd = open(directory, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return undefined;
  // Whoever held it may have removed it: a removed directory has no link.
  if (libc.flock(fd, LOCK_EX_NB) < 0 || statusOfDescriptor(fd)?.links === 0) {
    close(fd);
    return undefined;
  }
  // A program goes on with what it was told to change when this process is killed. It must have ended before others begin.
  libc.fcntl(fd, F_SETFD, 0);
  return {
    release() {
      libc.flock(fd, LOCK_UN);
      close(fd);
    },
  };
}

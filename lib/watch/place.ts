import { errno, EXDEV } from "../linux/errno.ts";
import { type FileStatus, statusBehind, statusOfDescriptor } from "../linux/file.ts";
import { close } from "../linux/io.ts";
import { openBelow } from "../linux/openat2.ts";
import { readLink } from "../linux/proc.ts";

/**
 * The files that a path may mean to a thread: in its own mount namespace, below its own root, from its own folder. There can be two,
 * since its folder may lie outside its root. Undefined when the thread is gone.
 */
export function filesAt(path: string, pid: number, tid: number): FileStatus[] | undefined {
  const proc = [`/proc/${pid}/task/${tid}`, `/proc/${pid}`]
    .find((folder) => readLink(`${folder}/root`) !== undefined);
  if (proc === undefined) return undefined;
  if (path.startsWith("/")) return present([below(proc, pid, tid, path)]);
  const folder = readLink(`${proc}/cwd`);
  return present([
    statusBehind(`${proc}/cwd/${path}`),
    folder === undefined ? undefined : below(proc, pid, tid, `${folder}/${path}`),
  ]);
}

function below(proc: string, pid: number, tid: number, path: string): FileStatus | undefined {
  const own = itsOwn(path, pid, tid);
  if (own !== path) return statusBehind(own);
  const fd = openBelow(`${proc}/root`, path);
  if (fd >= 0) {
    const status = statusOfDescriptor(fd);
    close(fd);
    return status;
  }
  return errno() === EXDEV ? statusBehind(`${proc}/root${path}`) : undefined;
}

/** What /proc/self means to the thread. */
function itsOwn(path: string, pid: number, tid: number): string {
  return path
    .replace(/^\/proc\/thread-self\//, `/proc/${pid}/task/${tid}/`)
    .replace(/^\/(?:proc\/self|dev)\/fd\//, `/proc/${pid}/fd/`)
    .replace(/^\/proc\/self\//, `/proc/${pid}/`);
}

function present(files: readonly (FileStatus | undefined)[]): FileStatus[] {
  return files.filter((file) => file !== undefined);
}

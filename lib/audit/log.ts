import { errno, SystemError } from "../linux/errno.ts";
import { statusOfDescriptor } from "../linux/file.ts";
import { close, O_APPEND, O_CREAT, O_WRONLY, open } from "../linux/io.ts";
import { ignoreFileSizeSignal } from "../linux/signal.ts";
import { endsInLine, fileMemory, FileSink, type SharedFile } from "./file.ts";
import type { AuditTarget } from "./target.ts";

/** An open audit log, as plain data that every thread can have. */
export interface AuditLog {
  readonly fd: number;
  /** Nothing is relayed whose record cannot be written. */
  readonly required: boolean;
  /** Absent for what is no regular file: standard error, a pipe, a device. */
  readonly file?: SharedFile;
}

/** Records hold who did what: readable for their owner and group only. */
const MODE = 0o640;

/** Undefined where nothing is recorded. Throws a SystemError. */
export function openAuditLog(target: AuditTarget): AuditLog | undefined {
  if (target.to === "off") return undefined;
  if (target.to === "stderr") return { fd: 2, required: false };
  const { path, rotate, required = false } = target;
  const fd = open(path, O_WRONLY | O_CREAT | O_APPEND, MODE);
  if (fd < 0) throw new SystemError("open audit file", path, errno());
  const status = statusOfDescriptor(fd);
  if (status?.isRegular !== true) return { fd, required };
  ignoreFileSizeSignal();
  const memory = fileMemory(status.size, endsInLine(path, status));
  const file = { fd, path, ...(rotate === undefined ? {} : { rotate }), memory };
  return { fd, required, file };
}

/** Takes up the file that has the name now, for all threads. False where there is none to open anew. Throws with the old one still open. */
export function reopenAuditLog(log: AuditLog | undefined): boolean {
  if (log?.file === undefined) return false;
  const failure = new FileSink(log.file, () => {}).reopen();
  if (failure !== undefined) throw new Error(failure);
  return true;
}

/** Standard error stays open. */
export function closeAuditLog(log: AuditLog | undefined): void {
  if (log !== undefined && log.fd > 2) close(log.fd);
}

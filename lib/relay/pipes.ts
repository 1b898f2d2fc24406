import { close, MAX_SPLICE, pipe } from "../linux/io.ts";

/** More does not make streams faster, and the kernel counts it against the user's pipe quota. */
const PIPE_SIZE = MAX_SPLICE;

/** Empty pipes that are kept for the next stream; each costs two descriptors and, while empty, no pages. */
const MAX_KEPT = 64;

export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

const kept: Pipe[] = [];

/** An empty pipe, or undefined when no descriptor is left: the caller then copies through memory instead. */
export function takePipe(): Pipe | undefined {
  return kept.pop() ?? pipe(PIPE_SIZE);
}

/** Gives a pipe back. One that still holds bytes is closed, so that no stream can ever see another's. */
export function givePipe(used: Pipe, bytesInside: number): void {
  if (bytesInside === 0 && kept.length < MAX_KEPT) {
    kept.push(used);
    return;
  }
  close(used.readEnd);
  close(used.writeEnd);
}

let spare: Worker | undefined;

/** Begins to start a worker: that takes as long as loading a configuration does, and both can be done at once. */
export function prepareWorker(): void {
  spare ??= newWorker();
}

/** The worker that was prepared, or a new one. */
export function takeWorker(): Worker {
  const worker = spare ?? newWorker();
  spare = undefined;
  return worker;
}

/** Ends the worker that was prepared, if nobody has taken it. */
export function discardWorker(): void {
  spare?.terminate();
  spare = undefined;
}

function newWorker(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
}

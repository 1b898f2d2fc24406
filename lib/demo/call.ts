/** A caller of the demo: whose identity it takes, and what it asks for. */
export interface Call {
  /** Absent: the identity of the process that runs the demo. */
  readonly as?: { readonly uid: number; readonly gid: number };
  readonly socket: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

/** What came back, or why nothing did; `code` is the kernel's, where it said no. */
export type Outcome =
  | { readonly status: number; readonly body: string }
  | { readonly error: string; readonly code?: string | undefined };

/** Makes a call from a thread of its own, which alone takes the caller's identity and ends afterwards. */
export function call(request: Call, signal: AbortSignal): Promise<Outcome> {
  const worker = new Worker(new URL("./caller.ts", import.meta.url), { type: "module" });
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  worker.onmessage = ({ data }: MessageEvent<Outcome>) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    resolve({ error: event.message });
  };
  const abort = () => resolve({ error: "interrupted" });
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  worker.postMessage(request);
  return promise.finally(() => {
    signal.removeEventListener("abort", abort);
    worker.terminate();
  });
}

/** A caller of the demo: whose identity it takes, and what it asks for. */
export interface Call {
  /** Absent: the identity of the process that runs the demo. */
  readonly as?: { readonly uid: number; readonly gid: number };
  readonly socket: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

/** What came back, or why nothing did. */
export type Outcome =
  | { readonly status: number; readonly body: string }
  | { readonly error: string };

/** Makes a call from a thread of its own, which alone takes the caller's identity and ends afterwards. */
export function call(request: Call): Promise<Outcome> {
  const worker = new Worker(new URL("./caller.ts", import.meta.url), { type: "module" });
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  worker.onmessage = ({ data }: MessageEvent<Outcome>) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    resolve({ error: event.message });
  };
  worker.postMessage(request);
  return promise.finally(() => worker.terminate());
}

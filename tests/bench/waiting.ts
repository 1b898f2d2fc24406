import type { Child } from "./process.ts";

/** How long a program may take to become ready, in milliseconds. */
const READY_LIMIT = 10_000;

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Waits until a new process listens on a unix socket. Ends it and throws with what it said when it does not. */
export async function listening(path: string, child: Child): Promise<void> {
  const start = performance.now();
  while (!child.ended && performance.now() - start < READY_LIMIT) {
    try {
      (await Deno.connect({ transport: "unix", path })).close();
      return;
    } catch {
      await pause(5);
    }
  }
  const what = child.ended ? "it ended" : `nobody listens on ${path}`;
  await child[Symbol.asyncDispose]();
  throw new Error(`${what}; it said: ${child.said}`);
}

/** Reads the line that a program writes once it is ready, within `limit` milliseconds. */
export async function firstLine(
  stream: ReadableStream<Uint8Array>,
  limit = READY_LIMIT,
): Promise<string> {
  const reader = stream.getReader();
  const timer = setTimeout(() => reader.cancel(), limit);
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`a program ended, or was not ready within ${limit / 1000} s`);
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    clearTimeout(timer);
    reader.releaseLock();
  }
  return text.split("\n", 1)[0]!;
}

import type { Answer } from "../policy/constraints/types.ts";
import { answerFrom } from "../relay/engine_object.ts";
import type { Late } from "./host.ts";
import { late, within } from "./within.ts";

/** As patient as the gate; a host with thousands of containers needs a moment. */
const PATIENCE = 10_000;

/** In bytes: a list of thousands of containers has a few MiB. */
const MOST = 64 << 20;

/** GET of a path as HTTP/1.0, so that the answer ends with the connection (RFC 9112 §9.3). */
export async function ask(socket: string, path: string): Promise<Answer | Late> {
  try {
    const connecting = Deno.connect({ transport: "unix", path: socket });
    const bytes = await within(PATIENCE, connecting, async (connection) => {
      const request = new TextEncoder().encode(`GET ${path} HTTP/1.0\r\nHost: docker\r\n\r\n`);
      for (let at = 0; at < request.length;) at += await connection.write(request.subarray(at));
      return await readAll(connection.readable);
    });
    if (bytes === late) {
      return { failed: `${socket} does not answer within ${PATIENCE / 1000} s`, late: true };
    }
    if (bytes === undefined) return { failed: `${socket} sends more than ${MOST >> 20} MiB` };
    return answerFrom(bytes, 0, bytes.length);
  } catch (error) {
    return { failed: `${socket} cannot be asked: ${(error as Error).message}` };
  }
}

/** Undefined when that is more than an engine has to say. */
async function readAll(from: ReadableStream<Uint8Array>): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of from) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MOST) return undefined;
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

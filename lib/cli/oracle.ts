import type { Answer, Lookup } from "../policy/constraints/types.ts";
import { answerFrom, type EngineLookup, question } from "../relay/engine_object.ts";
import { realPath } from "../relay/real_path.ts";
import type { Oracle } from "./consider.ts";

/** As patient as the gate. */
const PATIENCE = 10_000;

/** Answers as the gate would get them: from the engine behind a socket, and from this host. `fields` as `question` takes them. */
export function asksEngine(
  socket: string,
  fields = "",
): (lookup: Lookup) => Answer | Promise<Answer> {
  return (lookup) => lookup.kind === "path" ? realPath(lookup.path) : ask(socket, lookup, fields);
}

/** Asks nobody: a path is taken to be what it says, anything else cannot be known. */
export const asksNobody: Oracle = (lookup) =>
  lookup.kind === "path" ? { found: lookup.path } : undefined;

async function ask(socket: string, lookup: EngineLookup, fields: string): Promise<Answer> {
  let connection: Deno.UnixConn | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const connected = connection = await Deno.connect({ transport: "unix", path: socket });
    timer = setTimeout(() => connected.close(), PATIENCE);
    await new Blob([question(lookup, fields)]).stream().pipeTo(connected.writable, {
      preventClose: true,
    });
    const bytes = new Uint8Array(await new Response(connected.readable).arrayBuffer());
    return answerFrom(bytes, 0, bytes.length);
  } catch (error) {
    return { failed: `the engine at ${socket} cannot be asked: ${(error as Error).message}` };
  } finally {
    clearTimeout(timer);
    try {
      connection?.close();
    } catch { /* closed with its stream */ }
  }
}

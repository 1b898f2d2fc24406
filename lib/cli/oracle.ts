import { HeadError } from "../http/fields.ts";
import { parseResponseHead } from "../http/response_head.ts";
import type { Answer, Lookup } from "../policy/constraints/types.ts";
import { realPath } from "../relay/real_path.ts";
import type { Oracle } from "./consider.ts";

/** As patient as the gate. */
const PATIENCE = 10_000;

type EngineLookup = Exclude<Lookup, { kind: "path" }>;

/** Answers as the gate would get them: from the engine behind a socket, and from this host. */
export function asksEngine(socket: string): Oracle {
  return (lookup) => lookup.kind === "path" ? realPath(lookup.path) : ask(socket, lookup);
}

/** Asks nobody: a path is taken to be what it says, anything else cannot be known. */
export const asksNobody: Oracle = (lookup) =>
  lookup.kind === "path" ? { found: lookup.path } : undefined;

/** What the engine says of an object: one request of HTTP/1.0, so that the answer ends with the connection. */
async function ask(socket: string, lookup: EngineLookup): Promise<Answer> {
  let connection: Deno.UnixConn | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const connected = connection = await Deno.connect({ transport: "unix", path: socket });
    timer = setTimeout(() => connected.close(), PATIENCE);
    const request = `GET ${pathOf(lookup)} HTTP/1.0\r\nHost: docker\r\n\r\n`;
    await new Blob([request]).stream().pipeTo(connected.writable, { preventClose: true });
    const bytes = new Uint8Array(await new Response(connected.readable).arrayBuffer());
    return readAnswer(bytes);
  } catch (error) {
    return { failed: `the engine at ${socket} cannot be asked: ${(error as Error).message}` };
  } finally {
    clearTimeout(timer);
    try {
      connection?.close();
    } catch { /* closed with its stream */ }
  }
}

function pathOf({ kind, name }: EngineLookup): string {
  const segment = encodeURIComponent(name);
  if (kind === "volume" || kind === "network") return `/${kind}s/${segment}`;
  return kind === "exec" ? `/exec/${segment}/json` : `/${kind}s/${segment}/json`;
}

function readAnswer(bytes: Uint8Array): Answer {
  const text = new TextDecoder("latin1").decode(bytes);
  const blank = text.indexOf("\r\n\r\n");
  if (blank < 0) return { failed: "the engine closed the connection without an answer" };
  try {
    const { status } = parseResponseHead(bytes, 0, blank + 4);
    const value = JSON.parse(new TextDecoder().decode(bytes.subarray(blank + 4)));
    if (status === 200) return { found: value };
    const words = typeof value?.message === "string" ? value.message : `status ${status}`;
    return status === 404 ? { absent: words } : { failed: `the engine says: ${words}` };
  } catch (error) {
    if (!(error instanceof HeadError) && !(error instanceof SyntaxError)) throw error;
    return { failed: "the engine's answer cannot be read" };
  }
}

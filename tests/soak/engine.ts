import type { Random } from "../support/random.ts";
import { bytes } from "../support/wire.ts";
import { end, Reader } from "./reader.ts";
import { about, tagPattern, told } from "./tags.ts";

/** Bytes of one write, so that faults come between two of them. */
const PIECE = 32 * 1024;
type Mood = "well" | "hanging" | "dying";

/** An engine that tells of each tag that it is asked for; it can go, come back, hang, and die in the middle of an answer. */
export class SoakEngine implements Disposable {
  /** How it treats requests from now on. */
  mood: Mood = "well";
  requests = 0;
  readonly #path: string;
  readonly #random: Random;
  readonly #open = new Set<Deno.UnixConn>();
  #listener: Deno.UnixListener | undefined;

  constructor(path: string, random: Random) {
    this.#path = path;
    this.#random = random;
    this.start();
  }

  start(): void {
    this.#listener = Deno.listen({ transport: "unix", path: this.#path });
    this.#accept(this.#listener);
  }

  /** Goes away with all of its connections, as when it is killed. */
  stop(): void {
    this.#listener?.close();
    this.#listener = undefined;
    for (const conn of this.#open) end(conn);
    try {
      Deno.removeSync(this.#path);
    } catch { /* its directory went first */ }
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async #accept(listener: Deno.UnixListener): Promise<void> {
    try {
      for await (const conn of listener) this.#serve(conn);
    } catch { /* it is over */ }
  }

  async #serve(conn: Deno.UnixConn): Promise<void> {
    this.#open.add(conn);
    try {
      const reader = new Reader(conn);
      while (await this.#answer(conn, reader));
    } catch { /* the gate has left, or this engine has */ }
    end(conn);
    this.#open.delete(conn);
  }

  /** One request and its answer; whether another can follow. */
  async #answer(conn: Deno.UnixConn, reader: Reader): Promise<boolean> {
    const head = await reader.until("\r\n\r\n");
    if (head === undefined) return false;
    this.requests++;
    const [method, target] = head.split(" ", 2) as [string, string];
    const tag = tagPattern.exec(target)?.[1] ?? "";
    // What the gate asks by itself ends with the connection (HTTP/1.0), as what has a body does.
    const last = head.includes(" HTTP/1.0\r\n") || !method.startsWith("G");
    if (target.includes("/attach")) return await this.#echo(conn, reader);
    if (this.mood === "hanging") return await until(() => this.mood !== "hanging"), false;
    const body = await bodyOf(reader, head);
    if (target.includes("/logs")) {
      await this.#write(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      const text = told(tag);
      for (let at = 0; at < text.length; at += PIECE) {
        const piece = text.slice(at, at + PIECE);
        await this.#write(conn, `${piece.length.toString(16)}\r\n${piece}\r\n`);
      }
      await this.#write(conn, "0\r\n\r\n");
    } else await this.#tell(conn, said(method, target, tag, body));
    return !last;
  }

  async #tell(conn: Deno.UnixConn, text: string): Promise<void> {
    await this.#write(conn, `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
  }

  /** A hijacked stream: what comes goes back, and its end after it. */
  async #echo(conn: Deno.UnixConn, reader: Reader): Promise<false> {
    const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
    await this.#write(conn, `HTTP/1.1 101 UPGRADED\r\n${upgrade}\r\n`);
    for (
      let text: string | undefined = reader.take();
      text !== undefined;
      text = await reader.some()
    ) {
      await this.#write(conn, text);
    }
    await conn.closeWrite();
    return false;
  }

  async #write(conn: Deno.UnixConn, text: string): Promise<void> {
    const data = bytes(text);
    for (let at = 0; at < data.length;) {
      const piece = data.subarray(at, at + PIECE);
      if (this.mood === "dying" && this.#random.chance(0.5)) {
        await conn.write(piece.subarray(0, piece.length / 2));
        throw new Error("died");
      }
      at += await conn.write(piece);
    }
  }
}

function said(method: string, target: string, tag: string, body: string): string {
  if (method === "PUT") return `${tag} ${body.length}`;
  return target.endsWith("/json") ? about(tag) : told(tag);
}

/** Reads the body of a request. */
async function bodyOf(reader: Reader, head: string): Promise<string> {
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) return await reader.exactly(Number(length));
  if (!/\r\ntransfer-encoding: chunked/i.test(head)) return "";
  let body = "";
  for (;;) {
    const line = await reader.until("\r\n") ?? "0";
    const size = parseInt(line, 16);
    body += (await reader.exactly(size + 2)).slice(0, size);
    if (size === 0) return body;
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

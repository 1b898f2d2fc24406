import { goReader } from "./readers/lenient.ts";
import { bytes, latin1 } from "./wire.ts";

const encoder = new TextEncoder();
const FINE = encoder.encode("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
const BAD = encoder.encode("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");

/** An engine that takes whatever Go's server would, answers it, and keeps the bytes of every connection. */
export class RecordingEngine implements Disposable {
  readonly #listener: Deno.UnixListener;
  readonly #heard: string[] = [];

  constructor(path: string) {
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#accept();
  }

  /** What has come since the last call, a text for each connection that has ended. */
  take(): string[] {
    return this.#heard.splice(0);
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) this.#serve(conn);
  }

  async #serve(conn: Deno.UnixConn): Promise<void> {
    let text = "";
    let answered = 0;
    const chunk = new Uint8Array(65536);
    try {
      for (;;) {
        const n = await conn.read(chunk);
        if (n === null) break;
        text += latin1(chunk.subarray(0, n));
        const { requests, end } = goReader.read(text);
        for (; answered < requests.length; answered++) await conn.write(FINE);
        if (end !== "refused") continue;
        await conn.write(BAD);
        break;
      }
    } catch { /* the gate is gone */ }
    this.#heard.push(text);
    conn.close();
  }
}

/** Sends all bytes and reads until the other side ends: what it answered. */
export async function exchange(path: string, text: string): Promise<string> {
  using conn = await Deno.connect({ transport: "unix", path });
  let answer = "";
  const reading = (async () => {
    const chunk = new Uint8Array(65536);
    for (;;) {
      const n = await conn.read(chunk).catch(() => null);
      if (n === null) return;
      answer += latin1(chunk.subarray(0, n));
    }
  })();
  const data = bytes(text);
  try {
    for (let at = 0; at < data.length;) at += await conn.write(data.subarray(at));
    await conn.closeWrite();
  } catch { /* it has had enough */ }
  await reading;
  return answer;
}

import { Buffer } from "node:buffer";

/** A byte stream as a text of the same length, which makes expectations readable. */
export const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
export const bytes = (text: string) => Buffer.from(text, "latin1");

/** One end of a unix connection with the waiting that tests need; everything ends after 10 s with what was read so far. */
export class Wire {
  #buffered = "";
  #ended = false;
  readonly #conn: Deno.Conn;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  static async to(path: string): Promise<Wire> {
    return new Wire(await Deno.connect({ transport: "unix", path }));
  }

  async send(text: string): Promise<void> {
    const data = bytes(text);
    for (let at = 0; at < data.length;) at += await this.#conn.write(data.subarray(at));
  }

  /** Everything up to and with `end`. */
  async until(end: string): Promise<string> {
    while (!this.#buffered.includes(end)) await this.#more(`text up to ${JSON.stringify(end)}`);
    const at = this.#buffered.indexOf(end) + end.length;
    return this.#take(at);
  }

  async exactly(length: number): Promise<string> {
    while (this.#buffered.length < length) await this.#more(`${length} bytes`);
    return this.#take(length);
  }

  /** A response or request with its head and, by Content-Length, its body. */
  async message(): Promise<string> {
    const head = await this.until("\r\n\r\n");
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? "0";
    return head + await this.exactly(Number(length));
  }

  /** What is left until the other side closes or half-closes. */
  async rest(): Promise<string> {
    while (!this.#ended) await this.#more("the end", true);
    return this.#take(this.#buffered.length);
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    try {
      this.#conn.close();
    } catch { /* closed before */ }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #take(length: number): string {
    const taken = this.#buffered.slice(0, length);
    this.#buffered = this.#buffered.slice(length);
    return taken;
  }

  async #more(wanted: string, mayEnd = false): Promise<void> {
    const chunk = new Uint8Array(65536);
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`Waited 10 s for ${wanted}, got: ${JSON.stringify(this.#buffered)}`)),
      10_000,
    );
    try {
      const n = await Promise.race([this.#conn.read(chunk), promise]).catch((error) => {
        if (error instanceof Deno.errors.ConnectionReset && mayEnd) return null;
        throw error;
      });
      if (n !== null) this.#buffered += latin1(chunk.subarray(0, n));
      else if (mayEnd) this.#ended = true;
      else {
        throw new Error(`Wanted ${wanted}, the end came after ${JSON.stringify(this.#buffered)}`);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

export const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: d\r\n${more}\r\n`;
export const post = (path: string, body: string, more = "") =>
  `POST ${path} HTTP/1.1\r\nHost: d\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
export const ok = (body: string, more = "") =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;

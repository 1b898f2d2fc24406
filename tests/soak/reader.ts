import { latin1 } from "../support/wire.ts";

/** One connection's bytes, from the beginning; everything throws when the connection breaks. */
export class Reader {
  #text = "";
  readonly #conn: Deno.Conn;
  readonly #chunk = new Uint8Array(64 * 1024);

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Up to and with `mark`; undefined at an end where nothing has come. */
  async until(mark: string): Promise<string | undefined> {
    let at: number;
    while ((at = this.#text.indexOf(mark)) < 0) {
      if (await this.#more()) continue;
      if (this.#text === "") return undefined;
      throw new Error("The end came early");
    }
    return this.#cut(at + mark.length);
  }

  async exactly(length: number): Promise<string> {
    while (this.#text.length < length) {
      if (!await this.#more()) throw new Error("The end came early");
    }
    return this.#cut(length);
  }

  /** What is there already. */
  take(): string {
    return this.#cut(this.#text.length);
  }

  /** What comes next, or undefined at the end. */
  async some(): Promise<string | undefined> {
    return await this.#more() ? this.take() : undefined;
  }

  async #more(): Promise<boolean> {
    const n = await this.#conn.read(this.#chunk);
    if (n !== null) this.#text += latin1(this.#chunk.subarray(0, n));
    return n !== null;
  }

  #cut(length: number): string {
    const text = this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
    return text;
  }
}

/** Closes a connection that may be closed. */
export function end(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch { /* closed before */ }
}

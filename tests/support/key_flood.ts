import type { Issued } from "./tls_certificates.ts";

/** What a change of keys asks of the other side: SSL_key_update(3). */
const NOT_REQUESTED = 0;
const REQUESTED = 1;
const FILETYPE_PEM = 1;

/** OpenSSL's own client side, of which only what no other client does is wanted. */
const load = () =>
  Deno.dlopen("libssl.so.3", {
    BIO_new: { parameters: ["pointer"], result: "pointer" },
    BIO_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
    BIO_s_mem: { parameters: [], result: "pointer" },
    BIO_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
    SSL_CTX_free: { parameters: ["pointer"], result: "void" },
    SSL_CTX_new: { parameters: ["pointer"], result: "pointer" },
    SSL_CTX_use_PrivateKey_file: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
    SSL_CTX_use_certificate_file: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
    SSL_connect: { parameters: ["pointer"], result: "i32" },
    SSL_do_handshake: { parameters: ["pointer"], result: "i32" },
    SSL_free: { parameters: ["pointer"], result: "void" },
    SSL_key_update: { parameters: ["pointer", "i32"], result: "i32" },
    SSL_new: { parameters: ["pointer"], result: "pointer" },
    SSL_set_bio: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
    TLS_client_method: { parameters: [], result: "pointer" },
  }).symbols;

/** A client of TLS that does nothing but to change its keys, and to ask the server for new ones (RFC 8446 §4.6.3). */
export class KeyFlood {
  readonly #symbols = load();
  readonly #context: Deno.PointerValue;
  readonly #ssl: Deno.PointerValue;
  readonly #input: Deno.PointerValue;
  readonly #output: Deno.PointerValue;
  readonly #conn: Deno.Conn;
  readonly #buffer = new Uint8Array(65_536);

  private constructor(conn: Deno.Conn, file: string) {
    const s = this.#symbols;
    this.#conn = conn;
    this.#context = s.SSL_CTX_new(s.TLS_client_method());
    const name = new TextEncoder().encode(`${file}\0`);
    s.SSL_CTX_use_certificate_file(this.#context, name, FILETYPE_PEM);
    s.SSL_CTX_use_PrivateKey_file(this.#context, name, FILETYPE_PEM);
    this.#ssl = s.SSL_new(this.#context);
    this.#input = s.BIO_new(s.BIO_s_mem());
    this.#output = s.BIO_new(s.BIO_s_mem());
    s.SSL_set_bio(this.#ssl, this.#input, this.#output);
  }

  static async to(port: number, { cert, key }: Issued): Promise<KeyFlood> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, cert + key);
    const flood = new KeyFlood(conn, file);
    await Deno.remove(file);
    while (true) {
      const through = flood.#symbols.SSL_connect(flood.#ssl) === 1;
      await flood.#write(flood.#taken());
      if (through) return flood;
      const n = await conn.read(flood.#buffer);
      if (n === null) throw new Error("The server left during the handshake");
      flood.#symbols.BIO_write(flood.#input, flood.#buffer, n);
    }
  }

  /** Changes its keys so often, and may ask the server to, unless that ends it; how often it was. */
  async send(times: number, readsAnswers: boolean, asks = true): Promise<number> {
    if (readsAnswers) this.#read();
    for (let n = 0; n < times; n += 500) {
      const parts: Uint8Array[] = [];
      for (let i = 0; i < 500; i++) {
        this.#symbols.SSL_key_update(this.#ssl, asks ? REQUESTED : NOT_REQUESTED);
        this.#symbols.SSL_do_handshake(this.#ssl);
        parts.push(this.#taken());
      }
      try {
        await this.#write(new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer()));
      } catch {
        return n;
      }
    }
    return times;
  }

  async #read(): Promise<void> {
    const into = new Uint8Array(65_536);
    try {
      while (await this.#conn.read(into) !== null);
    } catch { /* ended by the server */ }
  }

  #taken(): Uint8Array {
    const n = this.#symbols.BIO_read(this.#output, this.#buffer, this.#buffer.length);
    return this.#buffer.slice(0, Math.max(0, n));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  [Symbol.dispose](): void {
    this.#symbols.SSL_free(this.#ssl);
    this.#symbols.SSL_CTX_free(this.#context);
    this.#conn.close();
  }
}

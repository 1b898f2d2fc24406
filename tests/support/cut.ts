/** Somebody between a client and a server, who relays bytes both ways until told to stop. */
export class Between {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #to: number;
  readonly #conns: Deno.Conn[] = [];
  /** Bytes that came from the client. */
  seen = 0;

  constructor(to: number) {
    this.#to = to;
    this.#run();
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  async #run(): Promise<void> {
    const client = await this.#listener.accept();
    const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#to });
    this.#conns.push(client, server);
    this.#relay(client, server, (n) => this.seen += n);
    this.#relay(server, client, () => {});
  }

  async #relay(from: Deno.Conn, to: Deno.Conn, count: (n: number) => void): Promise<void> {
    const buffer = new Uint8Array(65536);
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        count(n);
        for (let at = 0; at < n;) at += await to.write(buffer.subarray(at, n));
      }
      await to.closeWrite();
    } catch { /* cut */ }
  }

  /** Ends what is sent to the server: a FIN of TCP, and nothing that TLS would say. */
  finish(): Promise<void> {
    return this.#conns[1]!.closeWrite();
  }

  /** Sends bytes of our own to the server. */
  async forge(bytes: Uint8Array): Promise<void> {
    await this.#conns[1]!.write(bytes);
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const conn of this.#conns) {
      try {
        conn.close();
      } catch { /* closed before */ }
    }
  }
}

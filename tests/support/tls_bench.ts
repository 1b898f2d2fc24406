import { errno } from "../../lib/linux/errno.ts";
import { close, eventfd, signalEventfd } from "../../lib/linux/io.ts";
import { bind, listen } from "../../lib/linux/socket.ts";
import { boundEnd, tcpAddress, tcpSocket } from "../../lib/linux/tcp.ts";
import type { TlsMaterial } from "../../lib/linux/tls_context.ts";
import type { Issued } from "./tls_certificates.ts";
import type { TlsPlan, TlsTold } from "./tls_worker.ts";

/** What a server of TLS is made of. */
export function materialOf(server: Issued, clientCa: string): TlsMaterial {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return {
    files: { cert: "/tls/cert.pem", key: "/tls/key.pem", clientCa: "/tls/ca.pem" },
    cert: bytes(server.cert),
    key: bytes(server.key),
    clientCa: bytes(clientCa),
  };
}

/** Terminators of TLS in a loop of their own, between clients of TCP and an upstream that the test plays. */
export class TlsBench {
  readonly port: number;
  readonly #worker: Worker;
  readonly #fds: readonly number[];
  readonly #folder: string;
  readonly #upstream: Deno.UnixListener;
  /** What was told and not yet asked for. */
  readonly told: TlsTold[] = [];
  #wake: (() => void) | undefined;

  private constructor(material: TlsMaterial) {
    this.#folder = Deno.makeTempDirSync({ prefix: "postern-tls-" });
    const upstream = `${this.#folder}/up.sock`;
    this.#upstream = Deno.listen({ transport: "unix", path: upstream });
    const end = { address: [127, 0, 0, 1], port: 0 };
    const listenFd = tcpSocket(end, false);
    if (bind(listenFd, tcpAddress(end)) < 0 || listen(listenFd, 512) < 0) {
      throw new Error(`bind or listen: errno ${errno()}`);
    }
    this.port = boundEnd(listenFd)!.port;
    const wakeFd = eventfd();
    this.#fds = [listenFd, wakeFd];
    this.#worker = new Worker(new URL("tls_worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<TlsTold>) => {
      this.told.push(data);
      this.#wake?.();
    };
    this.#worker.postMessage({ material, listenFd, wakeFd, upstream } satisfies TlsPlan);
  }

  static async open(material: TlsMaterial): Promise<TlsBench> {
    const bench = new TlsBench(material);
    await bench.tells("ready");
    return bench;
  }

  /** Waits until an event is told, and takes it; others stay. */
  async tells(event: TlsTold["event"]): Promise<TlsTold> {
    const until = performance.now() + 20_000;
    while (true) {
      const at = this.told.findIndex((one) => one.event === event);
      if (at >= 0) return this.told.splice(at, 1)[0]!;
      const left = until - performance.now();
      if (left <= 0) throw new Error(`Never told ${event}, but ${JSON.stringify(this.told)}`);
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
      this.#wake = undefined;
    }
  }

  /** A client with a certificate; the connection is not there before both have spoken. */
  client(issued: Issued, ca: string): Promise<Deno.TlsConn> {
    return this.at(this.port, issued, ca);
  }

  /** As `client`, by another port. */
  async at(port: number, { cert, key }: Issued, ca: string): Promise<Deno.TlsConn> {
    const conn = await Deno.connectTls({
      ...{ hostname: "127.0.0.1", port, cert, key, caCerts: [ca] },
    });
    await conn.handshake();
    return conn;
  }

  /** The next connection that comes to the upstream. */
  engine(): Promise<Deno.UnixConn> {
    return this.#upstream.accept();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    signalEventfd(this.#fds[1]!);
    await this.tells("stopped");
    this.#worker.terminate();
    for (const fd of this.#fds) close(fd);
    this.#upstream.close();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

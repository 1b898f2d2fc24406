import type { Duplex } from "node:stream";
import type { Container } from "./container.ts";
import type { Output, Process } from "./process.ts";
import type { Call } from "./reply.ts";

/** stdcopy's frame: the stream, three zeros, the length in big endian, the bytes. */
export function frame(stream: 1 | 2, bytes: Uint8Array): Uint8Array {
  const framed = new Uint8Array(8 + bytes.length);
  framed[0] = stream;
  new DataView(framed.buffer).setUint32(4, bytes.length);
  framed.set(bytes, 8);
  return framed;
}

/** Writes one stream's bytes; settles when the reader is ready for more, or has gone. */
export async function write(
  to: NodeJS.WritableStream & { destroyed?: boolean },
  bytes: Uint8Array,
): Promise<void> {
  if (!to.writable || to.write(bytes)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    to.off("drain", done);
    to.off("close", done);
    resolve();
  };
  to.once("drain", done);
  to.once("close", done);
  await promise;
}

/**
 * Takes the connection away from HTTP, with the daemon's head: 101 when the client sent any `Upgrade`, else 200 with
 * neither Content-Length nor Transfer-Encoding. Raw bytes from here on, both ways, each with its own end.
 */
export function hijack({ request, response }: Call): Duplex {
  const { socket } = request;
  response.detachSocket(socket);
  for (const event of ["data", "end", "drain"]) socket.removeAllListeners(event);
  socket.on("error", () => socket.destroy());
  const upgrade = request.headers.upgrade !== undefined;
  socket.write(
    (upgrade ? "HTTP/1.1 101 UPGRADED\r\n" : "HTTP/1.1 200 OK\r\n") +
      "Content-Type: application/vnd.docker.raw-stream\r\n" +
      (upgrade ? "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n" : "\r\n"),
  );
  return socket;
}

/** The end of a hijacked stream: what was written goes out, then both directions close. */
export function endHijacked(socket: Duplex): void {
  socket.end(() => socket.destroy());
}

/** What a process prints, as this connection is to see it. */
export function outputTo(
  socket: Duplex,
  tty: boolean,
  streams: ReadonlySet<1 | 2> = new Set([1, 2]),
): Output {
  return async (stream, bytes) => {
    if (streams.has(stream)) await write(socket, tty ? bytes : frame(stream, bytes));
  };
}

/** Feeds what the client sends to a process; its half-close is the end of stdin when `closes` says so. */
export function feed(
  socket: Duplex,
  process: Process,
  how: { tty: boolean; closes: boolean; echo: Output },
): void {
  if (!how.tty) {
    socket.pipe(process.stdin, { end: how.closes });
    return;
  }
  // What the kernel's line discipline does (termios(3)): ICRNL, ECHO, VINTR and VEOF.
  socket.on("data", (chunk: Uint8Array) => {
    if (chunk.includes(3)) return process.signal(2);
    const text = Uint8Array.from(chunk, (byte) => byte === 13 ? 10 : byte).filter((b) => b !== 4);
    void how.echo(1, text);
    if (!process.stdin.writable) return;
    process.stdin.write(text);
    if (chunk.includes(4)) process.stdin.end();
  });
}

/** Reads away what nobody asked for, so that the client's leaving is noticed. */
export function ignoreInput(socket: Duplex): void {
  socket.resume();
}

/** `stdout=1&stderr=1` as a set. */
export function wantedStreams(query: URLSearchParams, on: (name: string) => boolean): Set<1 | 2> {
  const wanted = new Set<1 | 2>();
  if (query.has("stdout") && on("stdout")) wanted.add(1);
  if (query.has("stderr") && on("stderr")) wanted.add(2);
  return wanted;
}

/** Calls back when the container's run ends, at once when it is not running and never will be followed. */
export function untilExit(container: Container, gone: Duplex, ended: () => void): void {
  container.once("exit", ended);
  gone.once("close", () => container.off("exit", ended));
}

// What the benchmark's own clients share: each is a program of its own, and prints a line of JSON as its answer.
import { close } from "../../../lib/linux/io.ts";
import { connect, unixAddress, unixSocket } from "../../../lib/linux/socket.ts";

const encoder = new TextEncoder();

export const HOST = "Host: docker\r\n";
export const smallGet = encoder.encode(`GET /containers/json HTTP/1.1\r\n${HOST}\r\n`);

/** A request to hijack the connection; the upstream of streams sends so many MiB on it. */
export function attach(mebibytes: number): Uint8Array<ArrayBuffer> {
  return encoder.encode(
    `POST /containers/${mebibytes}/attach?stream=1 HTTP/1.1\r\n${HOST}` +
      "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n",
  );
}

/** A connected descriptor; undefined with errno EAGAIN when it may not block and the backlog is full. */
export function dial(path: string, blocking: boolean): number | undefined {
  return dialTo(unixAddress(path), blocking);
}

/** The same to an address that is made once. */
export function dialTo(address: Uint8Array<ArrayBuffer>, blocking: boolean): number | undefined {
  const fd = unixSocket(blocking);
  if (connect(fd, address) === 0) return fd;
  close(fd);
  return undefined;
}

export function answer(result: Readonly<Record<string, number>>): void {
  console.log(JSON.stringify(result));
}

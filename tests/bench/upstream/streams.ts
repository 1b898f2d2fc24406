// A server of long streams on one unix socket, as fast as the descriptors allow. The path says how long and how framed:
//   GET  /images/length-N/get   N MiB with Content-Length     POST /containers/N/attach  101, N MiB, and a half-close
//   GET  /images/chunked-N/get  N MiB in chunks               POST /images/load          a chunked body, then 200
// With N = 0 an attached stream stays open and silent.
import { Epoll, EPOLLIN, EPOLLOUT } from "../../../lib/linux/epoll.ts";
import { EAGAIN, errno } from "../../../lib/linux/errno.ts";
import { close, read, write } from "../../../lib/linux/io.ts";
import { accept, bind, listen, SHUT_WR, shutdown } from "../../../lib/linux/socket.ts";
import { unixAddress, unixSocket } from "../../../lib/linux/socket.ts";
import { chunked, CHUNKS_END, ChunksEnd } from "../chunks.ts";

const MIB = 1 << 20;
const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");
const block = new Uint8Array(MIB).fill(0x61);
const chunks = chunked(block);
const scratch = new Uint8Array(MIB);
const TAKEN = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const SWITCHED = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n" +
  "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

/** A connection and what is under way on it. */
interface Stream {
  /** The request's head as far as it is here. */
  head: string;
  /** The body that is being taken. */
  taking: ChunksEnd | undefined;
  /** What is to be sent, each piece `repeat` times, the first from `at` on. */
  queue: { bytes: Uint8Array<ArrayBuffer>; repeat: number; at: number }[];
  shuts: boolean;
  writing: boolean;
}

const epoll = new Epoll(512);
const streams = new Map<number, Stream>();
const listener = unixSocket(false);
if (bind(listener, unixAddress(Deno.args[0]!)) < 0 || listen(listener, 4096) < 0) {
  throw new Error(`Cannot listen on ${Deno.args[0]}`);
}
epoll.add(listener, EPOLLIN);

while (true) {
  const count = epoll.wait(-1);
  for (let i = 0; i < count; i++) {
    const fd = epoll.fd(i);
    if (fd === listener) takeAll();
    else if ((epoll.events(i) & EPOLLOUT) !== 0) send(fd, streams.get(fd)!);
    else receive(fd, streams.get(fd)!);
  }
}

function takeAll(): void {
  for (let fd = accept(listener); fd >= 0; fd = accept(listener)) {
    streams.set(fd, { head: "", taking: undefined, queue: [], shuts: false, writing: false });
    epoll.add(fd, EPOLLIN);
  }
}

function end(fd: number): void {
  streams.delete(fd);
  close(fd);
}

function receive(fd: number, stream: Stream): void {
  const n = read(fd, scratch, scratch.length);
  if (n <= 0) {
    if (n === 0 || errno() !== EAGAIN) end(fd);
  } else if (stream.taking !== undefined) take(fd, stream, scratch, n);
  else {
    stream.head += decoder.decode(scratch.subarray(0, n));
    const length = stream.head.indexOf("\r\n\r\n") + 4;
    if (length < 4) return;
    const [head, rest] = [stream.head.slice(0, length), stream.head.slice(length)];
    stream.head = "";
    begin(fd, stream, head, encoder.encode(rest));
  }
}

function begin(fd: number, stream: Stream, head: string, rest: Uint8Array): void {
  const [, kind, number] = /\/(length-|chunked-|containers\/)(\d+)\//.exec(head) ?? [];
  const repeat = Number(number);
  if (kind === undefined) {
    stream.taking = new ChunksEnd();
    return take(fd, stream, rest, rest.length);
  }
  if (kind === "containers/") queue(stream, SWITCHED, block, repeat, "");
  else if (kind === "length-") {
    queue(stream, okay(`Content-Length: ${repeat * MIB}`), block, repeat, "");
  } else queue(stream, okay("Transfer-Encoding: chunked"), chunks, repeat, CHUNKS_END);
  stream.shuts = kind === "containers/" && repeat > 0;
  send(fd, stream);
}

function okay(framing: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\n${framing}\r\n\r\n`;
}

function queue(
  stream: Stream,
  before: string,
  middle: Uint8Array<ArrayBuffer>,
  repeat: number,
  after: string,
): void {
  stream.queue = [
    { bytes: encoder.encode(before), repeat: 1, at: 0 },
    { bytes: middle, repeat, at: 0 },
    { bytes: encoder.encode(after), repeat: 1, at: 0 },
  ].filter(({ bytes, repeat }) => bytes.length * repeat > 0);
}

function take(fd: number, stream: Stream, bytes: Uint8Array, length: number): void {
  if (!stream.taking!.reached(bytes, length)) return;
  stream.taking = undefined;
  queue(stream, TAKEN, block, 0, "");
  send(fd, stream);
}

function send(fd: number, stream: Stream): void {
  for (let piece = stream.queue[0]; piece !== undefined; piece = stream.queue[0]) {
    const n = write(fd, piece.bytes.subarray(piece.at), piece.bytes.length - piece.at);
    if (n < 0) return errno() === EAGAIN ? waitForRoom(fd, stream, true) : end(fd);
    piece.at += n;
    if (piece.at < piece.bytes.length) continue;
    piece.at = 0;
    if (--piece.repeat === 0) stream.queue.shift();
  }
  if (stream.shuts) shutdown(fd, SHUT_WR);
  waitForRoom(fd, stream, false);
}

function waitForRoom(fd: number, stream: Stream, full: boolean): void {
  if (stream.writing === full) return;
  stream.writing = full;
  epoll.modify(fd, full ? EPOLLOUT : EPOLLIN);
}

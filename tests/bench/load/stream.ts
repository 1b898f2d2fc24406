// stream.ts KIND SOCKET NUMBER: so many MiB in one stream of the kind `length`, `chunked`, `attach` or `load`.
import { describeErrno, errno } from "../../../lib/linux/errno.ts";
import { read, write } from "../../../lib/linux/io.ts";
import { chunked, CHUNKS_END, ChunksEnd } from "../chunks.ts";
import { answer, attach, dial, HOST } from "./wire.ts";

const [kind = "", path = "", number = "0"] = Deno.args;
const mebibytes = Number(number);
const MIB = 1 << 20;
const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");
const scratch = new Uint8Array(MIB);

const fd = connected();
const start = performance.now();
if (kind === "load") upload();
else download();
answer({ seconds: (performance.now() - start) / 1000 });

function connected(): number {
  const fd = dial(path, true);
  if (fd === undefined) throw new Error(`connect ${path}: ${describeErrno(errno())}`);
  return fd;
}

function download(): void {
  send(
    kind === "attach"
      ? attach(mebibytes)
      : encoder.encode(`GET /images/${kind}-${mebibytes}/get HTTP/1.1\r\n${HOST}\r\n`),
  );
  let bytes = receiveHead(kind === "attach" ? "101" : "200");
  const end = new ChunksEnd();
  for (let over = false; !over;) {
    const n = receive();
    bytes += n;
    over = n === 0 || (kind === "length" && bytes === mebibytes * MIB) ||
      (kind === "chunked" && end.reached(scratch, n));
  }
  const framed = kind === "chunked" && bytes > mebibytes * MIB;
  if (!framed && bytes !== mebibytes * MIB) throw new Error(`${bytes} bytes of ${mebibytes} MiB`);
}

function upload(): void {
  const chunks = chunked(new Uint8Array(MIB).fill(0x61));
  send(encoder.encode(`POST /images/load HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`));
  for (let i = 0; i < mebibytes; i++) send(chunks);
  send(encoder.encode(CHUNKS_END));
  receiveHead("200");
}

function send(bytes: Uint8Array<ArrayBuffer>): void {
  for (let at = 0; at < bytes.length;) {
    const n = write(fd, bytes.subarray(at), bytes.length - at);
    if (n < 0) throw new Error(`write: ${describeErrno(errno())}`);
    at += n;
  }
}

function receive(): number {
  const n = read(fd, scratch, scratch.length);
  if (n < 0) throw new Error(`read: ${describeErrno(errno())}`);
  return n;
}

/** Reads to the end of the head; tells how many bytes came behind it. */
function receiveHead(status: string): number {
  let head = "";
  while (!head.includes("\r\n\r\n")) {
    const n = receive();
    if (n === 0) throw new Error(`the answer ended in its head: ${head}`);
    head += decoder.decode(scratch.subarray(0, n));
  }
  if (!head.startsWith(`HTTP/1.1 ${status}`)) throw new Error(`answered: ${head.slice(0, 200)}`);
  return head.length - head.indexOf("\r\n\r\n") - 4;
}

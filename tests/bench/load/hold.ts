// hold.ts KIND SOCKET NUMBER: so many connections, open until standard input ends. Of the kind `silent` they have sent
// nothing, `idle` has had a small answer on each, `hijacked` a 101.
import { Epoll, EPOLLIN } from "../../../lib/linux/epoll.ts";
import { read, write } from "../../../lib/linux/io.ts";
import { pause } from "../waiting.ts";
import { answer, attach, dial, smallGet } from "./wire.ts";

/** A full backlog and an answer are waited for so long, in milliseconds. */
const PATIENCE = 1_000;

const [kind = "", path = "", number = "0"] = Deno.args;
const count = Number(number);
const events = new Epoll(1);
const scratch = new Uint8Array(65_536);
const request = kind === "silent" ? undefined : kind === "idle" ? smallGet : attach(0);
const status = kind === "idle" ? "HTTP/1.1 200" : "HTTP/1.1 101";

let open = 0;
while (open < count) {
  const fd = await dialPatiently();
  // A relay that takes no more, or does not answer, is not asked again and again.
  if (fd === undefined || (request !== undefined && !exchange(fd, request))) break;
  open++;
}
answer({ open, failed: count - open });
await Deno.stdin.readable.pipeTo(new WritableStream());

async function dialPatiently(): Promise<number | undefined> {
  const start = performance.now();
  while (performance.now() - start < PATIENCE) {
    const fd = dial(path, false);
    if (fd !== undefined) return fd;
    await pause(5);
  }
  return undefined;
}

function exchange(fd: number, request: Uint8Array<ArrayBuffer>): boolean {
  if (write(fd, request, request.length) < 0) return false;
  events.add(fd, EPOLLIN);
  const n = events.wait(PATIENCE) > 0 ? read(fd, scratch, scratch.length) : 0;
  events.remove(fd);
  return new TextDecoder().decode(scratch.subarray(0, Math.max(0, n))).startsWith(status);
}

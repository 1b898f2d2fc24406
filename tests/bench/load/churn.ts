// churn.ts SOCKET NUMBER: so many small requests, each on a connection of its own, 16 at a time. It blocks and reads in the
// order of the requests, so that as little of the processors as possible goes to the load.
import { close, receive, send } from "../../../lib/linux/io.ts";
import { Memory } from "../../../lib/linux/memory.ts";
import { unixAddress } from "../../../lib/linux/socket.ts";
import { answer, dialTo, smallGet } from "./wire.ts";

const AT_ONCE = 16;

const [path = "", number = "0"] = Deno.args;
const count = Number(number);
const address = unixAddress(path);
const request = new Memory(smallGet);
const scratch = new Memory(new Uint8Array(65_536));
const open = Array<number>(AT_ONCE).fill(-1);
let done = 0;

const start = performance.now();
for (let i = 0; i < count + AT_ONCE; i++) {
  const place = i % AT_ONCE;
  if (open[place]! >= 0) readAnswer(open[place]!);
  open[place] = i < count ? begin() : -1;
}
answer({ requests: count, failed: count - done, seconds: (performance.now() - start) / 1000 });

/** A connection with a request on it, or -1. */
function begin(): number {
  const fd = dialTo(address, true) ?? -1;
  if (fd < 0 || send(fd, request, 0, smallGet.length) === smallGet.length) return fd;
  close(fd);
  return -1;
}

function readAnswer(fd: number): void {
  for (let n = 1; n > 0;) {
    n = receive(fd, scratch, 0, scratch.bytes.length);
    if (n <= 0 || scratch.bytes[n - 1] !== 0x5d) continue; // the ] of the small answer
    done++;
    break;
  }
  close(fd);
}

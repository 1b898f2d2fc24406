import { close } from "../../lib/linux/io.ts";

const libc = Deno.dlopen("libc.so.6", {
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
}).symbols;
const AF_UNIX = 1;
const SOCK_STREAM_NONBLOCK = 1 | 0o4000;

/** Two unix sockets that are connected to each other and do not block (socketpair(2)). */
export class SocketPair implements Disposable {
  readonly one: number;
  readonly other: number;

  constructor() {
    const fds = new Int32Array(2);
    const result = libc.socketpair(AF_UNIX, SOCK_STREAM_NONBLOCK, 0, new Uint8Array(fds.buffer));
    if (result < 0) throw new Error("Cannot make a pair of sockets");
    [this.one, this.other] = [fds[0]!, fds[1]!];
  }

  [Symbol.dispose](): void {
    close(this.one);
    close(this.other);
  }
}

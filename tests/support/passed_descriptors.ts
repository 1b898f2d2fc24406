import { close } from "../../lib/linux/io.ts";
import { connect, unixAddress, unixSocket } from "../../lib/linux/socket.ts";
import { bytes } from "./wire.ts";

const libc = Deno.dlopen("libc.so.6", {
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "i64" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "i64", nonblocking: true },
}).symbols;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const O_CLOEXEC = 0o2000000;
/** struct cmsghdr of two 64-bit machines: a length of 64 bits, a level and a type. */
const CONTROL_HEAD = 16;

const addressOf = (of: Uint8Array<ArrayBuffer>) =>
  BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(of)));

/** A client that passes descriptors along with what it says, as unix(7) lets everybody do (SCM_RIGHTS). */
export class PassingClient implements Disposable {
  readonly #fd = unixSocket(true);

  constructor(path: string) {
    if (connect(this.#fd, unixAddress(path)) < 0) throw new Error(`Cannot connect to ${path}`);
  }

  /** Says so much and passes these. Throws where the kernel does not take all of it. */
  send(text: string, passed: readonly number[]): void {
    const data = new Uint8Array(bytes(text));
    const control = new Uint8Array(CONTROL_HEAD + Math.ceil(passed.length / 2) * 8);
    const head = new DataView(control.buffer);
    head.setBigUint64(0, BigInt(CONTROL_HEAD + passed.length * 4), true);
    head.setInt32(8, SOL_SOCKET, true);
    head.setInt32(12, SCM_RIGHTS, true);
    passed.forEach((fd, n) => head.setInt32(CONTROL_HEAD + n * 4, fd, true));
    const vector = new BigUint64Array([addressOf(data), BigInt(data.length)]);
    const message = new BigUint64Array([
      ...[0n, 0n, addressOf(new Uint8Array(vector.buffer)), 1n],
      ...[addressOf(control), BigInt(control.length), 0n],
    ]);
    const taken = Number(libc.sendmsg(this.#fd, new Uint8Array(message.buffer), 0));
    if (taken !== data.length) throw new Error(`sendmsg took ${taken} of ${data.length} bytes`);
  }

  /** What comes next, at most 64 KiB; empty at the end. */
  async hear(): Promise<string> {
    const chunk = new Uint8Array(65536);
    const n = Number(await libc.read(this.#fd, chunk, BigInt(chunk.length)));
    if (n < 0) throw new Error("The connection broke");
    return new TextDecoder().decode(chunk.subarray(0, n));
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }
}

/** A pipe whose one end is given away: the other one sees the end when nobody has it any more. */
export class Canary implements Disposable {
  readonly #readEnd: number;
  readonly given: number;
  #kept = true;

  constructor() {
    const ends = new Int32Array(2);
    if (libc.pipe2(new Uint8Array(ends.buffer), O_CLOEXEC) < 0) throw new Error("No pipe");
    [this.#readEnd, this.given] = [ends[0]!, ends[1]!];
  }

  /** Waits until nobody has what was given away, without which it does not end. */
  async isFree(): Promise<void> {
    this.#letGo();
    const n = Number(await libc.read(this.#readEnd, new Uint8Array(1), 1n));
    if (n !== 0) throw new Error("Somebody wrote into what was given away");
  }

  [Symbol.dispose](): void {
    this.#letGo();
    close(this.#readEnd);
  }

  #letGo(): void {
    if (this.#kept) close(this.given);
    this.#kept = false;
  }
}

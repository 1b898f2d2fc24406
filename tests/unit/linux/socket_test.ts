import assert from "node:assert/strict";
import { libc } from "../../../lib/linux/libc.ts";
import { datagramSocket, sendDatagram } from "../../../lib/linux/datagram.ts";
import { ECONNREFUSED, errno } from "../../../lib/linux/errno.ts";
import { adopt, close, duplicate, read, replace } from "../../../lib/linux/io.ts";
import {
  abstractAddress,
  bind,
  boundPath,
  isListening,
  listen,
  unixAddress,
  unixSocket,
  widen,
} from "../../../lib/linux/socket.ts";

/** What the kernel says of a descriptor's flags, close-on-exec among them (proc_pid_fdinfo(5)). */
const flagsOf = (fd: number) =>
  parseInt(/^flags:\s+(\d+)$/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`))![1]!, 8);
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

Deno.test("a socket that listens is told from one that does not, and from what is no stream socket", () => {
  const directory = Deno.makeTempDirSync();
  const path = `${directory}/ä.sock`;
  const stream = unixSocket(true);
  assert.deepEqual([isListening(stream), boundPath(stream)], [false, undefined]);
  assert.equal(bind(stream, unixAddress(path)), 0);
  assert.deepEqual([isListening(stream), boundPath(stream)], [false, path]);
  listen(stream, 1);
  assert.equal(isListening(stream), true);
  const datagram = datagramSocket();
  assert.equal(isListening(datagram), false);
  assert.equal(isListening(9999), false);
  close(stream);
  close(datagram);
  Deno.removeSync(directory, { recursive: true });
});

Deno.test("the longest path that fits is read back whole, and an abstract name is no path", () => {
  const directory = Deno.makeTempDirSync();
  const path = `${directory}/${"x".repeat(106 - directory.length)}`;
  const long = unixSocket(true);
  assert.equal(bind(long, unixAddress(path)), 0);
  assert.equal(boundPath(long), path);
  close(long);
  const abstract = unixSocket(true);
  assert.equal(bind(abstract, abstractAddress(directory)), 0);
  assert.equal(boundPath(abstract), undefined);
  close(abstract);
  assert.throws(() => abstractAddress("x".repeat(108)), RangeError);
  Deno.removeSync(directory, { recursive: true });
});

Deno.test("a datagram arrives whole under an abstract name, and nobody is an error", () => {
  const address = abstractAddress(crypto.randomUUID());
  const from = datagramSocket();
  const bytes = new TextEncoder().encode("READY=1");
  assert.equal(sendDatagram(from, bytes, address), -1);
  assert.equal(errno(), ECONNREFUSED);
  const to = datagramSocket();
  bind(to, address);
  assert.equal(sendDatagram(from, bytes, address), bytes.length);
  const buffer = new Uint8Array(64);
  assert.equal(read(to, buffer, buffer.length), bytes.length);
  assert.equal(new TextDecoder().decode(buffer.subarray(0, bytes.length)), "READY=1");
  close(from);
  close(to);
});

Deno.test("what is adopted is close-on-exec and does not block, duplicates and replacements are close-on-exec", () => {
  const one = unixSocket(true);
  const other = unixSocket(false);
  assert.equal(flagsOf(one) & O_NONBLOCK, 0);
  adopt(one);
  assert.equal(flagsOf(one) & (O_NONBLOCK | O_CLOEXEC), O_NONBLOCK | O_CLOEXEC);
  const again = duplicate(one);
  assert.ok(again > 2 && again !== one);
  assert.equal(flagsOf(again) & O_CLOEXEC, O_CLOEXEC);
  const identity = (fd: number) => Deno.readLinkSync(`/proc/self/fd/${fd}`);
  assert.equal(identity(again), identity(one));
  assert.equal(replace(again, other), again);
  assert.equal(identity(again), identity(other));
  assert.equal(flagsOf(again) & O_CLOEXEC, O_CLOEXEC);
  for (const fd of [one, other, again]) close(fd);
});

/** SO_SNDBUF of a socket, in bytes as the kernel counts them (socket(7)). */
function room(fd: number): number {
  const value = new Int32Array(1);
  const length = new Uint8Array(new Uint32Array([4]).buffer);
  assert.equal(libc.getsockopt(fd, 1, 7, new Uint8Array(value.buffer), length), 0);
  return value[0]!;
}

Deno.test("a unix socket gets twice the room to send, or what the host allows, and one of TCP keeps its own", () => {
  const most = 2 * Number(Deno.readTextFileSync("/proc/sys/net/core/wmem_max"));
  const plain = unixSocket(false);
  const before = room(plain);
  for (let times = 0; times < 2; times++) {
    widen(plain);
    assert.equal(room(plain), Math.max(before, Math.min(most, 2 * 212_992)));
  }
  const tcp = libc.socket(2, 1, 0);
  const own = room(tcp);
  widen(tcp);
  assert.equal(room(tcp), own);
  widen(9999);
  for (const fd of [plain, tcp]) close(fd);
});

import assert from "node:assert/strict";
import { statusOf } from "../../../lib/linux/file.ts";
import { readLink } from "../../../lib/linux/proc.ts";
import { which } from "../../support/private_engine.ts";
import { readMessages, unixSockets } from "../../../lib/linux/unix_diag.ts";

Deno.test("the kernel tells of a connection both ends, and the file that the listener was bound to", async () => {
  const directory = await Deno.makeTempDir({ prefix: "postern-diag-" });
  const path = `${directory}/s.sock`;
  try {
    using server = Deno.listen({ transport: "unix", path });
    using client = await Deno.connect({ transport: "unix", path });
    using served = await server.accept();
    const here = unixSockets().filter((one) => one.path === path);
    const status = statusOf(path)!;
    for (const { file } of here) {
      assert.deepEqual(file, {
        inode: Number(status.inode & 0xffffffffn),
        device: status.device,
      });
    }
    const [listener, ...others] = here.toSorted((a, b) => Number(b.listens) - Number(a.listens));
    assert.equal(listener?.listens, true);
    assert.equal(others.length, 1);
    const accepted = others[0]!;
    const ends = ownSockets();
    assert.ok(ends.has(accepted.inode) && ends.has(accepted.peer!), JSON.stringify(accepted));
    const other = unixSockets().find(({ inode }) => inode === accepted.peer);
    assert.equal(other?.peer, accepted.inode);
    assert.equal(other?.path, undefined);
    void client, served;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test({
  name: "a connection from another network namespace is listed there, and the thread comes back",
  ignore: Deno.uid() !== 0 || which("socat") === undefined,
  async fn() {
    const directory = await Deno.makeTempDir({ prefix: "postern-diag-" });
    const path = `${directory}/s.sock`;
    const client = new Deno.Command("unshare", {
      args: ["--net", "socat", `UNIX-CONNECT:${path}`, "EXEC:'sleep 600'"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    using server = Deno.listen({ transport: "unix", path });
    const process = client.spawn();
    try {
      using served = await server.accept();
      const before = readLink("/proc/thread-self/ns/net");
      const there = unixSockets(`/proc/${process.pid}/ns/net`).filter((one) => one.path === path);
      assert.equal(readLink("/proc/thread-self/ns/net"), before);
      assert.deepEqual(there.map(({ listens }) => listens), [false]);
      assert.deepEqual(unixSockets().filter((one) => one.path === path).map((one) => one.listens), [
        true,
      ]);
      assert.throws(() => unixSockets("/nowhere"), /open \/nowhere: ENOENT/);
      void served;
    } finally {
      process.kill("SIGKILL");
      await process.status;
      await Deno.remove(directory, { recursive: true });
    }
  },
});

Deno.test("a name in the abstract namespace is no path", () => {
  const body = new Uint8Array([
    1,
    1,
    10,
    0,
    7,
    0,
    0,
    0,
    ...new Array(8).fill(0),
    6,
    0,
    0,
    0,
    0,
    97,
    0,
    0,
  ]);
  const { sockets } = readMessages(message(20, body));
  assert.deepEqual(sockets, [{ inode: 7, listens: true }]);
});

Deno.test("an error of the kernel's is its errno, and a message that is cut off ends the reading", () => {
  const failed = readMessages(message(2, new Uint8Array([0xfe, 0xff, 0xff, 0xff])));
  assert.deepEqual([failed.done, failed.failure], [true, 2]);
  const cut = message(20, new Uint8Array(16)).subarray(0, 20);
  assert.deepEqual(readMessages(cut), { sockets: [], done: false, interrupted: false });
});

Deno.test("a list that changed while it was made says so", () => {
  const bytes = message(3, new Uint8Array(4));
  bytes[6] = 0x10;
  assert.equal(readMessages(bytes).interrupted, true);
});

function message(type: number, body: Uint8Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(16 + body.length));
  view.setUint32(0, 16 + body.length, true);
  view.setUint16(4, type, true);
  new Uint8Array(view.buffer).set(body, 16);
  return new Uint8Array(view.buffer);
}

function ownSockets(): Set<number> {
  const links = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) =>
    readLink(`/proc/self/fd/${name}`)
  );
  return new Set(links.map((link) => Number(/^socket:\[(\d+)\]$/.exec(link ?? "")?.[1])));
}

import assert from "node:assert/strict";
import { type FarEnd, holdsConnection, inodeOf } from "../../../lib/peer/far_end.ts";
import type { TcpEnd } from "../../../lib/linux/tcp.ts";
import { parseAddress } from "../../../lib/policy/address.ts";

const end = (address: string, port: number): TcpEnd => ({ address: parseAddress(address)!, port });
const ends = (client: string, gate: string) => ({
  client: end(client, 0x8f1c),
  gate: end(gate, 2375),
});

/** A line as the kernel writes it (Linux 6.1). */
const line = (local: string, remote: string, state: string, inode = 19871) =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 02:000A79B1 00000000     0        0 ${inode} 2 0000 20 4\n`;

Deno.test("a connection is found in what the kernel lists", () => {
  const between = ends("172.18.0.4", "172.18.0.1");
  const table = line("040012AC:8F1C", "010012AC:0947", "01");
  assert.equal(inodeOf(table, between, "tcp"), 19871);
  const mapped = "0000000000000000FFFF0000";
  const wide = line(`${mapped}040012AC:8F1C`, `${mapped}010012AC:0947`, "01");
  assert.equal(inodeOf(wide, between, "tcp6"), 19871);
  assert.equal(inodeOf(wide, between, "tcp"), 0);
  const six = line(
    "000000FD000000000000000009000000:8F1C",
    "000000FD000000000000000001000000:0947",
    "01",
  );
  assert.equal(inodeOf(six, ends("fd00::9", "fd00::1"), "tcp6"), 19871);
});

Deno.test("another port, another gate, another state is another connection", () => {
  const between = ends("172.18.0.4", "172.18.0.1");
  for (
    const other of [
      line("040012AC:8F1D", "010012AC:0947", "01"),
      line("040012AC:8F1C", "010012AC:0948", "01"),
      line("040012AC:8F1C", "020012AC:0947", "01"),
      line("010012AC:0947", "040012AC:8F1C", "01"),
      // SYN_SENT, TIME_WAIT, LISTEN
      line("040012AC:8F1C", "010012AC:0947", "02"),
      line("040012AC:8F1C", "010012AC:0947", "06"),
      line("040012AC:8F1C", "010012AC:0947", "0A"),
    ]
  ) {
    assert.equal(inodeOf(other, between, "tcp"), 0, other);
  }
});

const main = "a".repeat(64);
const guest = "b".repeat(64);
const stranger = "c".repeat(64);
const between = ends("172.18.0.4", "172.18.0.1");
const held = (inode: number, state = "01") => line("040012AC:8F1C", "010012AC:0947", state, inode);

interface Process {
  readonly cgroup: string;
  readonly sockets?: readonly number[];
}

/** Asks in a /proc of the test's own, where 77 is the first process of `main`. */
async function asks(
  table: string,
  processes: Readonly<Record<number, Process>>,
  change: Partial<FarEnd> = {},
): Promise<boolean | undefined> {
  const proc = await Deno.makeTempDir({ prefix: "postern-proc-" });
  try {
    await Deno.mkdir(`${proc}/self`);
    await Deno.writeTextFile(`${proc}/self/cgroup`, "0::/system.slice/postern.service\n");
    for (const [pid, { cgroup, sockets = [] }] of Object.entries(processes)) {
      await Deno.mkdir(`${proc}/${pid}/net`, { recursive: true });
      await Deno.mkdir(`${proc}/${pid}/fd`);
      await Deno.writeTextFile(`${proc}/${pid}/cgroup`, `5:pids:/docker/${cgroup}\n0::/\n`);
      await Deno.writeTextFile(`${proc}/${pid}/net/tcp`, table);
      await Deno.symlink("/dev/null", `${proc}/${pid}/fd/0`);
      for (const [at, inode] of sockets.entries()) {
        await Deno.symlink(`socket:[${inode}]`, `${proc}/${pid}/fd/${at + 1}`);
      }
    }
    return await holdsConnection({ containers: [main], pid: 77, ...between, ...change }, proc);
  } finally {
    await Deno.remove(proc, { recursive: true });
  }
}

Deno.test("a connection is the container's when one of its processes has its socket", async () => {
  assert.equal(await asks(held(5), { 77: { cgroup: main, sockets: [4, 5] } }), true);
  const started = { 77: { cgroup: main, sockets: [4] }, 80: { cgroup: main, sockets: [5] } };
  assert.equal(await asks(held(5), started), true);
  // Half closed, by either side.
  assert.equal(await asks(held(5, "05"), started), true);
  assert.equal(await asks(held(5, "08"), started), true);
});

Deno.test("a socket of the container's network that another container has is not the container's", async () => {
  const below = [`${stranger}/${main}`, `${stranger}/docker/${main}`, `${main}/${stranger}`];
  for (const cgroup of [stranger, ...below]) {
    const passedOn = { 77: { cgroup: main, sockets: [4] }, 80: { cgroup, sockets: [5] } };
    assert.equal(await asks(held(5), passedOn), false, cgroup);
  }
  assert.equal(await asks(held(5), { 77: { cgroup: main, sockets: [4, 50] } }), false);
});

Deno.test("a connection whose process has ended is nobody's", async () => {
  for (const state of ["01", "04", "05"]) {
    assert.equal(await asks(held(0, state), { 77: { cgroup: main, sockets: [0] } }), false, state);
  }
});

Deno.test("of those who share a network each may have the connection, as long as he is known", async () => {
  const both = { 77: { cgroup: main }, 80: { cgroup: guest, sockets: [5] } };
  assert.equal(await asks(held(5), both, { containers: [main, guest] }), true);
  assert.equal(await asks(held(5), both), false);
});

Deno.test("folders that a container makes below its own are the container's", async () => {
  const inside = { 77: { cgroup: `${main}/init` }, 80: { cgroup: `${main}/x`, sockets: [5] } };
  assert.equal(await asks(held(5), inside), true);
});

Deno.test("a connection is found behind twenty thousand others", async () => {
  const other = line("050012AC:8F1C", "010012AC:0947", "01");
  const many = other.repeat(Math.ceil((3 << 20) / other.length));
  assert.equal(await asks(many + held(5), { 77: { cgroup: main, sockets: [5] } }), true);
});

Deno.test("of a process that is not the container's nothing is known", async () => {
  const found = { 77: { cgroup: stranger, sockets: [5] } };
  assert.equal(await asks(held(5), found), undefined);
  assert.equal(await asks(held(5), found, { pid: 0 }), undefined);
  assert.equal(await asks(held(5), found, { pid: 78 }), undefined);
  assert.equal(await asks(held(5), found, { containers: [] }), undefined);
});

for (const [what, host] of [["IPv4", "127.0.0.1"], ["IPv6", "::1"]] as const) {
  Deno.test(`the kernel shows a connection of ${what} to whoever holds it, and no other`, async () => {
    using listener = Deno.listen({ hostname: host, port: 0 });
    using conn = await Deno.connect({ hostname: host, port: listener.addr.port });
    using _accepted = await listener.accept();
    const gate = end(host, listener.addr.port);
    const proc = await Deno.makeTempDir({ prefix: "postern-proc-" });
    try {
      // What the kernel tells of this process, which is in a container here.
      await Deno.mkdir(`${proc}/77`);
      await Deno.writeTextFile(`${proc}/77/cgroup`, `0::/docker/${main}\n`);
      for (const name of ["net", "fd"]) {
        await Deno.symlink(`/proc/self/${name}`, `${proc}/77/${name}`);
      }
      const asks = (port: number) =>
        holdsConnection({ containers: [main], pid: 77, client: end(host, port), gate }, proc);
      const { port } = conn.localAddr;
      assert.equal(await asks(port), true);
      assert.equal(await asks(port ^ 1), false);
      conn.close();
      assert.equal(await asks(port), false);
    } finally {
      await Deno.remove(proc, { recursive: true });
    }
  });
}

Deno.test({
  name: "who may not see a process's descriptors is told that, and nothing else (root)",
  ignore: Deno.uid() !== 0,
  async fn() {
    const child = new Deno.Command("sleep", { args: ["600"] }).spawn();
    const proc = await Deno.makeTempDir({ prefix: "postern-proc-" });
    try {
      await Deno.chmod(proc, 0o755);
      await Deno.mkdir(`${proc}/77/net`, { recursive: true });
      await Deno.writeTextFile(`${proc}/77/cgroup`, `0::/docker/${main}\n`);
      await Deno.writeTextFile(`${proc}/77/net/tcp`, held(5));
      await Deno.symlink(`/proc/${child.pid}/fd`, `${proc}/77/fd`);
      const end = { containers: [main], pid: 77, ...between };
      assert.equal(await holdsConnection(end, proc), false);
      assert.equal(await holdsAs(65_534, end, proc), undefined);
    } finally {
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(proc, { recursive: true });
    }
  },
});

/** As `holdsConnection`, from a thread of another user. */
async function holdsAs(uid: number, end: FarEnd, proc: string): Promise<unknown> {
  const worker = new Worker(new URL("../../support/far_end_worker.ts", import.meta.url), {
    type: "module",
  });
  const { promise, resolve, reject } = Promise.withResolvers<{ holds: unknown }>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => reject(new Error(event.message));
  worker.postMessage({ uid, end, proc });
  const { holds } = await promise;
  worker.terminate();
  return holds;
}

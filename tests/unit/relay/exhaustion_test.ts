// A gate that runs out of what the kernel gives it, and peers that stand still: as a process, seen from outside.
import assert from "node:assert/strict";
import { RunningGate } from "../../support/gate.ts";
import {
  descriptors,
  leaveRoom,
  limitDescriptors,
  residentMiB,
  shrunkTo,
} from "../../support/process_facts.ts";
import { bytes, get, ok, Wire } from "../../support/wire.ts";

/** /proc tells nobody else about a process that nobody may debug. */
const asRoot = { ignore: Deno.uid() !== 0 };
const ENOUGH = 10_000;

/** An engine that does the same with each connection. */
class Engine implements AsyncDisposable {
  readonly path: string;
  readonly #listener: Deno.UnixListener;
  readonly #conns: Deno.Conn[] = [];
  readonly #directory: string;
  accepted = 0;

  constructor(serve: (conn: Deno.Conn) => Promise<void>) {
    this.#directory = Deno.makeTempDirSync({ dir: "/tmp", prefix: "pe-" });
    this.path = `${this.#directory}/up.sock`;
    this.#listener = Deno.listen({ transport: "unix", path: this.path });
    this.#accept(serve);
  }

  async #accept(serve: (conn: Deno.Conn) => Promise<void>): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        this.#conns.push(conn);
        this.accepted++;
        serve(conn).catch(() => {});
      }
    } catch { /* closed */ }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#conns) {
      try {
        conn.close();
      } catch { /* closed before */ }
    }
    await Deno.remove(this.#directory, { recursive: true });
  }
}

async function headOf(conn: Deno.Conn): Promise<string | undefined> {
  const chunk = new Uint8Array(4096);
  const n = await conn.read(chunk);
  return n === null ? undefined : new TextDecoder().decode(chunk.subarray(0, n));
}

/** Answers every request on a connection at once. */
async function prompt(conn: Deno.Conn): Promise<void> {
  while (await headOf(conn) !== undefined) await conn.write(bytes(ok("OK")));
}

const gateFor = (upstream: string) =>
  RunningGate.serve({
    upstream,
    listeners: [{ name: "full", socket: "DIR/gate.sock", policy: "full" }],
  });
const clientOf = (gate: RunningGate) => Wire.to(`${gate.directory}/gate.sock`);

Deno.test(
  "without descriptors clients wait in the backlog, the operator is told once, and all are served when there is room",
  asRoot,
  async () => {
    await using engine = new Engine(prompt);
    await using gate = await gateFor(engine.path);
    const before = descriptors(gate.pid).length;
    await leaveRoom(gate.pid, 0);
    const clients = await Promise.all(Array.from({ length: 8 }, () => clientOf(gate)));
    for (const client of clients) await client.send(get("/_ping"));
    await gate.says(/new connections wait: accept: EMFILE .*LimitNOFILE/);
    await limitDescriptors(gate.pid, ENOUGH);
    for (const client of clients) assert.equal(await client.message(), ok("OK"));
    await leaveRoom(gate.pid, 0);
    using waiting = await clientOf(gate);
    await waiting.send(get("/_ping"));
    // Whoever leaves makes room.
    for (const client of clients) client.close();
    assert.equal(await waiting.message(), ok("OK"));
    waiting.close();
    await limitDescriptors(gate.pid, ENOUGH);
    assert.equal(await shrunkTo(gate.pid, before), before);
    assert.equal(gate.stderr.split("new connections wait").length - 1, 1);
  },
);

Deno.test(
  "a client for whom there is no second descriptor is told so with 503, and is served when there is one",
  asRoot,
  async () => {
    await using engine = new Engine(prompt);
    await using gate = await gateFor(engine.path);
    const before = descriptors(gate.pid).length;
    await leaveRoom(gate.pid, 1);
    using client = await clientOf(gate);
    await client.send(get("/_ping"));
    const denied = await client.message();
    assert.match(denied, /^HTTP\/1.1 503 [^]*socket: EMFILE [^]*raise its limit \(LimitNOFILE=\)/);
    client.close();
    const lines = await gate.audit((lines) => lines.length === 2);
    assert.deepEqual(lines.map(({ event, status }) => [event, status]), [
      ["decision", null],
      ["end", 503],
    ]);
    await limitDescriptors(gate.pid, ENOUGH);
    using next = await clientOf(gate);
    await next.send(get("/_ping"));
    assert.equal(await next.message(), ok("OK"));
    next.close();
    assert.equal(await shrunkTo(gate.pid, before), before);
  },
);

Deno.test("without descriptors for a pipe a long answer passes all the same", asRoot, async () => {
  const length = 20_000_000;
  await using engine = new Engine(async (conn) => {
    await headOf(conn);
    const data = bytes(ok("x".repeat(length)));
    for (let at = 0; at < data.length;) at += await conn.write(data.subarray(at));
  });
  await using gate = await gateFor(engine.path);
  await leaveRoom(gate.pid, 2);
  using client = await clientOf(gate);
  await client.send(get("/images/x/get"));
  await client.until("\r\n\r\n");
  assert.equal((await client.exactly(length)).length, length);
});

/** Writes until nobody takes more, and tells `progress` of all that was taken. */
async function flood(
  conn: Deno.Conn,
  block: Uint8Array,
  progress: { bytes: number },
): Promise<void> {
  try {
    while (true) progress.bytes += await conn.write(block);
  } catch { /* closed at the end of the test */ }
}

/** Waits until nothing moves any more. */
async function stalled(progress: { bytes: number }): Promise<void> {
  for (let before = -1; before !== progress.bytes;) {
    before = progress.bytes;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

const framings = [
  "Content-Length: 1000000000\r\n\r\n",
  "Transfer-Encoding: chunked\r\n\r\n3b9aca00\r\n",
];

Deno.test(
  "a thousand clients that do not read, and a thousand whose bodies nobody reads, cost bounded memory and leave nothing",
  asRoot,
  async () => {
    const progress = { bytes: 0 };
    const block = new Uint8Array(64 * 1024);
    let served = 0;
    await using engine = new Engine(async (conn) => {
      const head = await headOf(conn);
      if (head?.startsWith("GET") !== true) return;
      await conn.write(bytes(`HTTP/1.1 200 OK\r\n${framings[served++ % 2]}`));
      await flood(conn, block, progress);
    });
    await using gate = await gateFor(engine.path);
    const open = descriptors(gate.pid).length;
    const memory = residentMiB(gate.pid);
    for (const stalls of ["reading", "writing"]) {
      const clients = await Promise.all(Array.from({ length: 1000 }, async (_, n) => {
        const conn = await Deno.connect({ transport: "unix", path: `${gate.directory}/gate.sock` });
        if (stalls === "reading") await conn.write(bytes(get("/info")));
        else {
          await conn.write(bytes(`POST /images/load HTTP/1.1\r\nHost: d\r\n${framings[n % 2]}`));
          flood(conn, block, progress);
        }
        return conn;
      }));
      await stalled(progress);
      const grown = residentMiB(gate.pid) - memory;
      console.log(
        `a thousand that stall ${stalls}: ${Math.round(grown)} MiB more than at the start`,
      );
      assert.ok(grown < 400, `${grown} MiB for a thousand that stall ${stalls}`);
      for (const conn of clients) conn.close();
      // A pipe or two are kept for the next stream.
      assert.ok(await shrunkTo(gate.pid, open + 4) <= open + 4);
    }
  },
);

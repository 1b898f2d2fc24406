// Clients that leave at every point, seen from outside: what they held is given back, the engine sees the end, the log says it.
import assert from "node:assert/strict";
import { type AuditLine, RunningGate } from "../../support/gate.ts";
import { sockets } from "../../support/process_facts.ts";
import { get, ok, post, Wire } from "../../support/wire.ts";

/** /proc tells nobody else about a process that nobody may debug. */
const asRoot = { ignore: Deno.uid() !== 0 };
const JSON_TYPE = "Content-Type: application/json\r\n";
const POLICY = `name: team
allow: [system.ping, system.events, containers.*, images.load]
constraints:
  containers.create: { privileged: false }
  containers.stop: { containers: { label: [team=ci] } }
  containers.attach: none
`;

/** How many sockets a process has open when that stays the same for a while: at its start, some are open for a moment. */
async function settled(pid: number): Promise<number> {
  let count = sockets(pid);
  for (let same = 0; same < 20; same++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const now = sockets(pid);
    if (now !== count) [same, count] = [0, now];
  }
  return count;
}

/** A gate with an engine that the test plays, and what both had before anything happened. */
class Stage implements AsyncDisposable {
  private constructor(
    readonly gate: RunningGate,
    readonly engine: Deno.UnixListener,
    readonly directory: string,
    readonly before: number,
  ) {}

  static async open(protocol: "http" | "raw" = "http"): Promise<Stage> {
    const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "pe-" });
    const engine = Deno.listen({ transport: "unix", path: `${directory}/up.sock` });
    const policy = protocol === "raw" ? "full" : "team";
    const gate = await RunningGate.serve({
      upstream: `${directory}/up.sock`,
      listeners: [
        { name: "g", socket: "DIR/gate.sock", protocol, policy, upstream: `${directory}/up.sock` },
      ],
      policies: "team.yaml",
    }, { "team.yaml": POLICY });
    return new Stage(gate, engine, directory, await settled(gate.pid));
  }

  client(): Promise<Wire> {
    return Wire.to(`${this.gate.directory}/gate.sock`);
  }

  async accept(): Promise<Wire> {
    return new Wire(await this.engine.accept());
  }

  /** The gate has no socket open that it had not at the beginning. */
  async isClean(): Promise<void> {
    for (let tries = 0; tries < 1000 && sockets(this.gate.pid) > this.before; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(sockets(this.gate.pid), this.before);
  }

  ends(count: number): Promise<AuditLine[]> {
    return this.gate.audit((lines) => lines.filter(({ event }) => event === "end").length >= count)
      .then((lines) => lines.filter(({ event }) => event === "end"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gate[Symbol.asyncDispose]();
    this.engine.close();
    await Deno.remove(this.directory, { recursive: true });
  }
}

Deno.test(
  "a client that leaves after any byte of a request with a judged body leaves nothing behind",
  asRoot,
  async () => {
    await using stage = await Stage.open();
    const request = post("/v1.41/containers/create", '{"Image":"a"}', JSON_TYPE);
    const headLength = request.indexOf("\r\n\r\n") + 4;
    for (let length = 0; length < request.length; length++) {
      const client = await stage.client();
      await client.send(request.slice(0, length));
      client.close();
    }
    await stage.isClean();
    // A head that is not whole is no request; one whose body is not whole was not decided on.
    const count = request.length - headLength;
    const lines = await stage.gate.audit((lines) => lines.length >= count);
    assert.equal(lines.length, count);
    for (const { decision, rule, request } of lines) {
      assert.deepEqual([decision, rule, request.operation], [
        "deny",
        "incomplete request",
        "containers.create",
      ]);
    }
    using last = await stage.client();
    await last.send(get("/_ping"));
    using engine = await stage.accept();
    assert.equal(await engine.message(), get("/_ping"), "the first that the engine sees");
  },
);

Deno.test(
  "a client that leaves while the engine is asked about its request is recorded, and the question is taken back",
  asRoot,
  async () => {
    await using stage = await Stage.open();
    const client = await stage.client();
    await client.send(post("/containers/web/stop", ""));
    using question = await stage.accept();
    await question.until("\r\n\r\n");
    client.close();
    assert.equal(await question.rest(), "");
    await stage.isClean();
    const [line] = await stage.gate.audit((lines) => lines.length >= 1);
    assert.deepEqual([line!.decision, line!.rule], ["deny", "incomplete request"]);
  },
);

/** What a client does, and up to where; then it leaves, and the engine must see the end. */
const leavings: Record<
  string,
  { reason: RegExp | null; upTo(client: Wire, engine: () => Promise<Wire>): Promise<Wire> }
> = {
  "while its answer is awaited": {
    reason: /^the client left before the answer's end$/,
    async upTo(client, accept) {
      await client.send(post("/containers/x/wait", ""));
      const engine = await accept();
      await engine.until("\r\n\r\n");
      return engine;
    },
  },
  "in the middle of an upload": {
    reason: /^the client left before its request was whole$/,
    async upTo(client, accept) {
      await client.send("POST /images/load HTTP/1.1\r\nHost: d\r\nContent-Length: 1000\r\n\r\nabc");
      const engine = await accept();
      await engine.until("abc");
      return engine;
    },
  },
  "in the middle of a chunk of an upload": {
    reason: /^the client left before its request was whole$/,
    async upTo(client, accept) {
      await client.send(
        "POST /images/load HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc",
      );
      const engine = await accept();
      await engine.until("abc");
      return engine;
    },
  },
  "in the middle of an endless answer": {
    reason: /^the client left before the answer's end$/,
    async upTo(client, accept) {
      await client.send(get("/events"));
      const engine = await accept();
      await engine.until("\r\n\r\n");
      await engine.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
      await client.until("x\r\n");
      return engine;
    },
  },
  "without reading an answer": {
    reason: /^the client left before the answer's end$/,
    async upTo(client, accept) {
      await client.send(get("/events"));
      const engine = await accept();
      await engine.until("\r\n\r\n");
      await engine.send(`HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(100_000)}`);
      return engine;
    },
  },
  "in a hijacked stream": {
    reason: /^the client left before the engine had ended$/,
    async upTo(client, accept) {
      await client.send(
        post("/containers/x/attach?stream=1", "", "Connection: Upgrade\r\nUpgrade: tcp\r\n"),
      );
      const engine = await accept();
      await engine.until("\r\n\r\n");
      await engine.send(
        "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n" +
          "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello",
      );
      await client.until("hello");
      await client.send("typed");
      await engine.until("typed");
      return engine;
    },
  },
};

Deno.test(
  "a client that leaves is let go at every point of an exchange, and recorded with what happened",
  asRoot,
  async (t) => {
    await using stage = await Stage.open();
    let ends = 0;
    for (const [point, { reason, upTo }] of Object.entries(leavings)) {
      await t.step(point, async () => {
        const client = await stage.client();
        using engine = await upTo(client, () => stage.accept());
        client.close();
        assert.equal(await engine.rest(), "");
        const end = (await stage.ends(++ends)).at(-1)!;
        assert.match(end.reason ?? "", reason ?? /^$/);
        engine.close();
        await stage.isClean();
      });
    }
  },
);

Deno.test(
  "clients that close one half of a stream, or leave a raw one, are recorded and leave nothing",
  asRoot,
  async () => {
    await using stage = await Stage.open("raw");
    for (const half of [true, false]) {
      using client = await stage.client();
      using engine = await stage.accept();
      await client.send("up");
      await engine.until("up");
      if (half) {
        await client.closeWrite();
        assert.equal(await engine.rest(), "");
        await engine.send("down");
        await client.until("down");
        engine.close();
        assert.equal(await client.rest(), "");
      } else {
        client.close();
        assert.equal(await engine.rest(), "");
        // The runtime closes a half first: only an engine that is still there shows who has left.
        await stage.ends(2);
      }
      engine.close();
      client.close();
      await stage.isClean();
    }
    const ends = await stage.ends(2);
    assert.deepEqual(ends.map(({ reason, bytes_in, bytes_out }) => [reason, bytes_in, bytes_out]), [
      [null, 2, 4],
      ["the client left before the engine had ended", 2, 0],
    ]);
  },
);

Deno.test("what a reload ends leaves nothing behind, either", asRoot, async () => {
  await using stage = await Stage.open();
  const pairs: Wire[] = [];
  for (let n = 0; n < 5; n++) {
    const client = await stage.client();
    pairs.push(client, await leavings["in a hijacked stream"]!.upTo(client, () => stage.accept()));
  }
  await Deno.writeTextFile(
    `${stage.gate.directory}/team.yaml`,
    "name: team\nallow: [system.ping]\n",
  );
  const ends = await stage.ends(5);
  for (const { reason } of ends) assert.match(reason!, /^revoked: policy team no longer allows/);
  for (const wire of pairs) {
    await wire.rest();
    wire.close();
  }
  await stage.isClean();
  using client = await stage.client();
  await client.send(get("/_ping"));
  using engine = await stage.accept();
  await engine.send(ok("OK"));
  assert.equal(await client.message(), ok("OK"));
});

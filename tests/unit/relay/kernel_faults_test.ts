// What the kernel refuses to the gate, call by call: the answer, what the operator hears, and that all is well afterwards.
import assert from "node:assert/strict";
import { RunningGate } from "../../support/gate.ts";
import { InjectedFault, missingForFaults } from "../../support/injected_faults.ts";
import { descriptors, shrunkTo } from "../../support/process_facts.ts";
import { get, ok, post, Wire } from "../../support/wire.ts";

const missing = missingForFaults();
const test = (name: string, fn: (stage: Stage) => Promise<void>) =>
  Deno.test(
    `${name}${missing === undefined ? "" : ` (${missing})`}`,
    { ignore: missing !== undefined },
    async () => {
      await using stage = await Stage.open();
      await fn(stage);
      // Whatever it was, it is over, and has left nothing.
      using client = await stage.client();
      await client.send(get("/containers/json"));
      assert.equal(await client.message(), ok("OK"));
      client.close();
      assert.ok(await shrunkTo(stage.gate.pid, stage.before) <= stage.before);
    },
  );

const LONG = "x".repeat(3_000_000);

/** A gate before an engine that answers everybody. */
class Stage implements AsyncDisposable {
  private constructor(
    readonly gate: RunningGate,
    readonly before: number,
    readonly engine: Deno.UnixListener,
  ) {}

  static async open(): Promise<Stage> {
    const gate = await RunningGate.serve({
      upstream: "DIR/up.sock",
      listeners: [{ name: "g", socket: "DIR/gate.sock", policy: "team" }],
      policies: "team.yaml",
    }, { "team.yaml": POLICY });
    const engine = Deno.listen({ transport: "unix", path: `${gate.directory}/up.sock` });
    (async () => {
      for await (const conn of engine) answer(conn).catch(() => {});
    })().catch(() => {});
    // A pipe is kept for the next stream.
    return new Stage(gate, descriptors(gate.pid).length + 2, engine);
  }

  client(): Promise<Wire> {
    return Wire.to(`${this.gate.directory}/gate.sock`);
  }

  fails(call: string, error: string): Promise<InjectedFault> {
    return InjectedFault.into(this.gate.pid, call, error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gate[Symbol.asyncDispose]();
    this.engine.close();
  }
}

const POLICY = `name: team
allow: [containers.list, containers.stop, images.save]
constraints:
  containers.stop: { containers: { label: [team=ci] } }
`;

async function answer(conn: Deno.Conn): Promise<void> {
  using wire = new Wire(conn as Deno.UnixConn);
  for (;;) {
    const head = await wire.until("\r\n\r\n");
    await wire.send(ok(head.includes("/images/") ? LONG : "OK"));
  }
}

for (const error of ["ENFILE", "EMFILE", "EACCES", "ENOBUFS", "EPERM"]) {
  test(`while accept fails with ${error} clients wait, the operator is told once, and then all are served`, async (stage) => {
    const clients: Wire[] = [];
    {
      await using _fault = await stage.fails("accept4", error);
      for (let n = 0; n < 3; n++) clients.push(await stage.client());
      for (const client of clients) await client.send(get("/containers/json"));
      await stage.gate.says(new RegExp(`new connections wait: accept: ${error} `));
    }
    for (const client of clients) {
      assert.equal(await client.message(), ok("OK"));
      client.close();
    }
    assert.equal(stage.gate.stderr.split("new connections wait").length - 1, 1);
  });
}

const refusals = [
  ["socket", "ENFILE", 503, /socket: ENFILE [^]*raise its limit/],
  ["socket", "EACCES", 503, /socket: EACCES /],
  ["connect", "EACCES", 502, /connect [^ ]*: EACCES [^]*may not write to it, check its owner/],
  ["epoll_ctl", "ENOSPC", 503, /no room in epoll/],
] as const;

for (const [call, error, status, words] of refusals) {
  test(`a request is answered with ${status} while ${call} fails with ${error}`, async (stage) => {
    using client = await stage.client();
    await client.send(post("/containers/x/kill", ""));
    assert.match(await client.message(), /^HTTP\/1\.1 403 /);
    await using _fault = await stage.fails(call, error);
    await client.send(get("/containers/json"));
    const answer = await client.message();
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
    assert.match(answer, words);
    assert.equal(await client.rest(), "");
  });

  test(`a question that the gate has is denied while ${call} fails with ${error}`, async (stage) => {
    using client = await stage.client();
    await client.send(post("/containers/x/kill", ""));
    await client.message();
    await using _fault = await stage.fails(call, error);
    await client.send(post("/containers/x/stop", ""));
    const answer = await client.message();
    assert.match(answer, /^HTTP\/1\.1 50[23] /);
    assert.match(answer, words);
  });
}

test("a new connection is closed while epoll watches no more, and the operator is told", async (stage) => {
  await using _fault = await stage.fails("epoll_ctl", "ENOSPC");
  using client = await stage.client();
  assert.equal(await client.rest(), "");
  await stage.gate.says(/epoll takes no more descriptors/);
});

test("a long answer passes while there is no pipe", async (stage) => {
  await using _fault = await stage.fails("pipe2", "ENFILE");
  using client = await stage.client();
  await client.send(get("/images/x/get"));
  assert.equal(await client.message(), ok(LONG));
});

for (const error of ["ENFILE", "EACCES"]) {
  test(`while open fails with ${error} rules and audit file stay what they were, and requests are served`, async (stage) => {
    const { gate } = stage;
    {
      await using _fault = await stage.fails("openat", error);
      await Deno.rename(`${gate.directory}/audit.jsonl`, `${gate.directory}/audit.old`);
      Deno.kill(gate.pid, "SIGHUP");
      await gate.says(new RegExp(`audit\\.jsonl: ${error} `));
      await gate.says(/the configuration stays as it was[^]*cannot read this file/);
      using client = await stage.client();
      await client.send(get("/containers/json", "X: 1\r\n"));
      assert.equal(await client.message(), ok("OK"));
      const old = () => Deno.readTextFileSync(`${gate.directory}/audit.old`);
      for (let tries = 0; tries < 1000 && old() === ""; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.match(old(), /"path":"\/containers\/json"/);
    }
    Deno.kill(gate.pid, "SIGHUP");
    await gate.says(/audit file is opened anew/);
    using client = await stage.client();
    await client.send(post("/containers/after/kill", ""));
    await client.message();
    await gate.audit((lines) => lines[0]?.request.path === "/containers/after/kill");
  });
}

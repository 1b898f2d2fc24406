// Signals to a running gate: how it ends, and how it takes up a log that was moved away.
import assert from "node:assert/strict";
import { RunningGate } from "../../support/gate.ts";
import { get, ok, post, Wire } from "../../support/wire.ts";

interface Stage {
  readonly gate: RunningGate;
  readonly path: string;
  readonly engine: Deno.UnixListener;
}

async function withGate(
  config: Record<string, unknown>,
  test: (stage: Stage) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    using engine = Deno.listen({ transport: "unix", path: `${directory}/up.sock` });
    const listeners = [{ socket: "DIR/a.sock", policy: "full" }];
    const upstream = `${directory}/up.sock`;
    await using gate = await RunningGate.serve({ upstream, listeners, ...config });
    await test({ gate, path: `${gate.directory}/a.sock`, engine });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
const switched = `HTTP/1.1 101 UPGRADED\r\n${upgrade}\r\n`;

/** A client whose stream with the engine stands. */
async function attached({ path, engine }: Stage): Promise<{ client: Wire; upstream: Wire }> {
  const client = await Wire.to(path);
  await client.send(post("/containers/x/attach?stream=1", "", upgrade));
  const upstream = new Wire(await engine.accept());
  await upstream.until("\r\n\r\n");
  await upstream.send(switched);
  await client.exactly(switched.length);
  return { client, upstream };
}

Deno.test("SIGTERM lets a request finish, takes nobody new, and ends when it is answered", () =>
  withGate({ drain: "1h" }, async ({ gate, path, engine }) => {
    using client = await Wire.to(path);
    await client.send(get("/info"));
    using upstream = new Wire(await engine.accept());
    await upstream.until("\r\n\r\n");
    const ended = gate.stop();
    await gate.says(/SIGTERM: closing/);
    await gone(path);
    await upstream.send(ok("finished"));
    assert.match(await client.rest(), /\r\n\r\nfinished$/);
    assert.equal((await ended).code, 0);
    assert.doesNotMatch(gate.stderr, /still ran/);
  }));

Deno.test("what still runs when drain is over is ended, and recorded", () =>
  withGate({ drain: 0.5 }, async (stage) => {
    const { client, upstream } = await attached(stage);
    const ended = stage.gate.stop();
    await stage.gate.says(/SIGTERM: closing/);
    await upstream.send("hello");
    assert.equal(await client.rest(), "hello");
    assert.equal((await ended).code, 0);
    assert.match(
      stage.gate.stderr,
      /warning: what still ran after 0\.5 seconds \(drain\) is ended/,
    );
    const lines = await stage.gate.audit((lines) => lines.length >= 2);
    assert.deepEqual([lines[1]!.event, lines[1]!.bytes_out], ["end", switched.length + 5]);
    client.close();
    upstream.close();
  }));

for (const [first, second] of [["SIGTERM", "SIGTERM"], ["SIGINT", "SIGTERM"]] as const) {
  Deno.test(`${second} after ${first} ends at once what still runs`, () =>
    withGate({ drain: "1h" }, async (stage) => {
      const { client, upstream } = await attached(stage);
      Deno.kill(stage.gate.pid, first);
      await stage.gate.says(new RegExp(`${first}: closing`));
      await gone(stage.path);
      await upstream.send("hello");
      assert.equal(await client.exactly(5), "hello");
      assert.equal((await stage.gate.stop(second)).code, 0);
      assert.match(stage.gate.stderr, new RegExp(`${second} again: closing at once`));
      assert.equal(await client.rest(), "");
      client.close();
      upstream.close();
    }));
}

Deno.test("drain counts as it stands in the file when the end comes", () =>
  withGate({ drain: "1h" }, async (stage) => {
    const config = `${stage.gate.directory}/postern.yaml`;
    const text = await Deno.readTextFile(config);
    await Deno.writeTextFile(config, text.replace("drain: 1h", "drain: 0.2"));
    Deno.kill(stage.gate.pid, "SIGHUP");
    await stage.gate.says(/configuration read|taken up/);
    const { client, upstream } = await attached(stage);
    assert.equal((await stage.gate.stop()).code, 0);
    assert.match(stage.gate.stderr, /after 0\.2 seconds/);
    client.close();
    upstream.close();
  }));

Deno.test("after SIGHUP records go to the file that has the name now, and none is lost", () =>
  withGate(
    { listeners: [{ socket: "DIR/a.sock", policy: "deny" }], workers: 2 },
    async ({ gate, path }) => {
      const log = `${gate.directory}/audit.jsonl`;
      let asked = 0;
      let over = false;
      const clients = Array.from({ length: 4 }, async () => {
        using wire = await Wire.to(path);
        while (!over) {
          await wire.send(get("/info"));
          await wire.message();
          asked++;
        }
      });
      for (let n = 1; n <= 3; n++) {
        await Deno.rename(log, `${gate.directory}/moved.${n}`);
        Deno.kill(gate.pid, "SIGHUP");
        await gate.says(new RegExp(`(audit file is opened anew[^]*){${n}}`));
        assert.equal(Deno.statSync(log).mode! & 0o777, 0o640);
      }
      const before = asked;
      while (asked < before + 10) await new Promise((resolve) => setTimeout(resolve, 1));
      over = true;
      await Promise.all(clients);
      await gate.stop();
      const names = ["audit.jsonl", "moved.1", "moved.2", "moved.3"];
      const files = await Promise.all(names.map(async (name) => {
        const text = await Deno.readTextFile(`${gate.directory}/${name}`);
        return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line).id);
      }));
      assert.ok(files[0]!.length > 0);
      assert.equal(new Set(files.flat()).size, asked);
    },
  ));

Deno.test("an audit file that cannot be opened anew stays the one that it was", () =>
  withGate({ listeners: [{ socket: "DIR/a.sock", policy: "deny" }] }, async ({ gate, path }) => {
    const log = `${gate.directory}/audit.jsonl`;
    await Deno.rename(log, `${gate.directory}/moved`);
    await Deno.mkdir(log);
    Deno.kill(gate.pid, "SIGHUP");
    await gate.says(/error: audit records go where they went: .*EISDIR/);
    using wire = await Wire.to(path);
    await wire.send(get("/info"));
    await wire.message();
    await gate.stop();
    assert.match(await Deno.readTextFile(`${gate.directory}/moved`), /"decision":"deny"/);
  }));

Deno.test("of several that start at once on one socket, one stands and the others say whose it is", async () => {
  const directory = await Deno.makeTempDir({ dir: "/tmp" });
  const socket = `${directory}/a.sock`;
  const args = [`UNIX-LISTEN:${socket},policy=deny,fork`, "UNIX-CONNECT:/nonexistent"];
  const starts = await Promise.allSettled(
    Array.from({ length: 4 }, () => RunningGate.start(args, [socket])),
  );
  const stand = starts.flatMap((start) => start.status === "fulfilled" ? [start.value] : []);
  assert.equal(stand.length, 1);
  for (const start of starts) {
    if (start.status === "rejected") {
      assert.match(start.reason.message, new RegExp(`in use: pid ${stand[0]!.pid} `));
    }
  }
  using wire = await Wire.to(socket);
  await wire.send(get("/info"));
  assert.match(await wire.message(), /^HTTP\/1\.1 403 /);
  wire.close();
  await stand[0]![Symbol.asyncDispose]();
  await Deno.remove(directory, { recursive: true });
});

/** Waits until nobody can connect. */
async function gone(path: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    try {
      Deno.lstatSync(path);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${path} is still there`);
}

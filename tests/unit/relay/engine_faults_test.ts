// Engines that are away, refuse, die and come back, as a client of a gate sees them that runs all the time.
import assert from "node:assert/strict";
import { full } from "../../../lib/policy/builtin.ts";
import { get, ok, post, Wire } from "../../support/wire.ts";
import { Bench } from "./harness.ts";

const messageOf = (response: string): string => JSON.parse(response.split("\r\n\r\n")[1]!).message;

async function ask(bench: Bench): Promise<string> {
  using client = await bench.client();
  await client.send(get("/_ping"));
  return await client.message();
}

/** One request, answered by whoever listens at the engine's path now. */
async function answered(bench: Bench, engine: Deno.UnixListener): Promise<void> {
  using client = await bench.client();
  await client.send(get("/_ping"));
  using wire = new Wire(await engine.accept());
  await wire.message();
  await wire.send(ok("OK"));
  assert.equal(await client.message(), ok("OK"));
}

Deno.test("an engine that is away is a 502 that says where and what to look at, and one that comes back is used at once", async () => {
  await using bench = await Bench.open();
  const path = `${bench.directory}/up.sock`;
  bench.stopEngine();
  await Deno.remove(path).catch(() => {});
  assert.match(
    messageOf(await ask(bench)),
    /^postern: the engine behind test cannot be used: connect \/.*\/up\.sock: ENOENT .*; is the engine running, /,
  );
  {
    using engine = Deno.listen({ transport: "unix", path });
    await answered(bench, engine);
  }
  // A socket that nobody has removed stays behind an engine that was killed.
  await Deno.remove(path).catch(() => {});
  const dead = Deno.listen({ transport: "unix", path: `${path}.dead` });
  await Deno.link(`${path}.dead`, path);
  dead.close();
  assert.match(
    messageOf(await ask(bench)),
    /ECONNREFUSED .*; nobody listens there, is the engine running\?/,
  );
  await Deno.remove(path);
  using engine = Deno.listen({ transport: "unix", path });
  await answered(bench, engine);
});

Deno.test("an engine that dies in the middle of its answer cuts that short, and the record says so", async () => {
  await using bench = await Bench.open();
  const cut = [
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
  ];
  for (const [n, answer] of cut.entries()) {
    using client = await bench.client();
    await client.send(get("/info"));
    const engine = await bench.engine();
    await engine.message();
    await engine.send(answer);
    engine.close();
    assert.equal(await client.rest(), answer);
    const end = (await bench.audit(2 * n + 2)).at(-1);
    assert.deepEqual(
      [end.event, end.status, end.reason],
      ["end", 200, "it ended the connection in the middle of its answer"],
    );
  }
});

Deno.test("an engine that dies in the middle of its head is a 502", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(get("/info"));
  const engine = await bench.engine();
  await engine.message();
  await engine.send("HTTP/1.1 200 OK\r\nContent-Le");
  engine.close();
  const answer = await client.message();
  assert.match(answer, /^HTTP\/1.1 502 /);
  assert.match(
    messageOf(answer),
    /\(\/.*up\.sock\) cannot be used: it closed the connection without/,
  );
});

Deno.test("an engine that dies in the middle of an upload is a 502, which the client sees although it still sends", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  const length = 3_000_000;
  await client.send(`POST /images/load HTTP/1.1\r\nHost: d\r\nContent-Length: ${length}\r\n\r\n`);
  const sending = client.send("x".repeat(length));
  const engine = await bench.engine();
  await engine.exactly(200_000);
  engine.close();
  assert.match(await client.message(), /^HTTP\/1.1 502 /);
  await sending;
  assert.equal(await client.rest(), "");
});

Deno.test("an engine that dies under a hijacked stream ends it, and what it said before arrives", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(post("/containers/x/attach?stream=1", ""));
  const engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send(
    "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nlast words",
  );
  engine.close();
  assert.match(await client.rest(), /last words$/);
  const [, end] = await bench.audit(2);
  assert.equal(end.event, "end");
});

Deno.test("what breaks its framing in the middle of a stream is recorded with the stream's end", async () => {
  await using bench = await Bench.open(full);
  using client = await bench.client();
  await client.send(
    "POST /build HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
  );
  using engine = await bench.engine();
  await engine.until("x\r\n");
  await engine.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  await client.until("\r\n\r\n");
  await client.send("no chunk\r\n");
  await client.rest();
  const [, end] = await bench.audit(2);
  assert.equal(end.event, "end");
  assert.match(end.reason, /^malformed request: /);
});

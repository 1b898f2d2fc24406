import assert from "node:assert/strict";
import { get, ok, post } from "../../support/wire.ts";
import { Bench } from "./harness.ts";

const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
const switched = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n" +
  "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
const raw200 = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n";

for (const [name, more, head] of [["101", upgrade, switched], ["200", "", raw200]] as const) {
  Deno.test(`a hijack by ${name} turns the connection into a raw stream both ways`, async () => {
    await using bench = await Bench.open();
    using client = await bench.client();
    const attach = post("/containers/x/attach?stream=1&stdin=1&stdout=1", "", more);
    // Bytes that come with the request must wait: the engine drops what arrives before its head.
    await client.send(attach + "early ");
    using engine = await bench.engine();
    assert.equal(await engine.until("\r\n\r\n"), attach);
    await engine.send(head + "prompt");
    assert.equal(await client.exactly(head.length + 6), head + "prompt");
    assert.equal(await engine.exactly(6), "early ");
    await client.send("GET /version HTTP/1.1\r\n\r\n");
    assert.equal(await engine.until("\r\n\r\n"), "GET /version HTTP/1.1\r\n\r\n");
    await client.closeWrite();
    assert.equal(await engine.rest(), "", "the client's half-close is the end of stdin");
    await engine.send("last words");
    await engine.closeWrite();
    assert.equal(await client.rest(), "last words");
  });
}

Deno.test("the engine's half-close passes too, and the client can still send", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(post("/containers/x/attach", "", upgrade));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send(switched);
  await engine.closeWrite();
  assert.equal(await client.rest(), switched);
  await client.send("still here");
  assert.equal(await engine.exactly(10), "still here");
});

Deno.test("20 MB pass through a hijacked stream unchanged, both ways at once", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(post("/exec/x/start", "{}", upgrade));
  using engine = await bench.engine();
  await engine.until("{}");
  await engine.send(switched);
  await client.exactly(switched.length);
  const size = 20_000_000;
  const up = "0123456789".repeat(size / 10);
  const down = "abcdefghij".repeat(size / 10);
  const [gotUp, gotDown] = await Promise.all([
    engine.exactly(size),
    client.exactly(size),
    client.send(up),
    engine.send(down),
  ]);
  assert.ok(gotUp === up && gotDown === down);
  await client.closeWrite();
  assert.equal(await engine.rest(), "");
});

Deno.test("exec start with Detach stays HTTP although it asked for an upgrade", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(post("/exec/x/start", '{"Detach":true}', upgrade));
  using engine = await bench.engine();
  await engine.until("}");
  await engine.send(ok(""));
  assert.equal(await client.message(), ok(""));
  await client.send(post("/nonsense", ""));
  assert.match(await client.message(), /^HTTP\/1\.1 403 /, "the next bytes are judged");
});

Deno.test("an Upgrade is stripped where the operation does not hijack", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  const more =
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA\r\nX-Kept: y\r\n";
  await client.send(get("/containers/json", more));
  using engine = await bench.engine();
  const got = await engine.message();
  assert.equal(
    got,
    "GET /containers/json HTTP/1.1\r\nHost: d\r\nX-Kept: y\r\nConnection: keep-alive\r\n\r\n",
  );
});

Deno.test("an h2c upgrade is stripped from attach: only the operation's own protocol passes", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(post("/containers/x/attach", "", "Upgrade: h2c\r\nConnection: Upgrade\r\n"));
  using engine = await bench.engine();
  assert.doesNotMatch(await engine.until("\r\n\r\n"), /upgrade/i);
});

Deno.test("an engine that switches protocols unasked is not believed", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(get("/containers/json"));
  using engine = await bench.engine();
  await engine.message();
  await engine.send(switched);
  assert.match(await client.message(), /^HTTP\/1\.1 502 /);
  assert.equal(await engine.rest(), "");
});

Deno.test("the end of a hijacked stream is recorded with its bytes", async () => {
  await using bench = await Bench.open();
  {
    using client = await bench.client();
    await client.send(post("/containers/x/attach", "", upgrade));
    using engine = await bench.engine();
    await engine.until("\r\n\r\n");
    await engine.send(switched);
    await client.exactly(switched.length);
    await client.send("12345");
    await engine.exactly(5);
    await client.closeWrite();
    await engine.rest();
    await engine.closeWrite();
    await client.rest();
  }
  const [decision, end] = await bench.audit(2);
  assert.equal(decision.event, "decision");
  assert.equal(decision.request.operation, "containers.attach");
  assert.equal(decision.peer.uid, Deno.uid());
  assert.equal(end.event, "end");
  assert.equal(end.id, decision.id);
  assert.equal(end.status, 101);
  assert.equal(end.bytes_out, switched.length);
  assert.equal(end.bytes_in, post("/containers/x/attach", "", upgrade).length + 5);
  assert.equal(typeof end.duration_ms, "number");
});

Deno.test("a hijack that the engine begins early waits for the end of the request", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(
    "POST /exec/x/start HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n" +
      "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
  );
  using engine = await bench.engine();
  await engine.until("{}\r\n");
  await engine.send(`${switched}hello`);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await client.send("0\r\n\r\n");
  assert.equal(await engine.until("0\r\n\r\n"), "0\r\n\r\n");
  assert.equal(await client.exactly(switched.length + 5), `${switched}hello`);
  await client.send("stdin");
  assert.equal(await engine.exactly(5), "stdin");
});

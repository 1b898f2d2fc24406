import assert from "node:assert/strict";
import { readOnly } from "../../../lib/policy/builtin.ts";
import { get, ok, post } from "../../support/wire.ts";
import { Bench } from "./harness.ts";

Deno.test("a request and its response pass byte for byte", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  const request = get("/v1.41/containers/json?all=1", "X-Odd:  kept \r\nuser-AGENT: x\r\n");
  await client.send(request);
  using engine = await bench.engine();
  assert.equal(await engine.message(), request);
  const response = ok("[]\n", "Api-Version: 1.41\r\n");
  await engine.send(response);
  assert.equal(await client.message(), response);
});

Deno.test("requests without a body share one engine connection, in order", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(get("/_ping"));
  using engine = await bench.engine();
  for (let i = 0; i < 3; i++) {
    assert.equal(await engine.message(), get("/_ping"));
    await engine.send(ok(`${i}`));
    assert.equal(await client.message(), ok(`${i}`));
    await client.send(get("/_ping"));
  }
});

Deno.test("a request with a body has an engine connection of its own, closed afterwards", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(get("/_ping"));
  using first = await bench.engine();
  await first.message();
  await first.send(ok("a"));
  await client.message();

  const create = post("/containers/create", '{"Image":"bb"}');
  await client.send(create);
  using second = await bench.engine();
  assert.equal(await first.rest(), "", "the first connection is closed");
  assert.equal(await second.message(), create);
  await second.send(ok("b"));
  assert.equal(await client.message(), ok("b"));
  assert.equal(await second.rest(), "", "and so is the second, after its answer");

  await client.send(get("/_ping"));
  using third = await bench.engine();
  assert.equal(await third.message(), get("/_ping"));
});

Deno.test("the second, third and pipelined request on a connection is judged too", async () => {
  await using bench = await Bench.open(readOnly);
  using client = await bench.client();
  await client.send(get("/_ping"));
  using engine = await bench.engine();
  await engine.message();
  await engine.send(ok("1"));
  assert.equal(await client.message(), ok("1"));

  await client.send(post("/containers/create", "{}"));
  assert.match(await client.message(), /^HTTP\/1\.1 403 .*containers\.create denied/s);

  await client.send(get("/_ping") + post("/containers/x/start", "") + get("/version"));
  assert.equal(await engine.message(), get("/_ping"));
  await engine.send(ok("2"));
  assert.equal(await client.message(), ok("2"));
  assert.match(await client.message(), /^HTTP\/1\.1 403 .*containers\.start denied/s);
  assert.equal(await engine.message(), get("/version"), "the denied one never reached the engine");
  await engine.send(ok("3"));
  assert.equal(await client.message(), ok("3"));
});

Deno.test("a pipelined request waits until the one before it is answered", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(get("/version") + get("/info"));
  using engine = await bench.engine();
  assert.equal(await engine.message(), get("/version"));
  await engine.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na");
  assert.equal(await client.until("\r\n\r\n"), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  await engine.send("b");
  assert.equal(await client.exactly(2), "ab");
  assert.equal(await engine.message(), get("/info"));
});

Deno.test("a head that comes byte by byte is one request", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  for (const byte of get("/_ping")) {
    await client.send(byte);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  using engine = await bench.engine();
  assert.equal(await engine.message(), get("/_ping"));
});

Deno.test("a client that closes the connection has it closed, an HTTP/1.0 client too", async () => {
  await using bench = await Bench.open();
  for (
    const request of [get("/_ping", "Connection: close\r\n"), "GET /_ping HTTP/1.0\r\n\r\n"]
  ) {
    using client = await bench.client();
    await client.send(request);
    using engine = await bench.engine();
    assert.equal(await engine.message(), request);
    await engine.send(ok("x"));
    assert.equal(await client.rest(), ok("x"));
  }
});

Deno.test("an engine that closed a kept connection costs no request", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(get("/_ping"));
  const first = await bench.engine();
  await first.message();
  await first.send(ok("1"));
  await client.message();
  first.close();
  await client.send(get("/version"));
  using second = await bench.engine();
  assert.equal(await second.message(), get("/version"));
  await second.send(ok("2"));
  assert.equal(await client.message(), ok("2"));
});

Deno.test("bytes that the engine sends unasked are never taken for an answer", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(get("/_ping"));
  using first = await bench.engine();
  await first.message();
  await first.send(ok("1") + ok("smuggled"));
  assert.equal(await client.message(), ok("1"));
  await client.send(get("/version"));
  using second = await bench.engine();
  assert.equal(await second.message(), get("/version"));
  await second.send(ok("2"));
  assert.equal(await client.message(), ok("2"));
});

Deno.test("several workers serve one listener", async () => {
  await using bench = await Bench.open(undefined, { workers: 3 });
  const clients = await Promise.all(Array.from({ length: 12 }, () => bench.client()));
  for (const client of clients) await client.send(get("/_ping"));
  for (let i = 0; i < clients.length; i++) {
    using engine = await bench.engine();
    await engine.message();
    await engine.send(ok("x", "Connection: close\r\n"));
  }
  for (const client of clients) {
    assert.match(await client.message(), /200 OK/);
    client.close();
  }
});

Deno.test("over its limit of connections a listener lets the next client wait, not fail", async () => {
  await using bench = await Bench.open(undefined, { maxConnections: 1 });
  using first = await bench.client();
  await first.send(get("/_ping"));
  using engine = await bench.engine();
  await engine.message();
  using second = await bench.client();
  await second.send(get("/version"));
  await engine.send(ok("1"));
  await first.message();
  first.close();
  using next = await bench.engine();
  assert.equal(await next.message(), get("/version"));
  await next.send(ok("2"));
  assert.equal(await second.message(), ok("2"));
});

Deno.test("an engine that dies under a second request leaves the retry to the client, as without a gate", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(get("/_ping"));
  const engine = await bench.engine();
  await engine.message();
  await engine.send(ok("1"));
  await client.message();
  await client.send(get("/version"));
  await engine.message();
  engine.close();
  assert.equal(await client.rest(), "", "closed without an answer, not a 502");
  const [, , end] = await bench.audit(3);
  assert.deepEqual([end.event, end.reason], [
    "end",
    "it closed the connection without an answer; see its log",
  ]);
});

Deno.test("a limit of connections holds for all workers together, and none of its places is lost", async () => {
  await using bench = await Bench.open(undefined, { workers: 3, maxConnections: 4 });
  const clients = await Promise.all(Array.from({ length: 12 }, () => bench.client()));
  for (const client of clients) await client.send(get("/_ping"));
  const served = async (count: number) => {
    const engines = [];
    for (let i = 0; i < count; i++) engines.push(await bench.engine());
    return engines;
  };
  for (let left = clients.length; left > 0; left -= 4) {
    const engines = await served(4);
    const another = bench.engine();
    const early = await Promise.race([
      another,
      new Promise((resolve) => setTimeout(resolve, 100)).then(() => undefined),
    ]);
    assert.equal(early, undefined, "nobody beyond the limit is served");
    bench.giveBack(another);
    for (const engine of engines) {
      await engine.message();
      await engine.send(ok("x", "Connection: close\r\n"));
      engine.close();
    }
  }
  for (const client of clients) {
    assert.match(await client.message(), /200 OK/);
    client.close();
  }
});

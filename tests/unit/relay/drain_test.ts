// A gate that is told to end: what runs is finished, nothing new begins.
import assert from "node:assert/strict";
import { deny, full } from "../../../lib/policy/builtin.ts";
import { get, ok, post } from "../../support/wire.ts";
import { Bench } from "./harness.ts";

const over = async (drained: Promise<void>) =>
  await Promise.race([
    drained.then(() => true),
    new Promise<false>((resolve) => setTimeout(() => resolve(false), 300)),
  ]);

Deno.test("a request that runs is answered, then its connection ends", async () => {
  await using bench = await Bench.open(full);
  using client = await bench.client();
  await client.send(get("/info"));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  const drained = bench.drain();
  assert.equal(await over(drained), false);
  await engine.send(ok("done"));
  assert.match(await client.rest(), /\r\n\r\ndone$/);
  await drained;
});

Deno.test("between two requests a connection ends at once, and the name is gone", async () => {
  await using bench = await Bench.open(deny, { workers: 2 });
  const clients = await Promise.all(Array.from({ length: 6 }, () => bench.client()));
  for (const client of clients) {
    await client.send(get("/info"));
    await client.message();
  }
  await bench.drain();
  await assert.rejects(bench.client(), Deno.errors.NotFound);
  for (const client of clients) {
    assert.equal(await client.rest(), "");
    client.close();
  }
});

Deno.test("requests that have come behind the one that runs are answered, too", async () => {
  await using bench = await Bench.open(full);
  using client = await bench.client();
  await client.send(get("/info") + get("/version"));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  const drained = bench.drain();
  await engine.send(ok("one"));
  assert.match(await client.message(), /one$/);
  await engine.until("\r\n\r\n");
  await engine.send(ok("two"));
  assert.match(await client.rest(), /two$/);
  await drained;
});

Deno.test("a request of which a part has come is waited for", async () => {
  await using bench = await Bench.open(deny);
  using client = await bench.client();
  await client.send("GET /info HTTP/1.1\r\nHo");
  const drained = bench.drain();
  assert.equal(await over(drained), false);
  await client.send("st: docker\r\n\r\n");
  assert.match(await client.rest(), /^HTTP\/1\.1 403 /);
  await drained;
});

Deno.test("who has just connected may ask once", async () => {
  await using bench = await Bench.open(deny);
  using silent = await bench.client();
  using asking = await bench.client();
  const drained = bench.drain();
  await asking.send(get("/info"));
  assert.match(await asking.rest(), /^HTTP\/1\.1 403 /);
  assert.equal(await silent.rest(), "");
  await drained;
});

Deno.test("who waits to be accepted is taken still, one after the other where only one may be", async () => {
  await using bench = await Bench.open(deny, { maxConnections: 1 });
  const clients = [await bench.client(), await bench.client(), await bench.client()];
  for (const client of clients) await client.send(get("/info"));
  assert.match(await clients[0]!.message(), /^HTTP\/1\.1 403 /);
  const drained = bench.drain();
  for (const client of clients.slice(1)) assert.match(await client.rest(), /^HTTP\/1\.1 403 /);
  await drained;
  for (const client of clients) client.close();
});

Deno.test("a stream goes on until it ends by itself, or until the gate is closed", async () => {
  for (const byItself of [true, false]) {
    await using bench = await Bench.open(full);
    using client = await bench.client();
    const head = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
    await client.send(
      post("/containers/x/attach?stream=1", "", "Connection: Upgrade\r\nUpgrade: tcp\r\n"),
    );
    using engine = await bench.engine();
    await engine.until("\r\n\r\n");
    await engine.send(head);
    await client.exactly(head.length);
    const drained = bench.drain();
    assert.equal(await over(drained), false);
    await engine.send("hello");
    assert.equal(await client.exactly(5), "hello");
    if (byItself) {
      engine.close();
      assert.equal(await client.rest(), "");
      client.close();
      await drained;
    }
  }
});

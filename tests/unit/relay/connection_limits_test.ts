import assert from "node:assert/strict";
import { full } from "../../../lib/policy/builtin.ts";
import { get, ok, post, type Wire } from "../../support/wire.ts";
import { Bench } from "./harness.ts";

/** A client that has been served once, and stays. */
async function served(bench: Bench): Promise<{ client: Wire; engine: Wire }> {
  const client = await bench.client();
  await client.send(get("/_ping"));
  const engine = await bench.engine();
  await engine.message();
  await engine.send(ok("OK"));
  await client.message();
  return { client, engine };
}

const messageOf = (response: string) => JSON.parse(response.split("\r\n\r\n")[1]!).message;

Deno.test("one connection more than a uid may have is told so at its first request, and recorded", async () => {
  await using bench = await Bench.open(full, { limits: { maxConnectionsPerUid: 1 } });
  const first = await served(bench);
  using second = await bench.client();
  await second.send(post("/containers/create", "x".repeat(100_000)));
  const denied = await second.message();
  assert.match(denied, /^HTTP\/1.1 429 [^]*\r\nRetry-After: 1\r\nConnection: close\r\n/);
  const reason = `max_connections_per_uid: uid ${Deno.uid()} has 1 connections open already`;
  assert.ok(messageOf(denied).startsWith(`postern: no room for this connection: ${reason} (`));
  assert.equal(await second.rest(), "");
  const [, record] = await bench.audit(2);
  assert.deepEqual(
    [record.decision, record.rule, record.status, record.reason],
    ["deny", "max_connections_per_uid", 429, reason],
  );
  first.client.close();
  assert.equal(await first.engine.rest(), "");
  const third = await served(bench);
  third.client.close();
});

Deno.test("one connection more than there may be at all is told so, too, and other numbers count at once", async () => {
  await using bench = await Bench.open(full, { limits: { maxConnections: 1 } });
  const first = await served(bench);
  using second = await bench.client();
  await second.send(get("/_ping"));
  assert.match(
    await second.message(),
    /^HTTP\/1.1 503 [^]*max_connections: 1 connections are open/,
  );
  await bench.apply(full, { limits: { maxConnections: 2 } });
  const third = await served(bench);
  for (const { client } of [first, third]) client.close();
});

Deno.test("who is turned away and does not ask is closed in a while, and of many most at once", async () => {
  await using bench = await Bench.open(full, { limits: { maxConnectionsPerUid: 1 } });
  const first = await served(bench);
  const many = await Promise.all(Array.from({ length: 80 }, () => bench.client()));
  await bench.audit(81);
  for (const silent of many) assert.equal(await silent.rest(), "");
  await first.client.send(get("/info"));
  assert.equal(await first.engine.message(), get("/info"));
  first.client.close();
});

Deno.test("a raw listener closes one connection more, and says why in the record", async () => {
  await using bench = await Bench.open(full, {
    protocol: "raw",
    limits: { maxConnectionsPerUid: 1 },
  });
  using first = await bench.client();
  using engine = await bench.engine();
  using second = await bench.client();
  assert.equal(await second.rest(), "");
  const [, record] = await bench.audit(2);
  assert.equal(record.rule, "max_connections_per_uid");
  await first.send("still here");
  assert.equal(await engine.exactly(10), "still here");
});

Deno.test("all workers together let in as many of a uid as may come, and give every place back", async () => {
  await using bench = await Bench.open(full, { workers: 3, limits: { maxConnectionsPerUid: 4 } });
  for (let round = 0; round < 3; round++) {
    const clients = await Promise.all(Array.from({ length: 12 }, () => bench.client()));
    const answers = await Promise.all(clients.map(async (client) => {
      await client.send(get("/nothing"));
      return (await client.message()).slice(9, 12);
    }));
    assert.deepEqual(answers.sort(), [...Array(4).fill("403"), ...Array(8).fill("429")]);
    for (const client of clients) client.close();
    await emptied(bench);
  }
});

/** Waits until a client that comes is let in again. */
async function emptied(bench: Bench): Promise<void> {
  const free: Wire[] = [];
  for (let tries = 0; free.length < 4 && tries < 1000; tries++) {
    const client = await bench.client();
    await client.send(get("/nothing"));
    if ((await client.message()).startsWith("HTTP/1.1 403")) free.push(client);
    else client.close();
  }
  assert.equal(free.length, 4);
  for (const client of free) client.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
}

import assert from "node:assert/strict";
import { deny, full, readOnly } from "../../../lib/policy/builtin.ts";
import type { Limits } from "../../../lib/policy/constraints/types.ts";
import type { Policy } from "../../../lib/policy/types.ts";
import { get, ok, post, Wire } from "../../support/wire.ts";
import { Bench } from "./harness.ts";

const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
const switched = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n" +
  "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** A client whose attach the engine has let through. */
async function attached(bench: Bench) {
  const client = await bench.client();
  await client.send(post("/containers/x/attach?stream=1", "", upgrade));
  const engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send(switched);
  await client.exactly(switched.length);
  return { client, engine };
}

Deno.test("a kept-alive connection gets the new policy at its next request, and the old one back", async () => {
  await using bench = await Bench.open(full);
  using client = await bench.client();
  await client.send(get("/info"));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send(ok("one"));
  assert.match(await client.message(), /one$/);
  assert.equal((await bench.apply(deny)).revoked, 0);
  await client.send(get("/info"));
  assert.match(await client.message(), /^HTTP\/1\.1 403 .*policy deny: /s);
  await bench.apply(readOnly);
  await client.send(get("/info"));
  await engine.until("\r\n\r\n");
  await engine.send(ok("two"));
  assert.match(await client.message(), /two$/);
  const records = await bench.audit(3);
  assert.deepEqual(records.map(({ decision, policy }) => [decision, policy]), [
    ["allow", "full"],
    ["deny", "deny"],
    ["allow", "read-only"],
  ]);
  assert.deepEqual(records[2].peer, records[0].peer);
});

Deno.test("a request that was pipelined behind one that runs is judged by the rules of its own time", async () => {
  await using bench = await Bench.open(full);
  using client = await bench.client();
  await client.send(get("/info") + post("/containers/x/start", ""));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  assert.equal((await bench.apply(readOnly)).revoked, 0);
  await engine.send(ok("one"));
  assert.match(await client.message(), /one$/);
  assert.match(await client.message(), /^HTTP\/1\.1 403 .*policy read-only: /s);
});

Deno.test("a hijacked stream that the new policy does not allow is closed on both sides, with its reason in the record", async () => {
  await using bench = await Bench.open(full);
  const { client, engine } = await attached(bench);
  assert.equal((await bench.apply(readOnly)).revoked, 1);
  assert.equal(await client.rest(), "");
  assert.equal(await engine.rest(), "");
  const [, end] = await bench.audit(2);
  assert.deepEqual([end.event, end.decision, end.policy, end.status], [
    "end",
    "allow",
    "full",
    101,
  ]);
  assert.equal(end.reason, "revoked: policy read-only no longer allows containers.attach");
  client.close();
  engine.close();
});

Deno.test("a hijacked stream is closed while bytes pass", async () => {
  await using bench = await Bench.open(full);
  const { client, engine } = await attached(bench);
  const flood = engine.send("x".repeat(20_000_000)).catch(() => {});
  await client.exactly(1_000_000);
  assert.equal((await bench.apply(readOnly)).revoked, 1);
  const rest = await client.rest();
  assert.ok(rest.length < 19_000_000, `${rest.length} bytes came after the end`);
  await flood;
  client.close();
  engine.close();
  using next = await bench.client();
  await next.send(get("/nonsense"));
  assert.match(await next.message(), /^HTTP\/1\.1 403 /);
});

Deno.test("with keep, a hijacked stream goes on, and the next client gets the new policy", async () => {
  await using bench = await Bench.open(full);
  const { client, engine } = await attached(bench);
  assert.equal((await bench.apply(readOnly, { revoke: false })).revoked, 0);
  await client.send("still here");
  assert.equal(await engine.exactly(10), "still here");
  using other = await bench.client();
  await other.send(post("/containers/x/attach", "", upgrade));
  assert.match(await other.message(), /^HTTP\/1\.1 403 /);
  client.close();
  engine.close();
});

Deno.test("a stream that the new policy allows goes on", async () => {
  await using bench = await Bench.open(full);
  using client = await bench.client();
  await client.send(get("/events"));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send(chunked);
  await client.until("\r\n\r\n");
  assert.equal((await bench.apply(readOnly)).revoked, 0);
  await engine.send("5\r\nhello\r\n");
  await client.until("hello");
  assert.equal((await bench.apply(deny)).revoked, 1);
  assert.equal(await engine.rest(), "");
  const [, end] = await bench.audit(2);
  assert.equal(end.reason, "revoked: policy deny no longer allows system.events");
});

Deno.test("a request that waits for its answer is ended when its policy is taken away", async () => {
  await using bench = await Bench.open(full);
  using client = await bench.client();
  await client.send(post("/containers/x/wait", ""));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  assert.equal((await bench.apply(deny)).revoked, 1);
  assert.equal(await client.rest(), "");
  assert.equal(await engine.rest(), "");
});

Deno.test("a raw listener's client is closed when it may not connect any more, and kept with keep", async () => {
  await using bench = await Bench.open(full, { protocol: "raw" });
  using client = await bench.client();
  using engine = await bench.engine();
  await client.send("bytes");
  await engine.exactly(5);
  assert.equal((await bench.apply(readOnly, { revoke: false })).revoked, 0);
  await client.send("bytes");
  await engine.exactly(5);
  assert.equal((await bench.apply(readOnly)).revoked, 1);
  assert.equal(await client.rest(), "");
  assert.equal(await engine.rest(), "");
  const [, end] = await bench.audit(2);
  assert.equal(end.reason, "revoked: policy read-only no longer allows raw.connect");
});

Deno.test("every one of two workers takes the new rules up", async () => {
  await using bench = await Bench.open(full, { workers: 2 });
  // With a backlog of both, each worker gets some.
  const clients = await Promise.all(Array.from({ length: 16 }, () => bench.client()));
  await bench.apply(deny);
  for (const client of clients) {
    await client.send(get("/info"));
    assert.match(await client.message(), /^HTTP\/1\.1 403 .*policy deny: /s);
  }
  for (const client of clients) client.close();
});

Deno.test("of many changes at once the last one counts", async () => {
  await using bench = await Bench.open(full, { workers: 2 });
  using client = await bench.client();
  const changes = Array.from({ length: 20 }, (_, i) => bench.apply(i % 2 === 0 ? full : deny));
  await Promise.all(changes);
  await client.send(get("/info"));
  assert.match(await client.message(), /^HTTP\/1\.1 403 .*policy deny: /s);
});

Deno.test("a rule of a client that was there before takes hold of it by its uid and its groups", async () => {
  await using bench = await Bench.open(deny);
  using client = await bench.client();
  await client.send(get("/info"));
  assert.match(await client.message(), /^HTTP\/1\.1 403 /);
  const own = (id: number): [number, number] => [id, id];
  const clients = [{
    uids: [own(Deno.uid()!)],
    gids: [own(Deno.gid()!)],
    policy: "read-only",
    origin: "postern.yaml:9",
  }];
  await bench.apply(deny, { clients });
  await client.send(get("/info"));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send(ok("yes"));
  assert.match(await client.message(), /yes$/);
});

Deno.test("listeners come and go, and the connections of those that stay go on", async () => {
  await using bench = await Bench.open(full);
  using client = await bench.client();
  const other = `${bench.directory}/other.sock`;
  const both = [{}, { name: "other", socket: other }];
  assert.deepEqual(await bench.apply(deny, { changes: both }), {
    revoked: 0,
    opened: ["other"],
    closed: [],
  });
  using second = await Wire.to(other);
  for (const wire of [client, second]) {
    await wire.send(get("/info"));
    assert.match(await wire.message(), /^HTTP\/1\.1 403 .*policy deny: /s);
  }
  const { closed } = await bench.apply(deny);
  assert.deepEqual(closed, ["other"]);
  assert.equal(await second.rest(), "");
  await assert.rejects(Wire.to(other), Deno.errors.NotFound);
  await client.send(get("/info"));
  assert.match(await client.message(), /^HTTP\/1\.1 403 /);
});

Deno.test("a listener with another mode is another socket under the same name, and its clients have to come again", async () => {
  await using bench = await Bench.open(full, { workers: 2 });
  const { client, engine } = await attached(bench);
  const opened = await bench.apply(full, { changes: [{ mode: 0o660 }], revoke: false });
  assert.deepEqual([opened.opened, opened.closed], [["test"], ["test"]]);
  assert.equal(Deno.statSync(bench.path).mode! & 0o777, 0o660);
  assert.equal(await client.rest(), "");
  assert.equal(await engine.rest(), "");
  using again = await bench.client();
  await again.send(get("/nonsense"));
  assert.match(await again.message(), /^HTTP\/1\.1 403 /);
  assert.deepEqual([...Deno.readDirSync(bench.directory)].map(({ name }) => name).sort(), [
    "audit.jsonl",
    "gate.sock",
    "up.sock",
  ]);
  client.close();
  engine.close();
});

Deno.test("when a new listener cannot be opened, nothing changes", async () => {
  await using bench = await Bench.open(deny);
  const changes = [
    { mode: 0o666 },
    { name: "b", socket: `${bench.directory}/b.sock` },
    { name: "c", socket: `${bench.directory}/none/c.sock` },
  ];
  await assert.rejects(bench.apply(full, { changes }), /none does not exist/);
  assert.equal(Deno.statSync(bench.path).mode! & 0o777, 0o600);
  await assert.rejects(Wire.to(`${bench.directory}/b.sock`), Deno.errors.NotFound);
  using client = await bench.client();
  await client.send(get("/info"));
  assert.match(await client.message(), /^HTTP\/1\.1 403 .*policy deny: /s);
});

/** Everything is allowed, attaching and creating under these limits. */
function limited(limits: Limits): Policy {
  const verdict = { allow: true, rule: "test", constraints: { limits, origins: {} } };
  const verdicts = { "containers.attach": verdict, "containers.create": verdict };
  return { name: "limited", mode: "enforce", verdicts: { ...full.verdicts, ...verdicts } };
}

Deno.test("a stream whose constraints stay the same goes on, and ends when they are others", async () => {
  await using bench = await Bench.open(limited({}));
  const { client, engine } = await attached(bench);
  assert.equal((await bench.apply(limited({}))).revoked, 0);
  await client.send("still here");
  assert.equal(await engine.exactly(10), "still here");
  assert.equal((await bench.apply(limited({ containers: [{ name: ["y"] }] }))).revoked, 1);
  assert.equal(await client.rest(), "");
  const [, end] = await bench.audit(2);
  assert.match(
    end.reason,
    /^revoked: policy limited has other constraints for containers\.attach /,
  );
  client.close();
  engine.close();
});

Deno.test("a request that is still held is judged by the rules of now, with what has come of it", async () => {
  const body = JSON.stringify({ Image: "a", HostConfig: { Privileged: true } });
  const request = post("/containers/create", body, "Content-Type: application/json\r\n");
  await using bench = await Bench.open(limited({}));
  for (const [rules, status] of [[deny, 403], [limited({ privileged: false }), 403]] as const) {
    await bench.apply(limited({}));
    using client = await bench.client();
    await client.send(request.slice(0, -5));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await bench.apply(rules, { revoke: false });
    await client.send(request.slice(-5));
    const answer = await client.message();
    assert.equal(Number(answer.slice(9, 12)), status, answer);
    assert.ok(answer.includes(`policy ${rules.name}`), answer);
  }
  await bench.apply(limited({ privileged: false }));
  using client = await bench.client();
  await client.send(request.slice(0, -5));
  await new Promise((resolve) => setTimeout(resolve, 20));
  await bench.apply(limited({}));
  await client.send(request.slice(-5));
  using engine = await bench.engine();
  assert.equal(await engine.exactly(request.length), request);
});

import assert from "node:assert/strict";
import { deny, readOnly } from "../../../lib/policy/builtin.ts";
import { get, ok, post } from "../../support/wire.ts";
import { Bench } from "./harness.ts";

Deno.test("a client's half-close does not cancel an ordinary request", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(post("/containers/x/wait", ""));
  await client.closeWrite();
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  await new Promise((resolve) => setTimeout(resolve, 30));
  await engine.send('10\r\n{"StatusCode":0}\r\n0\r\n\r\n');
  assert.match(await client.rest(), /"StatusCode":0/);
});

Deno.test("a client's full close reaches the engine", async () => {
  await using bench = await Bench.open();
  const client = await bench.client();
  await client.send(get("/events"));
  using engine = await bench.engine();
  await engine.message();
  await engine.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  await client.until("\r\n\r\n");
  client.close();
  assert.equal(await engine.rest(), "");
});

Deno.test("a client that leaves while the engine is still thinking is let go", async () => {
  await using bench = await Bench.open();
  const client = await bench.client();
  await client.send(post("/containers/x/wait", ""));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  client.close();
  assert.equal(await engine.rest(), "");
});

Deno.test("an engine that is not there is a 502 that says so", async () => {
  await using bench = await Bench.open();
  bench.stopEngine();
  using client = await bench.client();
  await client.send(get("/_ping"));
  const answer = await client.message();
  assert.match(answer, /^HTTP\/1\.1 502 Bad Gateway\r\nContent-Type: application\/json\r\n/);
  const { message } = JSON.parse(answer.split("\r\n\r\n")[1]!);
  assert.match(message, /^postern: .*up\.sock: E(CONNREFUSED|NOENT) .*\(request [0-9a-f]{16}\)$/);
});

Deno.test("an engine that closes without an answer is a 502", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(get("/_ping"));
  const engine = await bench.engine();
  await engine.message();
  engine.close();
  assert.match(await client.message(), /^HTTP\/1\.1 502 .*without an answer/s);
});

Deno.test("an engine that speaks no HTTP is a 502", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(get("/_ping"));
  using engine = await bench.engine();
  await engine.message();
  await engine.send("SSH-2.0-OpenSSH\r\n\r\n");
  assert.match(await client.message(), /^HTTP\/1\.1 502 /);
});

Deno.test("a response that is cut short is cut short for the client too", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(get("/info"));
  const engine = await bench.engine();
  await engine.message();
  await engine.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  engine.close();
  assert.equal(await client.rest(), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
});

Deno.test("a request that is cut short never completes at the engine", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send("POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 10\r\n\r\n{}");
  using engine = await bench.engine();
  await engine.until("{}");
  await client.closeWrite();
  assert.equal(await engine.rest(), "");
});

Deno.test("what is not clean HTTP is a 400 and never reaches the engine", async () => {
  await using bench = await Bench.open();
  const dirty = [
    "GET /_ping HTTP/1.1\nHost: d\n\n",
    "GET http://x/_ping HTTP/1.1\r\nHost: d\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    get("//containers/json"),
    get("/containers/../containers/json"),
    get("/containers%2Fjson"),
    get("/v1.23/containers/json"),
    post(
      "/containers/x/rename?name=a",
      "name=b",
      "Content-Type: application/x-www-form-urlencoded\r\n",
    ),
  ];
  for (const request of dirty) {
    using client = await bench.client();
    await client.send(request);
    const answer = await client.until("\r\n\r\n");
    assert.match(answer, /^HTTP\/1\.1 40[03] /, request);
  }
  using client = await bench.client();
  await client.send(get("/_ping"));
  using engine = await bench.engine();
  assert.equal(await engine.message(), get("/_ping"), "the first thing that the engine ever sees");
});

Deno.test("a head that is too large is a 431", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(`GET /_ping HTTP/1.1\r\nHost: d\r\nX: ${"x".repeat(70_000)}`);
  assert.match(await client.message(), /^HTTP\/1\.1 431 /);
});

Deno.test("a peer whose policy is deny is told so for every request", async () => {
  await using bench = await Bench.open(deny);
  using client = await bench.client();
  await client.send(get("/_ping") + get("/_ping"));
  for (let i = 0; i < 2; i++) {
    const answer = await client.message();
    assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n/);
    const { message } = JSON.parse(answer.split("\r\n\r\n")[1]!);
    assert.match(message, /^postern: system\.ping denied for uid \d+.*: policy deny: .*\(request /);
  }
});

Deno.test("every request leaves one decision in the audit log, the denied ones with their status", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(get("/v1.41/containers/json?filters=secret"));
  using engine = await bench.engine();
  await engine.message();
  await engine.send(ok("[]"));
  await client.message();
  await client.send(get("/nonsense"));
  await client.message();
  const [allowed, denied] = await bench.audit(2);
  assert.deepEqual(allowed.request, {
    method: "GET",
    path: "/v1.41/containers/json",
    operation: "containers.list",
    api_version: "1.41",
  });
  assert.equal(allowed.decision, "allow");
  assert.equal(denied.decision, "deny");
  assert.equal(denied.status, 403);
  assert.equal(denied.listener, "test");
  assert.ok(denied.reason.length > 0);
  assert.notEqual(allowed.id, denied.id);
});

/** A client sends a body until nobody takes more, and leaves; the engine gives `answer` before it, and reads no further than the head. */
async function leaveInBody(path: string, answer: string): Promise<void> {
  await using bench = await Bench.open();
  const client = await bench.client();
  const length = 50_000_000;
  await client.send(`POST ${path} HTTP/1.1\r\nHost: d\r\nContent-Length: ${length}\r\n\r\n`);
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send(answer);
  const sending = client.send("x".repeat(length)).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 100));
  client.close();
  await sending;
  const [, end] = await bench.audit(2);
  assert.equal(end.event, "end");
  assert.ok(end.bytes_in < length);
  assert.ok((await engine.rest()).length < length, "what it had taken already, and then the end");
}

Deno.test("a client that leaves in the middle of a body that the engine does not read is let go", async () => {
  await leaveInBody("/containers/x/wait", "");
});

Deno.test("a client that leaves before its request ends is let go although the engine has hijacked already", async () => {
  const raw = "Content-Type: application/vnd.docker.raw-stream";
  await leaveInBody("/containers/x/attach?stream=1", `HTTP/1.1 200 OK\r\n${raw}\r\n\r\n`);
});

Deno.test("an image's name asked for as a container is no container: docker inspect goes on to the image", async () => {
  await using bench = await Bench.open(readOnly);
  using client = await bench.client();
  await client.send(get("/v1.41/containers/ghcr.io/a/b:1/json"));
  const answer = await client.message();
  assert.match(answer, /^HTTP\/1.1 404 [^]*No such container: ghcr\.io\/a\/b:1/);
  await client.send(get("/containers/web/db/logs"));
  assert.match(await client.message(), /^HTTP\/1.1 403 /, "an alias is nobody's name");
});

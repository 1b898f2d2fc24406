import assert from "node:assert/strict";
import { full } from "../../../lib/policy/builtin.ts";
import type { Gate, PolicyLimits } from "../../../lib/policy/types.ts";
import { bindSocket, unlinkSocket } from "../../../lib/relay/bind.ts";
import { Quota, Usage } from "../../../lib/relay/quota.ts";
import { close } from "../../../lib/linux/io.ts";
import { connect, unixAddress, unixSocket } from "../../../lib/linux/socket.ts";
import { get, ok, post } from "../../support/wire.ts";
import { Bench } from "./harness.ts";

const limited = (limits: PolicyLimits) => ({ ...full, name: "limited", limits });

function quotas(limits: PolicyLimits, count: number): Quota[] {
  const gate: Gate = {
    clients: [],
    listenerPolicies: {},
    defaultPolicy: "limited",
    policies: { limited: limited(limits) },
  };
  const { usage } = new Usage().counted(gate).policies["limited"]!;
  return Array.from({ length: count }, () => new Quota(limits, usage!));
}

Deno.test("workers count together what a policy's users take", () => {
  const [one, other] = quotas({ connections: 2, streams: 1 }, 2) as [Quota, Quota];
  assert.deepEqual([one.connect(), other.connect(), one.connect()], [true, true, false]);
  other.disconnect();
  assert.equal(one.connect(), true);
  assert.deepEqual([one.openStream(), other.openStream()], [true, false]);
  one.closeStream();
  assert.equal(other.openStream(), true);
});

Deno.test("a rate holds over time, and lets the requests of a second come at once", () => {
  const [one, other] = quotas({ requests_per_second: 4 }, 2) as [Quota, Quota];
  const start = 1_800_000_000_000;
  const burst = [one, other, one, other, one].map((quota) => quota.request(start));
  assert.deepEqual(burst, [0, 0, 0, 0, 1]);
  assert.equal(other.request(start + 250), 0);
  assert.equal(one.request(start + 250), 1);
  let passed = 0;
  for (let ms = 250; ms < 10_250; ms += 10) if (one.request(start + ms) === 0) passed++;
  assert.equal(passed, 40 - 1);
});

Deno.test("a clock that is set back does not keep anybody waiting", () => {
  const [quota] = quotas({ requests_per_second: 4 }, 1) as [Quota];
  for (let n = 0; n < 4; n++) assert.equal(quota.request(1_800_000_000_000), 0);
  assert.equal(quota.request(1_799_999_000_000), 0);
  assert.equal(quota.request(1_800_000_000_000), 0);
});

Deno.test("a rate below one a second says how long to wait", () => {
  const [quota] = quotas({ requests_per_second: 0.1 }, 1) as [Quota];
  assert.equal(quota.request(1000), 0);
  assert.equal(quota.request(1000), 10);
  assert.equal(quota.request(8000), 3);
  assert.equal(quota.request(11_000), 0);
});

Deno.test("too many requests get a 429 that says when to come again, and the connection goes on", async () => {
  await using bench = await Bench.open(limited({ requests_per_second: 0.01 }));
  using client = await bench.client();
  await client.send(get("/_ping"));
  using engine = await bench.engine();
  await engine.message();
  await engine.send(ok("OK"));
  await client.message();
  for (let n = 0; n < 2; n++) {
    await client.send(get("/_ping"));
    const denied = await client.message();
    assert.match(denied, /^HTTP\/1.1 429 Too Many Requests\r\n/);
    assert.match(denied, /\r\nRetry-After: (100|99)\r\n/);
    assert.match(denied, /a larger requests_per_second under limits in policy limited/);
  }
  const [, record] = await bench.audit(2);
  assert.equal(record.rule, "limits of policy limited");
  assert.equal(record.status, 429);
});

Deno.test("a connection over the limit is told so, and served once there is room", async () => {
  await using bench = await Bench.open(limited({ connections: 1 }));
  using first = await bench.client();
  await first.send(get("/secret"));
  await first.message();
  using second = await bench.client();
  await second.send(get("/_ping"));
  assert.match(await second.message(), /^HTTP\/1.1 429 [^]*connections: 1 connections are open/);
  first.close();
  for (let tries = 0; tries < 100; tries++) {
    await second.send(get("/nothing"));
    if ((await second.message()).startsWith("HTTP/1.1 403")) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail("the second connection was never served");
});

Deno.test("streams are counted while they run", async () => {
  await using bench = await Bench.open(limited({ streams: 1 }));
  using first = await bench.client();
  await first.send(get("/events"));
  using engine = await bench.engine();
  await engine.message();
  using second = await bench.client();
  await second.send(get("/events"));
  assert.match(await second.message(), /^HTTP\/1.1 429 [^]*streams: 1 streams are open/);
  await second.send(get("/_ping"));
  using ping = await bench.engine();
  await ping.message();
  await ping.send(ok("OK"));
  assert.equal(await second.message(), ok("OK"), "what is no stream is not counted");
  await engine.send(ok("ended"));
  await first.message();
  await second.send(get("/events"));
  assert.equal(await ping.message(), get("/events"));
});

Deno.test("a body over the limit is refused, announced or in chunks", async () => {
  await using bench = await Bench.open(limited({ body: 1000 }));
  using client = await bench.client();
  await client.send(post("/images/load", "x".repeat(1001)));
  assert.match(
    await client.message(),
    /^HTTP\/1.1 413 [^]*body: a body of 1001 bytes is over 1000/,
  );
  for (const end of ["", "0\r\n\r\n"]) {
    using chunking = await bench.client();
    await chunking.send(
      "POST /images/load HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n" +
        `20000\r\n${"x".repeat(0x20000)}\r\n${end}`,
    );
    assert.match(await chunking.until("\r\n\r\n"), /^HTTP\/1.1 413 /);
  }
});

Deno.test("an idle connection is closed, before and after a request; a slow head does not help", async () => {
  await using bench = await Bench.open(limited({ idle: 0.2 }));
  using silent = await bench.client();
  assert.equal(await silent.rest(), "");
  using slow = await bench.client();
  await slow.send("GET /_ping HTTP/1.1\r\n");
  assert.equal(await slow.rest(), "");
  using served = await bench.client();
  await served.send(get("/nothing"));
  await served.message();
  assert.equal(await served.rest(), "");
});

Deno.test("a request that takes too long is a 504; a stream is no such request", async () => {
  await using bench = await Bench.open(limited({ time: 0.2 }));
  using client = await bench.client();
  await client.send(get("/info"));
  using engine = await bench.engine();
  await engine.message();
  assert.match(await client.message(), /^HTTP\/1.1 504 [^]*time: no whole answer within 0\.2 s/);
  using stream = await bench.client();
  await stream.send(get("/events"));
  using events = await bench.engine();
  await events.message();
  await new Promise((resolve) => setTimeout(resolve, 400));
  await events.send(ok("late"));
  assert.equal(await stream.message(), ok("late"));
});

Deno.test("a stream may be silent for ever, unless its policy says for how long", async () => {
  await using bench = await Bench.open(limited({ stream_idle: 0.3 }));
  using client = await bench.client();
  await client.send(get("/events"));
  using engine = await bench.engine();
  await engine.message();
  await engine.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (let n = 0; n < 4; n++) {
    await engine.send("1\r\nx\r\n");
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  assert.match(await client.rest(), /^HTTP\/1.1 200 [^]*(1\r\nx\r\n){4}$/);
  const records = await bench.audit(2);
  assert.match(records[1].reason, /^stream_idle: nothing has moved for 0\.3 s/);
});

Deno.test("what a stream moved is not held against the next one", async () => {
  await using bench = await Bench.open(limited({ stream_idle: 0.4 }));
  using client = await bench.client();
  await client.send(get("/events"));
  using engine = await bench.engine();
  await engine.message();
  const answer = ok("x".repeat(60));
  await engine.send(answer);
  await client.message();
  await client.send(get("/events"));
  await engine.message();
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  await new Promise((resolve) => setTimeout(resolve, 200));
  // As many bytes by the first look at them as the first stream moved in all.
  const chunk = (length: number) => `${length.toString(16)}\r\n${"y".repeat(length)}\r\n`;
  const first = chunk(answer.length - head.length - 6);
  assert.equal(head.length + first.length, answer.length);
  await engine.send(head + first);
  await client.until(first);
  await new Promise((resolve) => setTimeout(resolve, 350));
  await engine.send("0\r\n\r\n");
  assert.equal(await client.until("0\r\n\r\n"), "0\r\n\r\n");
});

Deno.test("a client is told that its time is over while the engine's backlog is full, and may hear it out", async () => {
  await using bench = await Bench.open(limited({ time: 0.2 }));
  bench.stopEngine();
  const path = `${bench.directory}/up.sock`;
  const engine = bindSocket({ socket: path, mode: 0o600, backlog: 1 });
  const waiting: number[] = [];
  try {
    for (let room = true; room;) {
      const fd = unixSocket(false);
      waiting.push(fd);
      room = connect(fd, unixAddress(path)) === 0;
    }
    using client = await bench.client();
    await client.send(post("/v1.41/volumes/create", "x".repeat(10)).slice(0, -5));
    assert.match(await client.message(), /^HTTP\/1.1 504 [^]*time: no whole answer within 0\.2 s/);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await client.send("x".repeat(5));
  } finally {
    for (const fd of waiting) close(fd);
    unlinkSocket(engine);
    close(engine.fd);
  }
});

Deno.test("limits do not count in mode warn", async () => {
  await using bench = await Bench.open({ ...limited({ connections: 1, body: 1 }), mode: "warn" });
  using client = await bench.client();
  await client.send(post("/images/load", "abc"));
  using engine = await bench.engine();
  await engine.message();
  await engine.send(ok("x"));
  assert.equal(await client.message(), ok("x"));
});

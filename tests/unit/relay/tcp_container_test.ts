// Clients on TCP known by their containers. The clients here are at 127.0.0.1, and the engine, which the test plays, says that this
// is a container's address.
import assert from "node:assert/strict";
import { get, ok, post } from "../../support/wire.ts";
import { rule, TcpBench } from "./tcp_harness.ts";

const id = "c".repeat(64);
const home = "127.0.0.1";
const inNetwork = (address: string) => ({
  Networks: { front: { IPAddress: address, IPPrefixLen: 8, Gateway: "" } },
});
const listed = (name: string, address = home) => [{
  Id: id,
  Names: [`/${name}`],
  Labels: { team: "ci" },
  HostConfig: { NetworkMode: "front" },
  NetworkSettings: inNetwork(address),
}];
const inspected = (address = home, running = true) => ({
  State: { Running: running },
  NetworkSettings: inNetwork(address),
});
const list = "/containers/json";
const networks = ["/networks", []] as const;
const one = `/containers/${id}/json`;
/** All answers about a container at its address, whose processes cannot be seen here. */
const known = (name: string) =>
  [[list, listed(name)], networks, [one, inspected()], [one, inspected()]] as const;

for (
  const [what, rules, allowed] of [
    ["the name", { containers: ["ci"] }, true],
    ["the id", { containers: [id] }, true],
    ["the label", { labels: [["team", "ci"]] as const }, true],
    ["another name", { containers: ["other"] }, false],
    ["another value", { labels: [["team", "x"]] as const }, false],
  ] as const
) {
  Deno.test(`a rule about a container is held against ${what}`, async () => {
    await using bench = await TcpBench.open([rule({ ...rules, policy: "full" })]);
    using client = await bench.client();
    await client.send(post("/containers/create", "{}"));
    await bench.tells(known("ci"));
    if (!allowed) {
      assert.match(
        await client.message(),
        /403 [^]*denied for 127.0.0.1 \(container ci\): policy read-only/,
      );
      return;
    }
    using engine = await bench.engine();
    await engine.until("\r\n\r\n");
    await engine.send(ok("{}"));
    assert.match(await client.message(), /200/);
    const [record] = await bench.audit(1);
    assert.equal(record.peer.container, id);
  });
}

Deno.test("an engine that cannot tell lets nobody past a rule about a container", async () => {
  await using bench = await TcpBench.open([rule({ containers: ["other"], policy: "deny" })]);
  for (const answered of [[], [[list, listed("ci")]], [[list, listed("ci")], networks]] as const) {
    using client = await bench.client();
    await client.send(get("/info"));
    await bench.tells(answered);
    (await bench.engine()).close();
    assert.match(
      await client.message(),
      /403 [^]*needs an identity that is unknown: the engine closed the connection without an answer/,
    );
  }
});

Deno.test("an address that is this machine's own is no container's that is known", async () => {
  await using bench = await TcpBench.open([rule({ containers: ["other"], policy: "deny" })]);
  using client = await bench.client();
  await client.send(get("/info"));
  await bench.tells([[list, listed("ci", "172.18.0.4")], networks]);
  assert.match(
    await client.message(),
    /403 [^]*needs an identity that is unknown: 127.0.0.1 is this machine's own/,
  );
});

for (
  const [what, answer] of [
    ["has ended", inspected(home, false)],
    ["has another address", inspected("172.18.0.9")],
    ["is removed", undefined],
  ] as const
) {
  Deno.test(`the engine is asked again when the container that it listed ${what}`, async () => {
    await using bench = await TcpBench.open([rule({ containers: ["new"], policy: "full" })]);
    using client = await bench.client();
    await client.send(post("/containers/create", "{}"));
    await bench.tells([[list, listed("old")], networks, [one, answer], ...known("new")]);
    using engine = await bench.engine();
    await engine.until("\r\n\r\n");
    await engine.send(ok("{}"));
    assert.match(await client.message(), /200/);
  });
}

Deno.test("a container whose processes cannot be seen has not ended meanwhile", async () => {
  await using bench = await TcpBench.open([rule({ containers: ["old"], policy: "full" })]);
  using client = await bench.client();
  await client.send(post("/containers/create", "{}"));
  const ended = [one, inspected(home, false)] as const;
  await bench.tells([...known("old").slice(0, 3), ended, ...known("new")]);
  assert.match(await client.message(), /403 [^]*\(container new\): policy read-only/);
});

Deno.test("each connection asks the engine anew", async () => {
  await using bench = await TcpBench.open([rule({ containers: ["ci"], policy: "full" })]);
  for (const [name, policy] of [["ci", "full"], ["other", "read-only"]]) {
    using client = await bench.client();
    await client.send(get("/nothing"));
    await bench.tells(known(name!));
    await client.message();
    const records = await bench.audit(1);
    assert.equal(records.at(-1).policy, policy);
    await Deno.truncate(`${bench.directory}/audit.jsonl`);
  }
});

Deno.test("a client that leaves while the engine is asked leaves nothing behind", async () => {
  await using bench = await TcpBench.open([rule({ containers: ["ci"], policy: "full" })], {
    maxConnections: 1,
  });
  const client = await bench.client();
  using asked = await bench.engine();
  await asked.until("\r\n\r\n");
  client.close();
  asked.close();
  using next = await bench.client();
  await bench.tells(known("ci"));
  await next.send(get("/nothing"));
  assert.match(await next.message(), /403/);
});

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
  State: { Running: running, Pid: 77 },
  NetworkSettings: inNetwork(address),
});
const list = "/containers/json";
const networks = ["/networks", []] as const;
const one = `/containers/${id}/json`;
/** All answers about a container at its address. */
const known = (name: string) => [[list, listed(name)], networks, [one, inspected()]] as const;

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

Deno.test("an engine that is away lets nobody past such a rule, and keeps nobody waiting", async () => {
  await using bench = await TcpBench.open([rule({ containers: ["other"], policy: "deny" })]);
  await Deno.rename(`${bench.directory}/up.sock`, `${bench.directory}/away.sock`);
  for (let n = 0; n < 2; n++) {
    using client = await bench.client();
    await client.send(get("/info"));
    assert.match(
      await client.message(),
      /403 [^]*an identity that is unknown: connect \S+: ENOENT/,
    );
  }
  await Deno.rename(`${bench.directory}/away.sock`, `${bench.directory}/up.sock`);
  using client = await bench.client();
  await client.send(get("/nothing"));
  await bench.tells(known("ci"));
  assert.match(await client.message(), /403 [^]*\(container ci\): policy read-only/);
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

Deno.test("the kernel is asked of the container and of all who share its network", async () => {
  const asked: unknown[] = [];
  await using bench = await TcpBench.open([rule({ labels: [["team", "ci"]], policy: "full" })], {
    holds: ({ containers, pid }) => Promise.resolve(asked.push([containers, pid]) > 0),
  });
  using client = await bench.client();
  await client.send(get("/nothing"));
  const other = { ...listed("side")[0], Id: "d".repeat(64) };
  const side = { ...other, HostConfig: { NetworkMode: `container:${id}` }, NetworkSettings: {} };
  await bench.tells([[list, [...listed("ci"), side]], networks, [one, inspected()]]);
  await client.message();
  assert.equal((await bench.audit(1))[0].policy, "full");
  assert.deepEqual(asked, [[[id, "d".repeat(64)], 77]]);
});

Deno.test("a connection that no process of the container holds is not the container's", async () => {
  await using bench = await TcpBench.open([rule({ containers: ["ci"], policy: "full" })], {
    holds: () => Promise.resolve(false),
  });
  using client = await bench.client();
  await client.send(get("/info"));
  await bench.tells(known("ci"));
  assert.match(await client.message(), /403 [^]*does not hold this connection/);
  assert.equal((await bench.audit(1))[0].peer.container, null);
});

for (
  const [what, holds] of [
    ["whose processes cannot be seen", () => Promise.resolve(undefined)],
    ["that cannot be looked at", () => Promise.reject(new Error("no"))],
  ] as const
) {
  Deno.test(`a container ${what} is not known by the engine's word alone, and the log says so, once`, async () => {
    await using bench = await TcpBench.open([rule({ containers: ["ci"], policy: "full" })], {
      holds,
    });
    for (let n = 0; n < 2; n++) {
      using client = await bench.client();
      await client.send(get("/info"));
      await bench.tells([...known("ci"), [one, inspected()]]);
      assert.match(
        await client.message(),
        /403 [^]*needs an identity that is unknown: Postern may not see which process/,
      );
    }
    const said = bench.log.filter((line) => line.includes("cannot see which processes hold"));
    assert.equal(said.length, 1, bench.log.join("\n"));
    assert.match(said[0]!, /^warning: .*CAP_SYS_PTRACE/);
  });
}

Deno.test("the engine is asked again when the container has ended while it was looked at", async () => {
  await using bench = await TcpBench.open([rule({ containers: ["old"], policy: "full" })], {
    holds: ({ pid }) => Promise.resolve(pid === 77 ? undefined : true),
  });
  using client = await bench.client();
  await client.send(post("/containers/create", "{}"));
  const ended = [one, inspected(home, false)] as const;
  const anew = { ...inspected(), State: { Running: true, Pid: 78 } };
  await bench.tells([...known("old"), ended, ...known("new").slice(0, 2), [one, anew]]);
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

Deno.test("many who come at once are told by one list, which was begun after they came", async () => {
  await using bench = await TcpBench.open([rule({ containers: ["ci"], policy: "deny" })]);
  using first = await bench.client();
  await first.send(get("/info"));
  using early = await bench.engine();
  assert.match(await early.until("\r\n\r\n"), /^GET \/containers\/json /);
  const others = await Promise.all(Array.from({ length: 20 }, () => bench.client()));
  await Promise.all(others.map((one) => one.send(get("/nothing"))));
  // The list that is under way knows nothing of who has come since.
  await new Promise((resolve) => setTimeout(resolve, 200));
  await early.send(ok("[]"));
  early.close();
  await bench.tells([networks]);
  assert.match(await first.message(), /403 [^]*this machine's own/);
  await bench.tells([
    [list, listed("other")],
    networks,
    ...others.map(() => [one, inspected()] as const),
  ]);
  for (const client of others) {
    assert.match(await client.message(), /403 [^]*\(container other\): policy read-only/);
    client.close();
  }
});

Deno.test("a list of containers may be long, of one container not", async () => {
  await using bench = await TcpBench.open([rule({ containers: ["ci"], policy: "deny" })]);
  const long = "x".repeat(1 << 20);
  const many = Array.from({ length: 8 }, (_, n) => ({
    ...listed(`long-${n}`, "172.18.0.4")[0]!,
    Id: `${n}`.repeat(64),
    Labels: { long },
  }));
  using client = await bench.client();
  await client.send(get("/info"));
  await bench.tells([[list, [...many, ...listed("other")]], networks]);
  using asked = await bench.engine();
  await asked.until("\r\n\r\n");
  // The gate hangs up in the midst of it.
  await asked.send(ok(JSON.stringify({ ...inspected(), long: long.repeat(5) }))).catch(() => {});
  assert.match(await client.message(), /403 [^]*the engine's answer is over 4194304 bytes long/);
});

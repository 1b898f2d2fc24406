import assert from "node:assert/strict";
import type { ClientRule } from "../../../lib/policy/types.ts";
import type { ConnectionLimits } from "../../../lib/relay/census.ts";
import { Between } from "../../support/cut.ts";
import { which } from "../../support/private_engine.ts";
import { materialOf } from "../../support/tls_bench.ts";
import {
  issue,
  issueAll,
  type Issued,
  missingForCertificates,
} from "../../support/tls_certificates.ts";
import { get, ok, post, Wire } from "../../support/wire.ts";
import { rule, TcpBench } from "./tcp_harness.ts";

const ignore = missingForCertificates !== undefined;
const { ca, server, client } = ignore ? undefined! : await issueAll();
const other = ignore ? undefined! : await issue({ subject: "/CN=somebody", by: ca });
const ci = rule({ certificates: ["ci-runner"], policy: "full" });

function test(
  name: string,
  fn: (bench: TcpBench) => Promise<void>,
  rules: readonly ClientRule[] = [ci],
  { missing = false, limits = {} }: { missing?: boolean; limits?: ConnectionLimits } = {},
): void {
  Deno.test({
    name,
    ignore: ignore || missing,
    async fn() {
      await using bench = await TcpBench.open(rules, {
        tls: materialOf(server, ca.cert),
        workers: 2,
        limits,
      });
      await fn(bench);
    },
  });
}

async function wire(port: number, { cert, key }: Issued): Promise<Wire> {
  const conn = await Deno.connectTls({
    ...{ hostname: "127.0.0.1", port, cert, key, caCerts: [ca.cert] },
  });
  await conn.handshake();
  return new Wire(conn);
}

/** Another address of this machine than those of loopback, to speak from. */
const OTHER = Deno.networkInterfaces().find(({ family, address }) =>
  family === "IPv4" && !address.startsWith("127.")
)?.address;
const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";

/** A client and an engine whose connection has become a stream. */
async function hijacked(bench: TcpBench, port = bench.port): Promise<[Wire, Wire]> {
  const one = await wire(port, client);
  await one.send(post("/containers/a/attach?stream=1&stdin=1&stdout=1", "", upgrade));
  const engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send(`HTTP/1.1 101 UPGRADED\r\n${upgrade}\r\n`);
  await one.until("\r\n\r\n");
  return [one, engine];
}

test("a certificate's name gives its policy, is recorded, and gives nothing to others", async (bench) => {
  using allowed = await wire(bench.port, client);
  await allowed.send(post("/containers/a/start", ""));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send(ok("{}"));
  assert.match(await allowed.message(), /200/);
  using denied = await wire(bench.port, other);
  await denied.send(post("/containers/a/start", ""));
  assert.match(await denied.message(), /403 [^]*read-only/);
  const [first, second] = await bench.audit(2);
  assert.equal(first.peer.cert.cn, "ci-runner");
  assert.equal(second.peer.cert.cn, "somebody");
  assert.match(second.peer.cert.fingerprint, /^[0-9a-f]{64}$/);
  assert.deepEqual([first.peer.uid, first.peer.pid], [null, null]);
});

test(
  "who comes by TLS is never taken for Postern itself, whose end of the pair it is served at",
  async (bench) => {
    using one = await wire(bench.port, client);
    await one.send(post("/containers/a/start", ""));
    assert.match(await one.message(), /403 [^]*needs an identity that is unknown/);
    await bench.apply([rule({ gids: [[0, 4294967294]], policy: "full" })]);
    await one.send(post("/containers/a/start", ""));
    assert.match(await one.message(), /403 [^]*needs an identity that is unknown/);
  },
  [rule({ uids: [[0, 4294967294]], policy: "full" })],
);

test("a hijacked stream passes both ways, with a half-close each way", async (bench) => {
  const [one, engine] = await hijacked(bench);
  await one.send("x".repeat(300_000));
  await one.closeWrite();
  assert.equal((await engine.rest()).length, 300_000);
  await engine.send("answer");
  await engine.closeWrite();
  assert.equal(await one.rest(), "answer");
  one.close();
  engine.close();
});

test("a stream whose client is cut off ends for the engine, too, and is recorded", async (bench) => {
  using between = new Between(bench.port);
  const [one, engine] = await hijacked(bench, between.port);
  await between.finish();
  assert.equal(await engine.rest(), "");
  const [, end] = await bench.audit(2);
  assert.equal(end.event, "end");
  one.close();
  engine.close();
});

test("rules that change are those of a connection that stands, and its name is still known", async (bench) => {
  using one = await wire(bench.port, client);
  await one.send(post("/containers/a/start", ""));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send(ok("{}"));
  await one.message();
  await bench.apply([rule({ certificates: ["ci-runner"], policy: "deny" })]);
  await one.send(get("/info"));
  assert.match(await one.message(), /403 [^]*policy deny/);
});

test("another authority ends who is here, and lets nobody in whom it has not signed", async (bench) => {
  using one = await wire(bench.port, client);
  const authority = await issueAll();
  await bench.apply([ci], [{ tls: materialOf(server, authority.ca.cert) }]);
  assert.equal(await one.rest().catch(() => ""), "");
  // With TLS 1.3 the refusal comes with the first read.
  using refused = await wire(bench.port, client);
  assert.equal(await refused.rest().catch(() => "refused"), "refused");
  using taken = await wire(bench.port, authority.client);
  await taken.send(post("/containers/a/start", ""));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send(ok("{}"));
  assert.match(await taken.message(), /200/);
});

test("a gate that drains delivers the whole answer, however slowly it is read", async (bench) => {
  using one = await wire(bench.port, client);
  await one.send(get("/info"));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  const draining = bench.gate.drain();
  const body = "y".repeat(8 << 20);
  const sending = engine.send(ok(body));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const answer = await one.message();
  assert.ok(answer.endsWith(body));
  await sending;
  one.close();
  await draining;
});

test("a client that is refused is recorded with the reason", async (bench) => {
  const stranger = await issueAll();
  using conn = await wire(bench.port, stranger.client);
  assert.equal(await conn.rest().catch(() => "refused"), "refused");
  const [record] = await bench.audit(1);
  assert.deepEqual([record.decision, record.rule], ["deny", "tls"]);
  assert.match(record.reason, /^TLS: certificate verify failed: /);
});

test(
  "curl speaks to it as to any server of HTTP, and keeps its connection",
  async (bench) => {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/cert`, client.cert);
    await Deno.writeTextFile(`${folder}/key`, client.key);
    await Deno.writeTextFile(`${folder}/ca`, ca.cert);
    const url = `https://127.0.0.1:${bench.port}/info`;
    const files = [
      "--cert",
      `${folder}/cert`,
      "--key",
      `${folder}/key`,
      "--cacert",
      `${folder}/ca`,
    ];
    const curl = new Deno.Command("curl", {
      args: ["-sS", "-w", "[%{http_version} %{num_connects}]", ...files, url, url],
    }).output();
    using engine = await bench.engine();
    for (let n = 0; n < 2; n++) {
      await engine.until("\r\n\r\n");
      await engine.send(ok("{}"));
    }
    const { stdout, stderr } = await curl;
    assert.equal(new TextDecoder().decode(stderr), "");
    assert.equal(new TextDecoder().decode(stdout), "{}[1.1 1]{}[1.1 0]");
    await Deno.remove(folder, { recursive: true });
  },
  [ci],
  { missing: which("curl") === undefined },
);

test("a denial names the certificate", async (bench) => {
  using one = await wire(bench.port, other);
  await one.send(post("/containers/a/start", ""));
  assert.match(
    await one.message(),
    /403 [^]*denied for 127.0.0.1 \(cert somebody\): policy read-only/,
  );
});

test("who shows no certificate, or speaks no TLS, gets nowhere and is recorded", async (bench) => {
  const strange = await Deno.connectTls({
    ...{ hostname: "127.0.0.1", port: bench.port, caCerts: [ca.cert] },
  });
  using nobody = new Wire(strange);
  await assert.rejects(async () => {
    await nobody.send(post("/containers/a/start", ""));
    if (await nobody.rest() === "") throw new Error("closed");
  });
  using plain = await bench.client();
  await plain.send(post("/containers/a/start", ""));
  assert.doesNotMatch(await plain.rest(), /HTTP/);
  const records = await bench.audit(2);
  for (const { decision, rule, reason, peer } of records) {
    assert.deepEqual([decision, rule, peer.cert, peer.address], ["deny", "tls", null, "127.0.0.1"]);
    assert.match(reason, /^TLS: /);
  }
});

test(
  "with a certificate, too, the container is asked for, and both may be wanted of a client",
  async (bench) => {
    const id = "c".repeat(64);
    const NetworkSettings = { Networks: { front: { IPAddress: "127.0.0.1", IPPrefixLen: 8 } } };
    const listed = [{
      ...{ Id: id, Names: ["/ci"], Labels: {}, HostConfig: { NetworkMode: "front" } },
      NetworkSettings,
    }];
    const inspected = [`/containers/${id}/json`, { State: { Running: true }, NetworkSettings }];
    for (const [who, status] of [[client, 200], [other, 403]] as const) {
      using one = await wire(bench.port, who);
      await one.send(post("/containers/a/start", ""));
      await bench.tells([
        ["/containers/json", listed],
        ["/networks", []],
        inspected as [string, unknown],
      ]);
      if (status === 200) {
        using engine = await bench.engine();
        await engine.until("\r\n\r\n");
        await engine.send(ok("{}"));
      }
      assert.match(await one.message(), new RegExp(`^HTTP/1.1 ${status}`));
    }
  },
  [rule({ containers: ["ci"], certificates: ["ci-runner"], policy: "full" })],
);

test("a certificate that ends is good for what runs, and for no further request", async (bench) => {
  const short = await issue({ subject: "/CN=ci-runner", by: ca, seconds: 8 });
  using one = await wire(bench.port, short);
  await one.send(get("/info"));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send(ok("{}"));
  assert.match(await one.message(), /200/);
  await one.send(get("/containers/a/logs"));
  await engine.until("\r\n\r\n");
  // Past its end, and past what the loop takes to see that.
  await new Promise((resolve) => setTimeout(resolve, 11_000));
  await engine.send(ok("late"));
  assert.match(await one.message(), /200 [^]*late/);
  assert.equal(await one.rest().catch(() => ""), "");
  const refused = await wire(bench.port, short);
  assert.equal(await refused.rest().catch(() => "refused"), "refused");
  refused.close();
});

test("a new certificate at the old path is taken up at the same port", async (bench) => {
  const authority = await issueAll();
  const applied = await bench.apply([ci], [{ tls: materialOf(authority.server, ca.cert) }]);
  assert.deepEqual(applied.opened, ["test"]);
  await assert.rejects(wire(bench.port, client), /UnknownIssuer|invalid peer/);
});

test(
  "a client in the middle of its handshake counts, and its place is free when it leaves",
  async (bench) => {
    const stalled = await bench.client();
    await stalled.send("\x16\x03\x01");
    await assert.rejects(async () => {
      using second = await wire(bench.port, client);
      if (await second.rest() === "") throw new Error("closed");
    });
    stalled.close();
    using third = await eventually(() => wire(bench.port, client));
    await third.send(get("/nothing"));
    assert.match(await third.message(), /403/);
  },
  [ci],
  { limits: { maxConnectionsPerUid: 1 } },
);

test(
  "one address that stalls in hundreds of handshakes keeps no other address out",
  async (bench) => {
    const stalled = await Promise.all(Array.from({ length: 600 }, () => bench.client()));
    await Promise.all(stalled.map((one) => one.send("\x16\x03\x01")));
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/cert`, client.cert);
    await Deno.writeTextFile(`${folder}/key`, client.key);
    await Deno.writeTextFile(`${folder}/ca`, ca.cert);
    const { stdout, stderr } = await new Deno.Command("curl", {
      args: [
        ...["-sS", "--interface", OTHER!, "-w", "%{http_code}", "-o", "/dev/null"],
        ...["--cert", "cert", "--key", "key", "--cacert", "ca"],
        `https://127.0.0.1:${bench.port}/nothing`,
      ],
      cwd: folder,
    }).output();
    assert.equal(new TextDecoder().decode(stdout), "403", new TextDecoder().decode(stderr));
    await Deno.remove(folder, { recursive: true });
    // It has not waited for one of them to be over.
    const [first] = await bench.audit(1);
    assert.deepEqual([first.peer.address, first.status], [OTHER, 403]);
    // Whoever shares the address has his turn when they are gone.
    const patient = wire(bench.port, client);
    for (const one of stalled) one.close();
    using one = await patient;
    await one.send(get("/nothing"));
    assert.match(await one.message(), /403/);
  },
  [ci],
  { missing: which("curl") === undefined || OTHER === undefined },
);

/** What works once somebody else has gone. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0;; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

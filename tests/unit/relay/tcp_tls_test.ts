import assert from "node:assert/strict";
import { makeCertificates, missingForCertificates } from "../../support/certificates.ts";
import { latin1, ok, Wire } from "../../support/wire.ts";
import { rule, TcpBench } from "./tcp_harness.ts";

const ignore = missingForCertificates !== undefined;

async function withTls(
  clients: Parameters<typeof TcpBench.open>[0],
  test: (bench: TcpBench, folder: string) => Promise<void>,
  limits: Parameters<typeof TcpBench.open>[1] = {},
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "postern-tcp-" });
  try {
    await makeCertificates(folder, ["server", "ci-runner"]);
    const files = {
      cert: `${folder}/server/cert.pem`,
      key: `${folder}/server/key.pem`,
      clientCa: `${folder}/ca.pem`,
    };
    const [cert, key, clientCa] = await Promise.all(
      [files.cert, files.key, files.clientCa].map((file) => Deno.readFile(file)),
    );
    const tls = { files, cert: cert!, key: key!, clientCa: clientCa! };
    await using bench = await TcpBench.open(clients, { tls, ...limits });
    await test(bench, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A client with a certificate, by the runtime's own TLS. */
async function client(bench: TcpBench, folder: string, name?: string): Promise<Wire> {
  const read = (file: string) => Deno.readTextFile(`${folder}/${file}`);
  const own = name === undefined
    ? {}
    : { cert: await read(`${name}/cert.pem`), key: await read(`${name}/key.pem`) };
  const conn = await Deno.connectTls({
    hostname: "127.0.0.1",
    port: bench.port,
    caCerts: [await read("ca.pem")],
    ...own,
  });
  await conn.handshake();
  return new Wire(conn);
}

const create = "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\n{}";

Deno.test({
  name: "a rule about a certificate gives its policy, and the record says who it was",
  ignore,
}, () =>
  withTls([rule({ certificates: ["ci-runner"], policy: "full" })], async (bench, folder) => {
    using wire = await client(bench, folder, "ci-runner");
    await wire.send(create);
    using engine = await bench.engine();
    assert.match(await engine.until("\r\n\r\n"), /^POST \/containers\/create/);
    await engine.send(ok("{}"));
    assert.match(await wire.message(), /^HTTP\/1.1 200/);
    const [record] = await bench.audit(1);
    assert.equal(record.peer.cert.cn, "ci-runner");
    assert.match(record.peer.cert.fingerprint, /^[0-9a-f]{64}$/);
    assert.deepEqual([record.peer.address, record.peer.uid, record.peer.pid], [
      "127.0.0.1",
      null,
      null,
    ]);
  }));

Deno.test(
  { name: "a denial names the certificate", ignore },
  () =>
    withTls([rule({ certificates: ["other"], policy: "full" })], async (bench, folder) => {
      using wire = await client(bench, folder, "ci-runner");
      await wire.send(create);
      const answer = await wire.message();
      assert.match(answer, /403 [^]*denied for 127.0.0.1 \(cert ci-runner\): policy read-only/);
    }),
);

Deno.test({
  name: "rules that begin to ask for groups do not make a client with a certificate Postern itself",
  ignore,
}, () =>
  withTls([], async (bench, folder) => {
    using wire = await client(bench, folder, "ci-runner");
    await wire.send(create);
    await wire.message();
    const everybody = [rule({ gids: [[0, 4294967294]], policy: "full" })];
    const standing = bench.gate.standing[0]!.options;
    await bench.apply(everybody, [standing]);
    await wire.send(create);
    assert.match(await wire.message(), /403 [^]*needs an identity that is unknown/);
    assert.equal(bench.gate.standing[0]!.options, standing);
  }));

Deno.test(
  { name: "a client without a certificate gets nowhere, and is recorded", ignore },
  () =>
    withTls([], async (bench, folder) => {
      let failed = false;
      try {
        using wire = await client(bench, folder);
        await wire.send(create);
        failed = await wire.rest() === "";
      } catch {
        failed = true;
      }
      assert.ok(failed);
      const [record] = await bench.audit(1);
      assert.deepEqual([record.decision, record.rule, record.peer.cert], ["deny", "tls", null]);
      assert.match(record.reason, /^TLS: /);
    }),
);

Deno.test({ name: "HTTP without TLS gets nowhere", ignore }, () =>
  withTls([], async (bench) => {
    using wire = await bench.client();
    await wire.send(create);
    assert.doesNotMatch(await wire.rest(), /HTTP/);
    const [record] = await bench.audit(1);
    assert.equal(record.rule, "tls");
  }));

Deno.test({
  name: "a client in the middle of its handshake counts, and its place is free when it leaves",
  ignore,
}, () =>
  withTls([], async (bench, folder) => {
    const stalled = await bench.client();
    await stalled.send("\x16\x03\x01");
    await assert.rejects(async () => {
      using second = await client(bench, folder, "ci-runner");
      await second.send(create);
      if (await second.rest() === "") throw new Error("closed");
    });
    stalled.close();
    for (let tries = 0;; tries++) {
      try {
        using third = await client(bench, folder, "ci-runner");
        await third.send(create);
        assert.match(await third.message(), /403/);
        return;
      } catch (error) {
        if (tries === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }, { limits: { maxConnectionsPerUid: 1 } }));

Deno.test(
  { name: "a new certificate at the old path is taken up at the same port", ignore },
  () =>
    withTls([], async (bench, folder) => {
      const { tls } = bench.gate.standing[0]!.options;
      await makeCertificates(`${folder}/ci-runner`, ["again"]);
      const read = (file: string) => Deno.readFile(`${folder}/ci-runner/again/${file}`);
      const fresh = { ...tls!, cert: await read("cert.pem"), key: await read("key.pem") };
      const applied = await bench.apply([], [{ tls: fresh }]);
      assert.deepEqual(applied.opened, ["test"]);
      await assert.rejects(client(bench, folder, "ci-runner"), /UnknownIssuer|invalid peer/);
    }),
);

Deno.test({
  name: "what the engine says last arrives whole while the gate drains",
  ignore,
}, () =>
  withTls([rule({ certificates: ["ci-runner"], policy: "full" })], async (bench, folder) => {
    using wire = await client(bench, folder, "ci-runner");
    await wire.send("GET /info HTTP/1.1\r\nHost: d\r\n\r\n");
    using engine = await bench.engine();
    await engine.until("\r\n\r\n");
    const draining = bench.gate.drain();
    const body = latin1(new Uint8Array(2_000_000).fill(120));
    await engine.send(ok(body));
    assert.equal((await wire.message()).endsWith(body), true);
    wire.close();
    await draining;
  }));

import assert from "node:assert/strict";
import { Between } from "../../support/cut.ts";
import {
  issue,
  issueAll,
  type Issued,
  missingForCertificates,
} from "../../support/tls_certificates.ts";
import { KeyFlood } from "../../support/key_flood.ts";
import { showWithoutKey } from "../../support/keyless_client.ts";
import { materialOf, TlsBench } from "../../support/tls_bench.ts";

const ignore = missingForCertificates !== undefined;
const { ca, server, client } = ignore ? undefined! : await issueAll();
const open = () => TlsBench.open(materialOf(server, ca.cert));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (words: string) => new TextEncoder().encode(words);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function test(name: string, fn: (bench: TlsBench) => Promise<void>): void {
  Deno.test({
    name,
    ignore,
    async fn() {
      await using bench = await open();
      await fn(bench);
    },
  });
}

async function some(conn: Deno.Conn, length: number): Promise<string> {
  const got = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const n = await conn.read(got.subarray(at));
    if (n === null) return text(got.subarray(0, at));
    at += n;
  }
  return text(got);
}

/** The number of bytes until the end, and their SHA-256. */
async function digest(conn: Deno.Conn): Promise<[number, string]> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  const buffer = new Uint8Array(1 << 18);
  let length = 0;
  for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
    hash.update(buffer.subarray(0, n));
    length += n;
  }
  return [length, hash.digest("hex")];
}

/** Writes noise, then the end; returns as `digest`. */
async function noise(
  conn: Deno.Conn & { closeWrite(): Promise<void> },
  length: number,
): Promise<[number, string]> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  const block = crypto.getRandomValues(new Uint8Array(65_521));
  for (let left = length; left > 0;) {
    block[left % block.length]! ^= left & 255;
    const piece = block.subarray(0, Math.min(left, block.length));
    hash.update(piece);
    for (let at = 0; at < piece.length;) at += await conn.write(piece.subarray(at));
    left -= piece.length;
  }
  await conn.closeWrite();
  return [length, hash.digest("hex")];
}

/** Memory of this process in the kernel's eyes, in bytes. */
const resident = () =>
  Number(/^VmRSS:\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/status"))![1]) * 1024;
const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;

/** What openssl's own client says, of being told to speak so. */
async function sClient(bench: TlsBench, args: string[], who?: Issued): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const mine = who === undefined ? [] : ["-cert", `${folder}/cert`, "-key", `${folder}/key`];
    await Deno.writeTextFile(`${folder}/cert`, who?.cert ?? "");
    await Deno.writeTextFile(`${folder}/key`, who?.key ?? "");
    const { stdout, stderr } = await new Deno.Command("openssl", {
      args: ["s_client", "-connect", `127.0.0.1:${bench.port}`, ...mine, ...args],
      stdin: "null",
    }).output();
    return text(stdout) + text(stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Whoever comes with this certificate is refused; why, in the gate's words. */
async function refusal(bench: TlsBench, who: Issued | undefined, args: string[] = []) {
  const said = await sClient(bench, ["-ign_eof", ...args], who);
  const { reason } = await bench.tells("failed");
  await bench.tells("closed");
  assert.deepEqual(bench.told, [], "nobody was let in");
  return { said, reason };
}

test("a client with a certificate is told by its name, and its bytes pass both ways", async (bench) => {
  using conn = await bench.client(client, ca.cert);
  const { certificate } = await bench.tells("done");
  assert.deepEqual({ ...certificate as object, fingerprint: "" }, {
    ...{ commonName: "ci-runner", dns: [], uris: [], emails: [], fingerprint: "" },
  });
  await conn.write(bytes("ping"));
  const engine = await bench.engine();
  assert.equal(await some(engine, 4), "ping");
  await engine.write(bytes("pong"));
  engine.close();
  assert.equal(await some(conn, 10), "pong");
  conn.close();
  await bench.tells("closed");
  assert.deepEqual(bench.told, []);
});

test("openssl's client speaks TLS 1.3 and is given no ticket", async (bench) => {
  const full = sClient(bench, ["-alpn", "h2,http/1.1", "-ign_eof"], client);
  const engine = await bench.engine();
  await engine.write(bytes("HELLO"));
  engine.close();
  const heard = await full;
  assert.match(heard, /TLSv1\.3, Cipher is TLS_/);
  assert.match(heard, /No ALPN negotiated/);
  assert.match(heard, /Acceptable client certificate CA names\nCN = ca/);
  // Its own authority is not in the chain: only what is in the file.
  assert.doesNotMatch(heard, / 1 s:/);
  assert.match(heard, /HELLO/);
  assert.doesNotMatch(heard, /New Session Ticket|Max Early Data: [1-9]/);
});

test("TLS 1.2, no TLS, and no certificate are refused, and the client hears why", async (bench) => {
  const old = await refusal(bench, client, ["-tls1_2"]);
  assert.match(old.reason, /^unsupported protocol$/);
  assert.match(old.said, /alert protocol version/);
  const none = await refusal(bench, undefined);
  assert.equal(none.reason, "peer did not return a certificate");
  assert.match(none.said, /alert certificate required|certificate required/);
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: bench.port });
  await conn.write(bytes("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n"));
  assert.equal((await bench.tells("failed")).reason, "http request");
  assert.doesNotMatch(await some(conn, 100), /HTTP/);
  conn.close();
  await bench.tells("closed");
});

test("a certificate of nobody's, of another's, for another use, or that has ended, is refused", async (bench) => {
  const other = await issue({ subject: "/CN=ca", extensions: "basicConstraints=critical,CA:true" });
  const use = "extendedKeyUsage=";
  const cases: [RegExp, Promise<Issued>][] = [
    [/self.signed certificate/, issue({ subject: "/CN=ci-runner" })],
    [
      /certificate signature failure|unable to get .*issuer|self.signed/,
      issue({ subject: "/CN=ci-runner", extensions: `${use}clientAuth`, by: other }),
    ],
    [/unsupported|purpose/, issue({ subject: "/CN=x", extensions: `${use}serverAuth`, by: ca })],
    [
      /certificate has expired/,
      issue({ subject: "/CN=x", extensions: `${use}clientAuth`, by: ca, days: -1 }),
    ],
    // A client is no authority, whatever it signs.
    [/invalid CA|CA certificate|issuer/, issue({ subject: "/CN=admin", by: client })],
    [
      /names in the client's certificate/,
      issue({ subject: "/CN=x", extensions: "2.5.29.17=DER:30:05:82:03:61:00:62", by: ca }),
    ],
  ];
  for (const [expected, made] of cases) {
    const { reason } = await refusal(bench, await made);
    assert.match(reason, expected);
    assert.match(reason, /^[^\n]*$/);
  }
  const presented = await issue({
    subject: "/CN=admin",
    extensions: `${use}clientAuth`,
    by: client,
  });
  const chain = { cert: presented.cert + client.cert, key: presented.key };
  assert.match((await refusal(bench, chain)).reason, /invalid CA|CA certificate|issuer/);
});

test("a certificate that is shown without its key is nobody's", async (bench) => {
  using conn = await showWithoutKey(bench.port, client);
  assert.equal(
    (await bench.tells("failed")).reason,
    "the client ended the connection during the handshake",
  );
  conn.close();
  await bench.tells("closed");
  assert.deepEqual(bench.told, [], "nobody was let in");
});

test("a certificate that says nothing of its use is good, as with every server", async (bench) => {
  const plain = await issue({ subject: "/CN=plain", by: ca });
  using _conn = await bench.client(plain, ca.cert);
  const { certificate } = await bench.tells("done");
  assert.equal((certificate as { commonName: string }).commonName, "plain");
});

Deno.test({
  name: "an authority between can be trusted alone, without all that its root has signed",
  ignore,
  async fn() {
    const authority = "basicConstraints=critical,CA:true\nkeyUsage=keyCertSign";
    const between = await issue({ subject: "/CN=between", extensions: authority, by: ca });
    const ours = await issue({ subject: "/CN=ours", by: between });
    await using bench = await TlsBench.open(materialOf(server, between.cert));
    using _conn = await bench.client(ours, ca.cert);
    await bench.tells("done");
    assert.match((await refusal(bench, client)).reason, /unable to get .*issuer/);
  },
});

test("garbage, and a client that leaves in its handshake, end quietly", async (bench) => {
  const cases: [Uint8Array<ArrayBuffer>, RegExp][] = [
    [new Uint8Array(70_000).fill(0xa7), /\w/],
    [new Uint8Array(5), /\w/],
    [bytes("\x16\x03\x01\x40\x00\x01"), /^the client left during the handshake$/],
    [new Uint8Array(0), /^the client left during the handshake$/],
  ];
  for (const [said, expected] of cases) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: bench.port });
    await conn.write(said);
    conn.close();
    assert.match((await bench.tells("failed")).reason, expected);
    await bench.tells("closed");
  }
  assert.deepEqual(bench.told, []);
});

test("a handshake that stalls ends after ten seconds, and others go on meanwhile", async (bench) => {
  using silent = await Deno.connect({ hostname: "127.0.0.1", port: bench.port });
  using half = await Deno.connect({ hostname: "127.0.0.1", port: bench.port });
  await half.write(bytes("\x16\x03\x01\x40\x00\x01"));
  const begun = performance.now();
  using _conn = await bench.client(client, ca.cert);
  await bench.tells("done");
  for (const stalled of [silent, half]) {
    assert.equal((await bench.tells("failed")).reason, "the handshake took more than 10 seconds");
    await bench.tells("closed");
    assert.equal(await stalled.read(new Uint8Array(1)).catch(() => null), null);
  }
  const waited = performance.now() - begun;
  assert.ok(waited > 9_500 && waited < 15_000, `${waited} ms`);
});

test("a hundred MiB pass both ways at once, byte for byte, each with its own end", async (bench) => {
  const length = 100 * 1024 * 1024 + 12_345;
  using conn = await bench.client(client, ca.cert);
  using engine = await bench.engine();
  const [up, atEngine, down, atClient] = await Promise.all([
    ...[noise(conn, length), digest(engine), noise(engine, length), digest(conn)],
  ]);
  assert.deepEqual(atEngine, up);
  assert.deepEqual(atClient, down);
  await bench.tells("done");
  conn.close();
  await bench.tells("closed");
  assert.deepEqual(bench.told, []);
});

test("a client that has said all still hears the answer, however late", async (bench) => {
  using conn = await bench.client(client, ca.cert);
  using engine = await bench.engine();
  await conn.write(bytes("question"));
  await conn.closeWrite();
  assert.equal(await some(engine, 100), "question");
  await pause(50);
  await engine.write(bytes("answer"));
  await engine.closeWrite();
  assert.equal(await some(conn, 100), "answer");
  await bench.tells("closed");
});

test("a client may still speak when the engine has said all", async (bench) => {
  using conn = await bench.client(client, ca.cert);
  using engine = await bench.engine();
  await engine.write(bytes("all"));
  await engine.closeWrite();
  assert.equal(await some(conn, 100), "all");
  await pause(50);
  await conn.write(bytes("more"));
  await conn.closeWrite();
  assert.equal(await some(engine, 100), "more");
  await bench.tells("closed");
});

test("a client that is cut off has not said all, and nobody is told so as an end of its own", async (bench) => {
  using between = new Between(bench.port);
  using conn = await bench.at(between.port, client, ca.cert);
  using engine = await bench.engine();
  await conn.write(bytes("rm -rf /tmp/x"));
  assert.equal(await some(engine, 13), "rm -rf /tmp/x");
  await between.finish();
  const { reason } = await bench.tells("broken");
  assert.equal(reason, "the client was cut off: no close_notify came");
  await bench.tells("closed");
});

test("bytes that are put into a connection break it, and never arrive", async (bench) => {
  using between = new Between(bench.port);
  using conn = await bench.at(between.port, client, ca.cert);
  using engine = await bench.engine();
  await conn.write(bytes("good"));
  assert.equal(await some(engine, 4), "good");
  await between.forge(bytes(`\x17\x03\x03\0\x20${"x".repeat(32)}`));
  const { reason } = await bench.tells("broken");
  assert.match(reason, /^the client sent what is no TLS of this connection: .*(mac|decrypt)/);
  await bench.tells("closed");
  assert.equal(await some(engine, 10), "");
});

test("an engine that vanishes ends the client properly, with all that it had said", async (bench) => {
  const conn = await bench.client(client, ca.cert);
  const engine = await bench.engine();
  const answer = bytes("x".repeat(300_000));
  for (let at = 0; at < answer.length;) at += await engine.write(answer.subarray(at));
  engine.close();
  assert.equal((await digest(conn))[0], answer.length);
  conn.close();
  await bench.tells("closed");
  assert.deepEqual(bench.told.map(({ event }) => event), ["done"]);
});

test("a client that says more than the engine hears, and an engine whose client reads nothing, cost no memory", async (bench) => {
  const pairs = [];
  for (let n = 0; n < 8; n++) {
    const conn = await bench.client(client, ca.cert);
    pairs.push({ conn, engine: await bench.engine() });
  }
  const before = resident();
  let written = 0;
  const block = new Uint8Array(1 << 20);
  const stuck = pairs.flatMap(({ conn, engine }) =>
    [conn, engine].map(async (end) => {
      try {
        while (true) written += await end.write(block);
      } catch { /* closed below */ }
    })
  );
  let last = -1;
  for (let tries = 0; tries < 40 && last !== written; tries++) {
    last = written;
    await pause(500);
  }
  assert.equal(written, last, "everybody waits");
  const grown = resident() - before;
  assert.ok(grown < 64 << 20, `${grown} bytes more for 16 ways`);
  for (const { conn, engine } of pairs) {
    conn.close();
    engine.close();
  }
  await Promise.all(stuck);
});

test("one who sends all the time does not keep others waiting", async (bench) => {
  const greedy = await bench.client(client, ca.cert);
  using sink = await bench.engine();
  const block = new Uint8Array(1 << 20);
  let going = true;
  const sending = (async () => {
    while (going) await greedy.write(block);
    greedy.close();
  })();
  const reading = (async () => {
    const into = new Uint8Array(1 << 20);
    while (await sink.read(into) !== null);
  })();
  using conn = await bench.client(client, ca.cert);
  using engine = await bench.engine();
  for (let n = 0; n < 50; n++) {
    await conn.write(bytes("ping"));
    assert.equal(await some(engine, 4), "ping");
  }
  going = false;
  // What was on its way arrives whole before the end does.
  await Promise.all([sending, reading]);
});

test("a client that changes its keys again and again is understood, and answered in new ones", async (bench) => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/cert`, client.cert);
  await Deno.writeTextFile(`${folder}/key`, client.key);
  const process = new Deno.Command("openssl", {
    args: [
      ...["s_client", "-connect", `127.0.0.1:${bench.port}`],
      ...["-cert", `${folder}/cert`, "-key", `${folder}/key`],
    ],
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  using engine = await bench.engine();
  const writer = process.stdin.getWriter();
  // K: a new key, and the other side is asked for one, too (s_client(1)).
  for (let n = 0; n < 20; n++) {
    await writer.write(bytes("K\n"));
    await pause(20);
    await writer.write(bytes(`${n % 10}`));
    assert.equal(await some(engine, 1), `${n % 10}`);
    await engine.write(bytes(`answer ${n}\n`));
    await writer.write(bytes("\n"));
    assert.equal(await some(engine, 1), "\n");
  }
  await writer.close();
  const { stdout, stderr } = await process.output();
  assert.equal(text(stderr).match(/^KEYUPDATE$/gm)?.length, 20);
  assert.match(text(stdout), /answer 19/);
  await Deno.remove(folder, { recursive: true });
});

test("a client that asks for new keys without end is shown the door, reading the answers or not", async (bench) => {
  for (const reads of [true, false]) {
    using flood = await KeyFlood.to(bench.port, client);
    using engine = await bench.engine();
    await bench.tells("done");
    const before = resident();
    using conn = await bench.client(client, ca.cert);
    using other = await bench.engine();
    await bench.tells("done");
    const sent = flood.send(20_000, reads);
    for (let n = 0; n < 20; n++) {
      await conn.write(bytes("ping"));
      assert.equal(await some(other, 4), "ping");
    }
    assert.equal(
      (await bench.tells("broken")).reason,
      "the client asked for new keys again and again",
    );
    await bench.tells("closed");
    assert.equal(await some(engine, 1), "");
    assert.ok(await sent < 20_000);
    assert.ok(resident() - before < 30 << 20);
    conn.close();
    other.close();
    await bench.tells("closed");
  }
});

test("a client that changes its own keys without end is shown the door, too", async (bench) => {
  using flood = await KeyFlood.to(bench.port, client);
  using engine = await bench.engine();
  await bench.tells("done");
  const sent = flood.send(20_000, true, false);
  assert.match((await bench.tells("broken")).reason, /too much that is no data/);
  await bench.tells("closed");
  assert.equal(await some(engine, 1), "");
  assert.ok(await sent < 20_000);
});

test("thousands of records of a byte each are data, and no reason to end", async (bench) => {
  using conn = await bench.client(client, ca.cert);
  using engine = await bench.engine();
  await bench.tells("done");
  const count = 20_000;
  const sending = (async () => {
    for (let n = 0; n < count; n++) await conn.write(bytes("x"));
  })();
  assert.equal((await some(engine, count)).length, count);
  await sending;
  assert.deepEqual(bench.told, []);
  conn.close();
  engine.close();
  await bench.tells("closed");
});

test("thousands of connections that end in every way leave nothing behind", async (bench) => {
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port: bench.port });
  const round = async (n: number) => {
    if (n % 8 === 0) {
      const conn = await bench.client(client, ca.cert);
      const engine = await bench.engine();
      await conn.write(bytes("x"));
      if (n % 16 === 0) engine.close();
      conn.close();
      if (n % 16 !== 0) engine.close();
    } else {
      const conn = await connect();
      if (n % 8 < 5) {
        await conn.write(bytes(n % 2 === 0 ? "GET / HTTP/1.1\r\n" : "\x16\x03\x01\x40\x00\x01"));
      }
      conn.close();
    }
    await bench.tells("closed");
    bench.told.length = 0;
  };
  for (let n = 0; n < 400; n++) await round(n);
  const before = { memory: resident(), descriptors: descriptors() };
  for (let n = 0; n < 3000; n++) await round(n);
  assert.ok(descriptors() <= before.descriptors + 3, `${descriptors()}`);
  // A session of OpenSSL's is worth some 20 KiB: 3000 would be 60 MiB.
  const grown = resident() - before.memory;
  assert.ok(grown < 30 << 20, `${grown} bytes`);
});

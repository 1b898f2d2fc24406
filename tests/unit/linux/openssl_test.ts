import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { Memory } from "../../../lib/linux/memory.ts";
import { openssl as library, reasons, TlsError } from "../../../lib/linux/openssl.ts";
import { readCertificate } from "../../../lib/linux/peer_certificate.ts";
import { TlsContext } from "../../../lib/linux/tls_context.ts";
import { TlsSession, WANTING } from "../../../lib/linux/tls_session.ts";
import {
  issue,
  issueAll,
  missingForCertificates,
  openssl,
  type Wish,
} from "../../support/tls_certificates.ts";
import { materialOf } from "../../support/tls_bench.ts";

const ignore = missingForCertificates !== undefined;
const { ca, server, client } = ignore ? undefined! : await issueAll();

function test(name: string, fn: () => Promise<void> | void): void {
  Deno.test({ name, ignore, fn });
}

/** What is wrong with a server made of these. */
function wrong(key: string, cert = server.cert, clientCa = ca.cert): string {
  try {
    new TlsContext(materialOf({ cert, key }, clientCa)).close();
  } catch (error) {
    assert.ok(error instanceof TlsError, `${error}`);
    return error.message;
  }
  return "nothing";
}

/** What is read of a certificate that says so. */
async function read(wish: Omit<Wish, "by">) {
  return readPem((await issue({ ...wish, by: ca })).cert);
}

function readPem(pem: string) {
  const symbols = library();
  const bytes = new TextEncoder().encode(pem);
  const bio = symbols.BIO_new_mem_buf(bytes, bytes.length);
  const certificate = symbols.PEM_read_bio_X509(bio, null, null, new Uint8Array(1))!;
  const found = readCertificate(certificate);
  symbols.X509_free(certificate);
  symbols.BIO_free(bio);
  return found;
}

Deno.test("a library that is not there is told by its package", () => {
  // Before anybody else has opened it; here, by another name.
  const code = 'import { openssl } from "./lib/linux/openssl.ts"; openssl("libssl.so.77");';
  const { success, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", code],
    cwd: new URL("../../../", import.meta.url).pathname,
  }).outputSync();
  assert.equal(success, false);
  assert.match(
    new TextDecoder().decode(stderr),
    /TlsError: TLS needs OpenSSL 3 \(libssl\.so\.77\): install libssl3 .*openssl-libs \(Fedora\)/,
  );
});

test("a good certificate, key and authority make a server, again and again", () => {
  for (let n = 0; n < 50; n++) assert.equal(wrong(server.key), "nothing");
  const context = new TlsContext(materialOf(server, ca.cert));
  context.close();
  context.close();
});

test("what is wrong with a file is told with its name", async () => {
  assert.match(wrong(server.key, ""), /^\/tls\/cert\.pem: there is no certificate in PEM in it$/);
  assert.match(wrong(server.key, server.cert, "x"), /^\/tls\/ca\.pem: there is no certificate/);
  assert.match(wrong(""), /^\/tls\/key\.pem: there is nothing in it$/);
  assert.match(wrong("hello\n"), /^\/tls\/key\.pem: no private key in PEM can be read: \w/);
  assert.match(
    wrong(client.key),
    /^\/tls\/key\.pem: not the key of the certificate in \/tls\/cert\.pem: key values mismatch$/,
  );
  const broken = server.cert.replace(/\n.{20}/, "\n%%%%%%%%%%%%%%%%%%%%");
  assert.match(wrong(server.key, broken), /^\/tls\/cert\.pem: the certificate cannot be used: \w/);
  assert.match(
    wrong(server.key, server.cert + broken),
    /^\/tls\/cert\.pem: certificate 2 cannot be used: /,
  );
  const weak = await issue({ subject: "/CN=weak", key: ["-newkey", "rsa:512"] });
  assert.match(wrong(weak.key, weak.cert), /^\/tls\/cert\.pem: .*(key|ee key) too small/);
});

test("an encrypted key is refused in words, and nobody is asked for a passphrase", async () => {
  const folder = await Deno.makeTempDir();
  const out = ["-aes-256-cbc", "-passout", "pass:secret"];
  const modern = await openssl(folder, ["pkey", ...out], server.key);
  const old = await openssl(folder, ["ec", "-aes256", "-passout", "pass:secret"], server.key);
  for (const key of [modern, old]) {
    assert.match(wrong(key), /^\/tls\/key\.pem: the private key is encrypted, .*openssl pkey -in/);
  }
  // Not seen as such: it has to fail without a question all the same.
  const hidden = modern.replace("BEGIN ENCRYPTED", "BEGIN  ENCRYPTED");
  assert.match(wrong(hidden), /^\/tls\/key\.pem: no private key in PEM can be read: /);
  await Deno.remove(folder, { recursive: true });
});

test("names are read as they are written, and the fingerprint is the whole certificate's", async () => {
  const cert = await issue({
    subject: "/O=Example/CN=Jürgen ✓",
    extensions: "subjectAltName=DNS:CI.example.org,DNS:*.b,URI:spiffe://x/ci,email:a@example.org," +
      "IP:10.0.0.1,dirName:other\n[other]\nCN=not-this",
    by: ca,
  });
  const der = Buffer.from(cert.cert.replace(/-----.*-----|\n/g, ""), "base64");
  assert.deepEqual(readPem(cert.cert), {
    commonName: "Jürgen ✓",
    dns: ["CI.example.org", "*.b"],
    uris: ["spiffe://x/ci"],
    emails: ["a@example.org"],
    fingerprint: createHash("sha256").update(der).digest("hex"),
  });
});

test("a certificate without names has none, and one with two common names has neither", async () => {
  const none = { dns: [], uris: [], emails: [] };
  for (const subject of ["/O=nobody", "/CN=a/CN=b", "/CN=a/O=x/CN=a", "/CN=a+CN=b"]) {
    const { fingerprint, ...names } = (await read({ subject }))!;
    assert.match(fingerprint, /^[0-9a-f]{64}$/);
    assert.deepEqual(names, none, subject);
  }
});

test("a name with commas and quotes in it is one name", async () => {
  const san = (await read({
    subject: "/CN=a, DNS:admin",
    extensions: "subjectAltName=@names\n[names]\nURI.1=http://a/%2C,DNS:admin\n",
  }))!;
  assert.deepEqual([san.commonName, san.dns, san.uris], [
    ...["a, DNS:admin", [], ["http://a/%2C,DNS:admin"]],
  ]);
});

/** The subject's alternative names as raw DER: one, of a kind, of these bytes. */
function rawName(kind: number, value: string): string {
  const bytes = Buffer.from(value, "latin1");
  const name = [0x80 | kind, bytes.length, ...bytes];
  const hex = Buffer.from([0x30, name.length, ...name]).toString("hex");
  return `2.5.29.17=DER:${hex}`;
}

test("a certificate with a name that can be read in two ways is nobody's", async () => {
  assert.deepEqual((await read({ subject: "/CN=x", extensions: rawName(2, "good") }))?.dns, [
    "good",
  ]);
  for (const value of ["admin\0.evil.org", "a b", "a\nb", "b\xfccher", "a\x7f", ""]) {
    for (const kind of [1, 2, 6]) {
      const found = await read({ subject: "/CN=x", extensions: rawName(kind, value) });
      assert.equal(found, undefined, JSON.stringify([kind, value]));
    }
  }
  for (const name of ["a\tb", "a\u202eb", "a\x7f"]) {
    assert.equal(await read({ subject: `/CN=${name}` }), undefined, JSON.stringify(name));
  }
  const many = Array.from({ length: 257 }, (_, i) => `DNS:n${i}`).join(",");
  assert.equal(await read({ subject: "/CN=x", extensions: `subjectAltName=${many}` }), undefined);
  const enough = many.replace(",DNS:n256", "");
  assert.equal(
    (await read({ subject: "/CN=x", extensions: `subjectAltName=${enough}` }))!.dns.length,
    256,
  );
});

test("a session that is freed cannot be used any more, and frees itself once", () => {
  const context = new TlsContext(materialOf(server, ca.cert));
  const session = new TlsSession(context);
  // It keeps what it needs of the context.
  context.close();
  assert.equal(session.handshake(), WANTING);
  session.free();
  session.free();
  const memory = new Memory(new Uint8Array(100));
  for (
    const use of [
      ...[() => session.handshake(), () => session.read(memory, 0), () => session.peer()],
      ...[() => session.write(memory, 1), () => session.feed(memory, 1), () => session.end()],
      () => session.drain(memory),
    ]
  ) assert.throws(use, TypeError);
});

test("garbage breaks a session, with OpenSSL's reason, an alert to send and an empty queue of errors", () => {
  const context = new TlsContext(materialOf(server, ca.cert));
  const memory = new Memory(new Uint8Array(1000));
  const answers = (words: string): [string, number] => {
    const session = new TlsSession(context);
    const { written } = new TextEncoder().encodeInto(words, memory.bytes);
    session.feed(memory, written);
    assert.equal(session.handshake(), -2);
    const { failure } = session;
    const sent = session.drain(memory);
    session.free();
    return [failure, sent];
  };
  assert.equal(answers("GET / HTTP/1.1\r\n\r\n")[0], "http request");
  assert.match(answers("\x16\x03\x01\0\x10garbage garbage garbage")[0], /\w/);
  assert.match(answers("\0".repeat(100))[0], /\w/);
  assert.equal(reasons(library()), "no reason given");
  context.close();
});

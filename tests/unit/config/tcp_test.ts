import assert from "node:assert/strict";
import { formatDiagnostics } from "../../../lib/config/diagnostics.ts";
import { denoFs } from "../../../lib/config/fs.ts";
import { loadConfig } from "../../../lib/config/load.ts";
import { formatTcpPlace, parseTcpPlace } from "../../../lib/config/tcp.ts";
import { tcpWarnings } from "../../../lib/config/tcp_notices.ts";
import { makeCertificates, missingForCertificates } from "../../support/certificates.ts";
import { load, names, problems } from "./fakes.ts";

const golden = new URL("../../golden/diagnostics/tcp.txt", import.meta.url);

const WRONG = `listeners:
  - listen: tcp://localhost:2375
  - listen: tcp://0.0.0.0:2375
    mode: 0660
    user: root
    group: docker
    rotate: 1h
  - listen: tcp://127.0.0.1:2376
    socket: /run/postern/ci.sock
  - socket: /run/postern/ops.sock
    insecure: true
    tls: { cert: c.pem, key: k.pem, client_ca: ca.pem }
  - listen: tcp://[::1]:99999
  - listen: tcp://::1:2375
  - listen: /run/postern/x.sock
  - listen: tcp://127.0.0.1:2377
    insecure: true
    tls: { cert: c.pem, key: k.pem }
  - listen: tcp://[0:0::1]:2378
  - listen: tcp://[::1]:2378
  - listen: tcp://10.0.0.1:2378
    name: wide
  - policy: full
clients:
  - address: 172.18.0.4/16
    policy: full
  - address: [10.0.0.0/8, web]
    policy: full
  - label: team
    policy: full
  - cert: []
    policy: full
`;

Deno.test("what is wrong with listeners on TCP and with rules about their clients is said in its place", () => {
  const files = { "postern.yaml": WRONG, "k.pem": { text: "k", mode: 0o644 }, "c.pem": "c" };
  const result = load(files);
  const found = result.ok ? [] : result.diagnostics;
  const text = formatDiagnostics(found, result.sources, { color: false });
  if (Deno.env.get("UPDATE_GOLDEN") === "1") Deno.writeTextFileSync(golden, text);
  assert.equal(text, Deno.readTextFileSync(golden));
});

Deno.test("a place on TCP has one form", () => {
  const place = (text: string) => {
    const parsed = parseTcpPlace(text);
    return "value" in parsed ? formatTcpPlace(parsed.value) : parsed.problem;
  };
  assert.equal(place("tcp://127.0.0.1:2375"), "tcp://127.0.0.1:2375");
  assert.equal(place("tcp://[::ffff:127.0.0.1]:2375/"), "tcp://127.0.0.1:2375");
  assert.equal(place("tcp://[0::0]:02375"), "tcp://[::]:2375");
  for (const wrong of ["tcp://:2375", "tcp://1.2.3.4", "tcp://1.2.3.4:0", "http://1.2.3.4:1"]) {
    assert.match(place(wrong), /^must /, wrong);
  }
});

Deno.test("a listener on TCP gets its name from the port, and what rules say is resolved", () => {
  const result = load(
    "listeners:\n  - { listen: 'tcp://127.0.0.1:2375', policy: read-only, backlog: 9, max_connections: 5 }\n" +
      "clients:\n  - { address: ['172.18.0.0/16', '::1'], cert: [a, b], container: web, label: a=b=c, " +
      "listener: tcp-2375, policy: full }\n",
  );
  assert.ok(result.ok);
  assert.partialDeepStrictEqual(result.config.listeners, [{
    name: "tcp-2375",
    socket: "tcp://127.0.0.1:2375",
    tcp: { address: [127, 0, 0, 1], port: 2375 },
    backlog: 9,
    maxConnections: 5,
  }]);
  const [rule] = result.config.gate.clients;
  assert.partialDeepStrictEqual(rule!, {
    addresses: [{ bytes: [172, 18, 0, 0], bits: 16 }, { bits: 128 }],
    certificates: ["a", "b"],
    containers: ["web"],
    labels: [["a", "b=c"]],
  });
});

Deno.test("what is open to others needs insecure, and is told then", () => {
  const wide = "listeners: [{ listen: 'tcp://0.0.0.0:2375' }]\n";
  assert.deepEqual(problems(load(wide)), ["insecure postern.yaml:1:23"]);
  const meant = load(wide.replace(" }]", ", insecure: true }]"));
  assert.ok(meant.ok);
  assert.match(tcpWarnings(meant.config)[0]!, /^tcp:\/\/0.0.0.0:2375 \(tcp-2375\) is insecure/);
});

Deno.test("rules that would lock out the clients of a listener are told", () => {
  const result = load(
    "listeners: [{ listen: 'tcp://127.0.0.1:2375' }, { socket: /run/a.sock }]\n" +
      "clients:\n  - { uid: 0, policy: full }\n  - { container: web, policy: full }\n" +
      "  - { uid: 5, listener: a, policy: full }\n  - { container: web, listener: tcp-2375, policy: full }\n",
  );
  assert.ok(result.ok);
  const warnings = tcpWarnings(result.config);
  assert.equal(warnings.length, 2);
  assert.match(warnings[0]!, /rule postern.yaml:3 needs a uid.*at tcp-2375 they get deny/);
  assert.match(warnings[1]!, /rule postern.yaml:4 needs a container.*at a they get deny/);
});

Deno.test("rules about containers that run_as keeps from being proved are told", () => {
  const text = "listeners: [{ listen: 'tcp://127.0.0.1:2375' }]\n" +
    "clients: [{ label: a=b, policy: full }]\n";
  const root = load(text);
  assert.ok(root.ok);
  assert.deepEqual(tcpWarnings(root.config), []);
  const other = load(`${text}run_as: { user: ops }\n`);
  assert.ok(other.ok, JSON.stringify(other));
  const [warning, ...more] = tcpWarnings(other.config);
  assert.match(warning!, /rule postern.yaml:2 needs a container, and with run_as .*at tcp-2375/);
  assert.deepEqual(more, []);
});

Deno.test({
  name: "the files of tls are read and tried, and a key that everybody can read is not trusted",
  ignore: missingForCertificates !== undefined,
}, async () => {
  const folder = await Deno.makeTempDir({ prefix: "postern-tcp-" });
  try {
    await makeCertificates(folder, ["server", "other"]);
    const file = `${folder}/postern.yaml`;
    const check = async (tls: string) => {
      const text = `listeners: [{ listen: "tcp://0.0.0.0:2376", tls: ${tls} }]\n`;
      await Deno.writeTextFile(file, text, { mode: 0o600 });
      return loadConfig({ file, env: {}, overrides: {}, names, fs: denoFs });
    };
    const told = (result: Awaited<ReturnType<typeof check>>) =>
      (result.ok ? [] : result.diagnostics).map(({ code, message }) => `${code}: ${message}`);
    const good = "{ cert: server/cert.pem, key: server/key.pem, client_ca: ca.pem }";
    await Deno.chmod(`${folder}/server/key.pem`, 0o600);
    const result = await check(good);
    assert.deepEqual(told(result), []);
    assert.ok(result.ok && result.config.listeners[0]!.tls!.key.length > 100);
    const [mixed] = told(await check(good.replace("server/key", "other/key")));
    assert.match(mixed!, /^bad-tls: tls cannot be used: .*other\/key.pem/);
    const [absent] = told(await check(good.replace("ca.pem", "no.pem")));
    assert.match(absent!, /^unreadable: client_ca cannot be read: .*no.pem: ENOENT/);
    await Deno.chmod(`${folder}/server/key.pem`, 0o644);
    assert.match(
      told(await check(good))[0]!,
      /^untrusted: this key can be read by everybody \(mode 0644\)/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

// Clients on TCP: the docker command line with and without certificates, and containers known by their addresses.
import assert from "node:assert/strict";
import { makeCertificates, missingForCertificates } from "../support/certificates.ts";
import { docker, engineSocket, engineTest, type Ran, runAs, unique } from "../support/docker.ts";
import { freePort } from "../support/free_port.ts";
import { RunningGate } from "../support/gate.ts";
import { which } from "../support/private_engine.ts";

const at = (port: number) => ({ DOCKER_HOST: `tcp://127.0.0.1:${port}` });

engineTest(
  "docker works over TCP, a stream with a half-close included, and nobody has a uid",
  async () => {
    const port = freePort();
    await using gate = await RunningGate.serve({
      upstream: engineSocket,
      listeners: [{ listen: `tcp://127.0.0.1:${port}`, policy: "full" }],
    });
    const cli = (args: string[], stdin?: string) =>
      docker("", args, { env: at(port), ...(stdin === undefined ? {} : { stdin }) });
    const run = ["run", "--rm", "-i", "--network", "none", "bb", "cat"];
    const { code, out, err } = await cli(run, "over tcp");
    assert.deepEqual([code, out], [0, "over tcp"], err);
    const much = "y".repeat(3_000_000);
    assert.equal((await cli(run, much)).out.length, much.length);
    const records = await gate.audit((lines) => lines.length > 3);
    assert.ok(records.every(({ peer }) => peer["uid"] === null && peer["address"] === "127.0.0.1"));
  },
);

engineTest("rules about ids deny a client on TCP, root's own too", async () => {
  const port = freePort();
  await using _gate = await RunningGate.serve({
    upstream: engineSocket,
    listeners: [{ listen: `tcp://127.0.0.1:${port}`, policy: "read-only" }],
    clients: [{ uid: 0, policy: "full" }],
  });
  const { code, err } = await docker("", ["ps"], { env: at(port) });
  assert.notEqual(code, 0);
  assert.match(err, /denied for 127.0.0.1: policy deny/);
});

/** Certificates of two authorities, and one that is over. */
async function authorities(folder: string): Promise<void> {
  await makeCertificates(folder, ["server", "ci-runner", "old"]);
  await Deno.mkdir(`${folder}/foreign`);
  await makeCertificates(`${folder}/foreign`, ["ci-runner"]);
  const { success, stderr } = await new Deno.Command("openssl", {
    args: [
      ...["x509", "-req", "-in", "old/request", "-CA", "ca.pem", "-CAkey", "ca.key"],
      ...["-CAcreateserial", "-days", "-1", "-extfile", "extensions", "-out", "old/cert.pem"],
    ],
    cwd: folder,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

engineTest("docker --tlsverify works with a certificate, and nobody else gets in", async () => {
  const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "tcp-" });
  try {
    await authorities(folder);
    await Deno.chmod(`${folder}/server/key.pem`, 0o600);
    const port = freePort();
    await using gate = await RunningGate.serve({
      upstream: engineSocket,
      listeners: [{
        listen: `tcp://0.0.0.0:${port}`,
        tls: {
          cert: `${folder}/server/cert.pem`,
          key: `${folder}/server/key.pem`,
          client_ca: `${folder}/ca.pem`,
        },
      }],
      clients: [{ cert: "ci-runner", policy: "full" }],
    });
    const cli = (args: string[], certificates: string, stdin?: string) =>
      docker("", args, {
        env: { ...at(port), DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: `${folder}/${certificates}` },
        ...(stdin === undefined ? {} : { stdin }),
      });
    const run = ["run", "--rm", "-i", "--network", "none", "bb", "cat"];
    const streamed = await cli(run, "ci-runner", "over tls");
    assert.deepEqual([streamed.code, streamed.out], [0, "over tls"], streamed.err);
    const much = "y".repeat(3_000_000);
    assert.equal((await cli(run, "ci-runner", much)).out.length, much.length);
    const denied = await cli(["ps"], "server");
    assert.match(denied.err, /denied for 127.0.0.1 \(cert server\): policy deny/);
    assert.notEqual((await cli(["ps"], "old")).code, 0);

    const openssl = (words: string[]) =>
      runAs(undefined, [
        ...["openssl", "s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", `${folder}/ca.pem`],
        ...["-quiet", "-ign_eof", ...words],
      ], { stdin: "GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n" });
    const own = (name: string) => [
      ...["-cert", `${folder}/${name}/cert.pem`, "-key", `${folder}/${name}/key.pem`],
    ];
    const gets = ({ out }: Ran) => /^HTTP\/1\.1 200/m.test(out);
    assert.ok(gets(await openssl(own("ci-runner"))));
    for (
      const [what, words] of [
        ["TLS 1.2", [...own("ci-runner"), "-tls1_2"]],
        ["no certificate", []],
        ["a foreign authority", own("foreign/ci-runner")],
        ["a certificate that is over", own("old")],
      ] as const
    ) {
      const ran = await openssl([...words]);
      assert.ok(!gets(ran), what);
    }
    const curl = await runAs(undefined, [
      ...["curl", "-sS", "--http1.1", `https://127.0.0.1:${port}/_ping`],
      ...["--cacert", `${folder}/ca.pem`, "--cert", `${folder}/ci-runner/cert.pem`],
      ...["--key", `${folder}/ci-runner/key.pem`],
    ]);
    assert.equal(curl.out, "OK", curl.err);
    const refused = await gate.audit((lines) =>
      lines.filter(({ rule }) => rule === "tls").length >= 4
    );
    assert.ok(
      refused.filter(({ rule }) => rule === "tls").every((line) => line.decision === "deny"),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}, missingForCertificates);

/** A network with a bridge on this host, for as long as the test runs. */
async function onBridge(test: (network: string, gateway: string) => Promise<void>): Promise<void> {
  const network = unique("front");
  const gateway = "172.31.249.1";
  const made = await docker(engineSocket, [
    ...["network", "create", "--subnet", "172.31.249.0/24", "--gateway", gateway, network],
  ]);
  assert.equal(made.code, 0, made.err);
  try {
    await test(network, gateway);
  } finally {
    // What a test that fails leaves behind would keep the address on this host when the engine has ended.
    const left = await docker(engineSocket, ["ps", "-aq", "--filter", `network=${network}`]);
    await docker(engineSocket, ["rm", "-f", ...left.out.split("\n").filter((id) => id !== "")]);
    await docker(engineSocket, ["network", "rm", network]);
  }
}

engineTest(
  "containers on a bridge are known by their addresses, names and labels",
  () =>
    onBridge(async (network, gateway) => {
      const port = freePort();
      const name = unique("ci");
      await using gate = await RunningGate.serve({
        upstream: engineSocket,
        listeners: [{ listen: `tcp://${gateway}:${port}`, insecure: true }],
        clients: [
          { container: name, policy: "full" },
          { label: "team=ops", policy: "operator" },
          { address: "172.31.249.0/24", policy: "read-only" },
        ],
      });
      await gate.says(/is insecure: whoever reaches it is let in/);
      const call = (as: string, words: string[], command: string) =>
        docker(engineSocket, [
          ...["run", "--rm", "--network", network, "--name", as, ...words, "bb"],
          ...["busybox", "sh", "-c", command],
        ]);
      const url = `http://${gateway}:${port}`;
      const ask = `busybox wget -qO- ${url}/containers/json`;
      const policies = new Map<string, string>();
      for (
        const [as, words] of [[name, []], [unique("ops"), ["--label", "team=ops"]], [
          unique("other"),
          ["--label", "team=dev"],
        ]] as const
      ) {
        const { code, out, err } = await call(as, [...words], ask);
        assert.equal(code, 0, err);
        assert.ok(out.includes(`"/${as}"`), `${out} ${err} ${gate.stderr}`);
        const own = (line: { peer: Readonly<Record<string, unknown>> }) =>
          line.peer["container"] === idIn(out, as);
        const lines = await gate.audit((lines) => lines.some(own));
        policies.set(as.replace(/-.*/, ""), lines.find(own)!.policy);
      }
      assert.deepEqual(Object.fromEntries(policies), {
        ci: "full",
        ops: "operator",
        other: "read-only",
      });
      // An address of its own making is nobody's that is known.
      const taken = await call(
        unique("thief"),
        ["--cap-add", "NET_ADMIN"],
        [
          "busybox ip addr add 172.31.249.77/24 dev eth0",
          "busybox ip addr del $(busybox ip -4 -o addr show dev eth0 | busybox awk '{print $4}' | busybox grep -v 249.77/) dev eth0",
          "busybox ip addr add 172.31.249.77/24 dev eth0 2>/dev/null",
          ask,
        ].join("; "),
      );
      assert.notEqual(taken.code, 0, taken.out);
      const strange = await gate.audit((lines) =>
        lines.some(({ peer }) => peer["address"] === "172.31.249.77")
      );
      const [line] = strange.filter(({ peer }) => peer["address"] === "172.31.249.77");
      assert.deepEqual([line!.policy, line!.decision, line!.peer["container"]], [
        "deny",
        "deny",
        null,
      ]);
      // So is the host's own address in that network.
      const host = await fetch(`${url}/containers/json`);
      assert.match(
        await host.text(),
        /needs an identity that is unknown: 172.31.249.1 is a network's gateway/,
      );
    }),
);

/** As another user; he has to be able to read the configuration, whose path is the last word. */
const asDaemon = {
  settings: { run_as: { user: "daemon" } },
  through: ["/bin/sh", "-c", 'for file; do :; done; chmod 644 "$file"; exec "$@"', "sh"],
};

engineTest(
  "of those whose sockets are in a container's network only its own processes are taken for it",
  () =>
    onBridge(async (network, gateway) => {
      const port = freePort();
      const name = unique("ci");
      await using gate = await RunningGate.serve({
        upstream: engineSocket,
        listeners: [{ listen: `tcp://${gateway}:${port}`, insecure: true, policy: "read-only" }],
        clients: [{ container: name, policy: "full" }],
      });
      const made = await docker(engineSocket, [
        ...["run", "-d", "--network", network, "--name", name, "bb", "busybox", "sleep", "600"],
      ]);
      assert.equal(made.code, 0, made.err);
      const pid = await docker(engineSocket, ["inspect", "-f", "{{.State.Pid}}", name]);
      const ask = ["busybox", "wget", "-qO-", `http://${gateway}:${port}/containers/json`];
      const own = await docker(engineSocket, ["exec", name, ...ask]);
      assert.equal(own.code, 0, own.err);
      // In its network and in no container, as somebody who was given a socket from there.
      const other = await runAs(undefined, ["nsenter", "-t", pid.out.trim(), "-n", ...ask]);
      assert.notEqual(other.code, 0, other.out);
      const lines = await gate.audit((lines) => lines.length > 1);
      assert.deepEqual(lines.map(({ policy, peer }) => [policy, peer["container"]]), [
        ["full", idIn(own.out, name)],
        ["deny", null],
      ]);
    }),
  which("nsenter") === undefined ? "nsenter not found (apt-get install util-linux)" : undefined,
);

engineTest(
  "a gate that may not see who holds a container's connection denies it, and says why",
  () =>
    onBridge(async (network, gateway) => {
      const port = freePort();
      const name = unique("ci");
      await using gate = await RunningGate.serve(
        {
          upstream: engineSocket,
          listeners: [{ listen: `tcp://${gateway}:${port}`, insecure: true, policy: "read-only" }],
          clients: [{ container: name, policy: "full" }],
          ...asDaemon.settings,
        },
        {},
        asDaemon,
      );
      await gate.says(/runs as daemon/);
      const ran = await docker(engineSocket, [
        ...["run", "--rm", "--network", network, "--name", name, "bb"],
        ...["busybox", "wget", "-qO-", `http://${gateway}:${port}/containers/json`],
      ]);
      assert.notEqual(ran.code, 0, ran.out);
      const [line] = await gate.audit((lines) => lines.length > 0);
      assert.deepEqual([line!.policy, line!.peer["container"]], ["deny", null]);
      await gate.says(/cannot see which processes hold .*CAP_SYS_PTRACE/);
    }),
);

engineTest(
  "whoever speaks from another container's address is not taken for it",
  () =>
    onBridge(async (network, gateway) => {
      const port = freePort();
      const name = unique("ci");
      await using gate = await RunningGate.serve({
        upstream: engineSocket,
        listeners: [{ listen: `tcp://${gateway}:${port}`, insecure: true, policy: "read-only" }],
        clients: [{ container: name, policy: "full" }],
      });
      const run = (as: string, words: string[], command: string) =>
        docker(engineSocket, [
          ...["run", "--rm", "--network", network, "--name", as, ...words, "bb"],
          ...["busybox", "sh", "-c", command],
        ]);
      const url = `http://${gateway}:${port}/containers/json`;
      const victim = "172.31.249.50";
      const ask = `busybox wget -S -O- ${url} 2>&1`;
      const owner = await run(name, ["-d", "--ip", victim], `${ask} >/tmp/seen; sleep 600`);
      assert.equal(owner.code, 0, owner.err);
      const [allowed] = await gate.audit((lines) => lines.length > 0);
      assert.deepEqual([allowed!.peer["address"], allowed!.policy], [victim, "full"]);
      // Now this machine is told, as a neighbour can do with raw packets (ARP), that the address is the other's.
      const mac = "02:42:ac:1f:f9:07";
      const bridge = await docker(engineSocket, ["network", "inspect", "-f", "{{.Id}}", network]);
      const device = `br-${bridge.out.slice(0, 12)}`;
      const told = await runAs(undefined, [
        ...["ip", "neigh", "replace", victim, "lladdr", mac, "dev", device, "nud", "permanent"],
      ]);
      assert.equal(told.code, 0, told.err);
      const taken = await run(
        unique("thief"),
        ["--cap-add", "NET_ADMIN", "--ip", "172.31.249.99"],
        [
          "busybox ip link set dev eth0 down",
          `busybox ip link set dev eth0 address ${mac}`,
          "busybox ip link set dev eth0 up",
          `busybox ip addr add ${victim}/24 dev eth0`,
          "busybox ip addr del 172.31.249.99/24 dev eth0",
          `busybox ip addr add ${victim}/24 dev eth0 2>/dev/null`,
          ask,
        ].join("; "),
      );
      assert.notEqual(taken.code, 0, taken.out);
      const lines = await gate.audit((lines) => lines.length > 1);
      const { peer, policy } = lines.at(-1)!;
      assert.deepEqual([peer["address"], peer["container"], policy], [victim, null, "deny"]);
    }),
  which("ip") === undefined ? "ip not found (apt-get install iproute2)" : undefined,
);

function idIn(list: string, name: string): string {
  const found = (JSON.parse(list) as { Id: string; Names: string[] }[]).find(({ Names }) =>
    Names.includes(`/${name}`)
  );
  return found!.Id;
}

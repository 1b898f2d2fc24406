// What doctor says of real engines' settings: TCP with and without TLS, user namespaces, live-restore.
import assert from "node:assert/strict";
import { makeCertificates, missingForCertificates } from "../support/certificates.ts";
import { engineTest } from "../support/docker.ts";
import { freePort } from "../support/free_port.ts";
import { missingForPrivateEtc, PrivateEtc } from "../support/private_etc.ts";
import { startPrivateEngine } from "../support/private_engine.ts";
import { doctor, type Finding, levels, text, typed, until } from "../support/running_doctor.ts";

const CONFIG = "/etc/postern/postern.yaml";

/** A configuration before an engine, where a service would have it. */
async function configure(etc: PrivateEtc, upstream: string, more = ""): Promise<void> {
  await Deno.mkdir(`${etc.root}/etc/postern`, { recursive: true });
  await Deno.writeTextFile(
    `${etc.root}${CONFIG}`,
    `upstream: ${upstream}\nlisteners: [{ socket: /run/p/ci.sock, policy: read-only }]\n${more}`,
  );
}

/** Of every engine on this machine; those of other tests are not meant. */
const about = (findings: readonly Finding[], port: number) =>
  findings.filter((finding) => text([finding]).includes(`:${port}`));

engineTest("doctor finds the ports of real engines", async (t) => {
  await using etc = await PrivateEtc.start();
  const { through } = etc;
  const certificates = `${etc.root}/etc/docker-tls`;
  await Deno.mkdir(certificates);
  await makeCertificates(certificates, ["server"]);
  const tls = [
    "--tlscacert=/etc/docker-tls/ca.pem",
    "--tlscert=/etc/docker-tls/server/cert.pem",
    "--tlskey=/etc/docker-tls/server/key.pem",
  ];
  const ask = async (words: readonly string[], port: number) => {
    await using engine = await startPrivateEngine(
      ["-H", `tcp://127.0.0.1:${port}`, ...words],
      through,
    );
    await configure(etc, engine.socket);
    return about((await doctor(CONFIG, { through }))("tcp"), port);
  };

  await t.step("one without TLS is open to everybody, and says so itself", async () => {
    const port = freePort();
    const found = await ask([], port);
    assert.deepEqual(levels(found), ["wrong"]);
    assert.match(found[0]!.title, /without TLS: whoever reaches it is root/);
    assert.match(
      text(found),
      new RegExp(`^tcp://127\\.0\\.0\\.1:${port} \\(dockerd, pid \\d+\\)$`, "m"),
    );
    assert.match(
      text(found),
      new RegExp(`^127\\.0\\.0\\.1:${port} answers a ping without TLS`, "m"),
    );
  });

  await t.step("one with TLS that asks for no certificate is, too", async () => {
    const port = freePort();
    const found = await ask(["--tls", ...tls], port);
    assert.deepEqual(levels(found), ["wrong"]);
    assert.match(found[0]!.title, /asks no client for a certificate/);
  });

  await t.step("one that asks for certificates is fine", async () => {
    const port = freePort();
    const found = await ask(["--tlsverify", ...tls], port);
    assert.deepEqual(found.filter(({ level }) => level !== "fine"), []);
  });

  await t.step("its command line is everybody's to read, and its ports are root's", async () => {
    const port = freePort();
    for (const words of [["-H", `tcp://127.0.0.1:${port}`], []]) {
      await using engine = await startPrivateEngine(words);
      const config = engine.socket.replace(/d\.sock$/, "postern.yaml");
      const text =
        `upstream: ${engine.socket}\nlisteners: [{ socket: /run/p/ci.sock, policy: deny }]\n`;
      await Deno.writeTextFile(config, text, { mode: 0o644 });
      const found = (await doctor(config, { as: { uid: 65534 } }))("tcp");
      if (words.length > 0) assert.deepEqual(levels(about(found, port)), ["wrong"]);
      // Other tests' engines may be open, which is told instead.
      else if (!levels(found).includes("wrong")) assert.deepEqual(levels(found), ["unknown"]);
    }
  });
}, missingForPrivateEtc() ?? missingForCertificates);

engineTest("doctor reads what real engines are set to", async (t) => {
  await using etc = await PrivateEtc.start();
  const { through } = etc;

  await t.step("as Debian's is, and live-restore once it is typed", async () => {
    await using engine = await startPrivateEngine(["--bridge=none"], through);
    await configure(etc, engine.socket);
    const found = await doctor(CONFIG, { through });
    assert.deepEqual(levels(found("user-namespaces")), ["advice"]);
    assert.match(text(found("user-namespaces")), /^GET \/info: SecurityOptions .*name=seccomp/m);
    assert.deepEqual(levels(found("isolation")), ["advice"]);
    assert.deepEqual(levels(found("authorization")), ["advice"]);
    const [finding] = found("live-restore");
    assert.equal(finding?.level, "advice");
    await typed(finding, through);
    // What systemd does to reload it.
    Deno.kill(Number(await Deno.readTextFile(engine.socket.replace(/d\.sock$/, "pid"))), "SIGHUP");
    await until(async () =>
      levels((await doctor(CONFIG, { through }))("live-restore"))[0] === "fine"
    );
    await Deno.remove(`${etc.root}/etc/docker/daemon.json`);
  });

  await t.step("an engine that does not ask the plugin which authz opens", async () => {
    await using engine = await startPrivateEngine([], through);
    await configure(etc, engine.socket, "authz: { anonymous: full }\n");
    const [finding] = (await doctor(CONFIG, { through }))("authorization");
    assert.equal(finding?.level, "wrong");
    assert.deepEqual(finding.evidence, ["it asks nobody"]);
  });

  await t.step("user namespaces and no-new-privileges", async () => {
    await using engine = await startPrivateEngine(
      ["--userns-remap=default", "--no-new-privileges"],
      through,
    );
    await configure(etc, engine.socket);
    const found = await doctor(CONFIG, { through });
    assert.deepEqual(levels(found("user-namespaces")), ["fine"], text(found("user-namespaces")));
    assert.deepEqual(levels(found("isolation")), ["fine"], text(found("isolation")));
  });
}, missingForPrivateEtc());

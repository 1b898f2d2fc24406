// Sockets, ports with and without certificates, and the engine's plugin, in one `postern serve` with one set of policies.
import assert from "node:assert/strict";
import { missingForCertificates } from "../support/certificates.ts";
import { type As, docker, engineTest } from "../support/docker.ts";
import { freePort } from "../support/free_port.ts";
import { type Places, startPluggedEngine } from "../support/plugged_engine.ts";

const member: As = { uid: 1002 };
const runner = `name: runner
extends: read-only
allow: [containers.create, containers.attach, containers.start, containers.wait, containers.remove]
`;

engineTest("one Postern serves sockets, TCP, TLS and the engine's plugin", async (t) => {
  const [plain, secure] = [freePort(), freePort()];
  const glassOf = ({ folder }: Places) => `${folder}/glass/break`;
  let glass = "";
  let folder = "";
  await using setup = await startPluggedEngine(["ci-runner", "alice"], (places) => {
    folder = places.folder;
    glass = glassOf(places);
    // The engine's image is imported around Postern.
    Deno.mkdirSync(`${folder}/glass`, { recursive: true, mode: 0o755 });
    Deno.writeTextFileSync(glass, "", { mode: 0o600 });
    const tls = {
      cert: `${folder}/server/cert.pem`,
      key: `${folder}/server/key.pem`,
      client_ca: `${folder}/ca.pem`,
    };
    return {
      upstream: places.socket,
      listeners: [
        { socket: "DIR/team.sock", mode: "0666" },
        { listen: `tcp://127.0.0.1:${plain}`, name: "plain", policy: "read-only" },
        { listen: `tcp://0.0.0.0:${secure}`, name: "secure", tls },
      ],
      clients: [
        { uid: member.uid, listener: "team", policy: "runner" },
        { cert: "ci-runner", listener: "secure", policy: "runner" },
      ],
      policies: "policies",
      authz: {
        anonymous: "deny",
        users: { alice: "read-only" },
        socket: places.pluginSocket,
        seal: true,
        break_glass: glass,
      },
    };
  }, { "policies/runner.yaml": runner });
  await Deno.remove(glass);

  const socket = (args: string[], stdin?: string) =>
    docker(`${setup.gate.directory}/team.sock`, args, {
      as: member,
      ...(stdin === undefined ? {} : { stdin }),
    });
  const overTcp = (args: string[]) =>
    docker("", args, { env: { DOCKER_HOST: `tcp://127.0.0.1:${plain}` } });
  const overTls = (name: string, args: string[], stdin?: string) =>
    docker("", args, {
      env: {
        DOCKER_HOST: `tcp://127.0.0.1:${secure}`,
        DOCKER_TLS_VERIFY: "1",
        DOCKER_CERT_PATH: `${folder}/${name}`,
      },
      ...(stdin === undefined ? {} : { stdin }),
    });
  const cat = ["run", "--rm", "-i", "--network", "none", "bb", "cat"];
  const create = ["create", "--network", "none", "bb", "true"];

  await t.step("a uid on a socket and a certificate's name have the same policy", async () => {
    for (
      const ran of [await socket(cat, "one\ntwo\n"), await overTls("ci-runner", cat, "one\ntwo\n")]
    ) {
      assert.deepEqual([ran.code, ran.out], [0, "one\ntwo\n"], ran.err);
    }
    const images = ["rmi", "bb"];
    assert.match((await socket(images)).err, /images.remove denied for uid 1002/);
    assert.match(
      (await overTls("ci-runner", images)).err,
      /images.remove denied for 127.0.0.1 \(cert ci-runner\): policy runner/,
    );
  });

  await t.step("an address has the listener's, and another name none", async () => {
    assert.equal((await overTcp(["ps"])).code, 0);
    assert.match((await overTcp(create)).err, /denied for 127.0.0.1: policy read-only/);
    assert.match((await overTls("alice", ["ps"])).err, /\(cert alice\): policy deny/);
  });

  await t.step("the engine asks the same process about whoever comes to it itself", async () => {
    assert.equal((await setup.as("alice", ["ps"])).code, 0);
    assert.match((await setup.as("alice", create)).err, /denied for user alice: policy read-only/);
    assert.match((await docker(setup.socket, ["ps"])).err, /it came around Postern/);
  });

  await t.step("all of it is in one audit log", async () => {
    const lines = await setup.gate.audit((lines) =>
      ["team", "plain", "secure"].every((name) =>
        lines.some(({ listener }) => listener === name)
      ) &&
      lines.some(({ peer }) => peer["user"] === "alice")
    );
    assert.ok(lines.length > 10);
  });
}, missingForCertificates);

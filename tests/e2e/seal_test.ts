// With a seal, the engine serves what comes through Postern, and refuses what comes around it.
import assert from "node:assert/strict";
import { missingForCertificates } from "../support/certificates.ts";
import { type As, docker, engineTest, unique } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";
import { type Places, startPluggedEngine } from "../support/plugged_engine.ts";
import { exchange, RecordingEngine } from "../support/recording_engine.ts";
import { get } from "../support/wire.ts";

const member: As = { uid: 1002 };
const team = `name: team
extends: read-only
allow: [containers.remove]
constraints:
  "*": { containers: [{ label: [team=ci] }] }
`;

const glassOf = ({ folder }: Pick<Places, "folder">) => `${folder}/glass/break`;

engineTest("dockerd behind a sealed Postern", async (t) => {
  let glass = "";
  await using setup = await startPluggedEngine(["alice", "carol"], (places) => {
    glass = glassOf(places);
    // The engine's image is imported around Postern.
    Deno.mkdirSync(`${places.folder}/glass`, { recursive: true, mode: 0o755 });
    Deno.writeTextFileSync(glass, "", { mode: 0o600 });
    return {
      upstream: places.socket,
      listeners: [{ socket: "DIR/docker.sock", mode: "0666", policy: "full" }],
      clients: [{ uid: member.uid, policy: "team" }],
      policies: "policies",
      authz: {
        anonymous: "deny",
        users: { alice: "full" },
        socket: places.pluginSocket,
        seal: true,
        break_glass: glass,
      },
    };
  }, { "policies/team.yaml": team });
  const gated = `${setup.gate.directory}/docker.sock`;
  const around = () => docker(setup.socket, ["ps"]);

  await t.step("around Postern everybody is refused, and told where to go", async () => {
    await Deno.remove(glass);
    const { code, err } = await around();
    assert.notEqual(code, 0);
    assert.match(err, /authorization denied by plugin postern-.*it came around Postern/);
    assert.ok(err.includes(`DOCKER_HOST=unix://${gated}`), err);
  });

  await t.step("through Postern streams, sessions and builds work", async () => {
    const stdin = "one\ntwo\n";
    const run = ["run", "--rm", "-i", "--network", "none", "bb", "cat"];
    const attached = await docker(gated, run, { stdin });
    assert.deepEqual([attached.code, attached.out], [0, stdin], attached.err);
    const name = unique("seal");
    const args = ["run", "-d", "--name", name, "--network", "none", "bb", "sleep", "600"];
    assert.equal((await docker(gated, args)).code, 0);
    const executed = await docker(gated, ["exec", "-i", name, "sh", "-c", "cat; exit 7"], {
      stdin,
    });
    assert.deepEqual([executed.code, executed.out], [7, stdin], executed.err);
    const saved = await docker(gated, ["export", name]);
    assert.ok(saved.bytes.length > 500_000, saved.err);
    assert.equal((await docker(gated, ["rm", "-f", name])).code, 0);
    for (const kit of ["0", "1"]) {
      const built = await docker(gated, ["build", "-q", "--network", "none", "-"], {
        stdin: `FROM bb\nLABEL kit=${kit}\n`,
        env: { DOCKER_BUILDKIT: kit },
        cli: "/usr/bin/docker",
      });
      assert.equal(built.code, 0, built.err);
    }
  });

  await t.step("what the gate itself asks the engine is sealed", async () => {
    const [theirs, own] = [unique("seal"), unique("seal")];
    const create = ["create", "--network", "none"];
    await docker(gated, [...create, "--name", theirs, "bb", "true"]);
    await docker(gated, [...create, "--name", own, "--label", "team=ci", "bb", "true"]);
    const refused = await docker(gated, ["rm", theirs], { as: member });
    assert.match(refused.err, /not among label team=ci/);
    const removed = await docker(gated, ["rm", own], { as: member });
    assert.equal(removed.code, 0, removed.err);
  });

  await t.step("a certificate is judged by name, as without a seal", async () => {
    const alice = await setup.as("alice", ["ps"]);
    assert.equal(alice.code, 0, alice.err);
    assert.match((await setup.as("carol", ["ps"])).err, /denied for user carol: policy deny/);
  });

  await t.step("a seal of one's own is refused on either way", async () => {
    const config = await Deno.makeTempDir({ dir: "/tmp", prefix: "ph-" });
    const HttpHeaders = { "x-postern-SEAL": "0".repeat(64) };
    await Deno.writeTextFile(`${config}/config.json`, JSON.stringify({ HttpHeaders }));
    const env = { DOCKER_CONFIG: config };
    assert.match((await docker(gated, ["ps"], { env })).err, /a header that is Postern's own/);
    assert.match((await docker(setup.socket, ["ps"], { env })).err, /it came around Postern/);
    await Deno.remove(config, { recursive: true });
  });

  await t.step("the glass can be broken by root alone", async () => {
    await Deno.writeTextFile(glass, "");
    await Deno.chmod(glass, 0o666);
    assert.notEqual((await around()).code, 0, "everybody may have written it");
    await Deno.chmod(glass, 0o644);
    await Deno.chown(glass, 1002, 1002);
    assert.notEqual((await around()).code, 0, "it is another's");
    await Deno.chown(glass, 0, 0);
    const { code, err } = await around();
    assert.equal(code, 0, err);
    const lines = await setup.gate.audit((lines) =>
      lines.some(({ rule, request }) =>
        rule === `authz.break_glass ${glass}` && request.operation === "containers.list"
      )
    );
    assert.ok(
      lines.every(({ decision, rule }) =>
        decision === "allow" || !rule.startsWith("authz.break_glass")
      ),
    );
    await Deno.remove(glass);
    assert.notEqual((await around()).code, 0);
  });
}, missingForCertificates);

Deno.test("one seal is in every head to its engine, in no other's, and in no log", async () => {
  const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "ps-" });
  {
    using engine = new RecordingEngine(`${folder}/d.sock`);
    using other = new RecordingEngine(`${folder}/other.sock`);
    await using gate = await RunningGate.serve({
      upstream: `${folder}/d.sock`,
      listeners: [
        { socket: "DIR/docker.sock", policy: "full" },
        { socket: "DIR/team.sock", policy: "team" },
        { socket: "DIR/other.sock", policy: "full", upstream: `${folder}/other.sock` },
      ],
      policies: "policies",
      authz: { anonymous: "deny", socket: `${folder}/plugin.sock`, seal: true },
      log: { level: "debug" },
    }, { "policies/team.yaml": team });
    const at = (name: string) => `${gate.directory}/${name}.sock`;
    const chunks = "2\r\n{}\r\n0\r\n\r\n";
    await exchange(
      at("docker"),
      get("/_ping") + get("/info") +
        "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n" +
        `Transfer-Encoding: chunked\r\n\r\n${chunks}` +
        get("/version", "Connection: Upgrade\r\nUpgrade: h2c\r\n"),
    );
    await exchange(at("team"), get("/containers/web/json"));
    await exchange(at("other"), get("/_ping"));
    const heard = engine.take().join("");
    const heads = heard.match(/^[A-Z]+ \S+ HTTP\/1\.[01]\r\n/gm)!;
    const sealed = [
      ...heard.matchAll(
        /^(\w+ \S+) HTTP\/1\.[01]\r\n(?:Host: docker\r\n)?X-Postern-Seal: (\S+)\r\n/gm,
      ),
    ];
    assert.deepEqual(sealed.map(([, line]) => line).sort(), [
      "GET /_ping",
      "GET /containers/web/json",
      "GET /info",
      "GET /version",
      "POST /containers/create",
    ]);
    assert.equal(heads.length, sealed.length);
    assert.ok(heard.includes(chunks));
    const seals = new Set(sealed.map(([, , seal]) => seal));
    assert.equal(seals.size, 1);
    const [seal] = seals;
    assert.match(seal!, /^[0-9a-f]{64}$/);
    assert.doesNotMatch(other.take().join(""), /Postern/i);
    const audit = await Deno.readTextFile(`${gate.directory}/audit.jsonl`);
    assert.ok(audit.length > 0 && !audit.includes(seal!) && !gate.stderr.includes(seal!));
    const refused = await exchange(at("docker"), get("/_ping", `X-Postern-Seal: ${seal}\r\n`));
    assert.match(refused, /^HTTP\/1\.1 400 /);
  }
  await Deno.remove(folder, { recursive: true });
});

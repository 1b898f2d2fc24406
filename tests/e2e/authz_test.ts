// dockerd asks Postern before each request: about the names of certificates over TLS, and about nobody on its own socket.
import assert from "node:assert/strict";
import { missingForCertificates } from "../support/certificates.ts";
import { docker, engineTest, type Ran, unique } from "../support/docker.ts";
import { startPluggedEngine } from "../support/plugged_engine.ts";

const team = `name: team
extends: operator
allow:
  - containers: [create, remove, exec, attach, kill]
  - exec.*
constraints:
  "*": { containers: [{ label: [team=ci] }] }
  containers.create: { required_labels: { team: ci } }
`;
const filling = `name: filling
extends: team
constraints:
  containers.create: { memory: 1GiB, set: { memory: 64MiB } }
`;
const files = { "policies/team.yaml": team, "policies/filling.yaml": filling };
const users = { alice: "team", bob: "read-only", dave: "filling" };

function create(fields: string, body: string): string {
  return "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n" +
    `${fields}\r\n${body}`;
}

const json = "Content-Type: application/json\r\n";
const sized = (body: string) => create(`${json}Content-Length: ${body.length}\r\n`, body);
const chunked = (body: string) =>
  create(
    `${json}Transfer-Encoding: chunked\r\n`,
    `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  );
const wanted = { Image: "bb", Cmd: ["true"], Labels: { team: "ci" } };
const harmless = JSON.stringify(wanted);
const privileged = JSON.stringify({ ...wanted, HostConfig: { Privileged: true } });
const big = JSON.stringify({ ...wanted, Labels: { team: "ci", x: "x".repeat(1024 * 1024) } });

function denied(ran: Ran, message: RegExp): void {
  assert.notEqual(ran.code, 0, ran.out);
  assert.match(ran.err, /authorization denied by plugin postern-/);
  assert.match(ran.err, message);
}

const run = ["run", "--rm", "--network", "none"];
const labelled = [...run, "--label", "team=ci"];

engineTest(
  "dockerd with Postern for its authorization plugin",
  async (t) => {
    await using setup = await startPluggedEngine(
      ["alice", "bob", "carol", "dave"],
      ({ socket, pluginSocket }) => ({
        upstream: socket,
        authz: { anonymous: "full", users, socket: pluginSocket },
        policies: "policies",
      }),
      files,
    );

    await t.step("the plugin's socket is its own from the start, and only root's", async () => {
      const { mode, uid } = await Deno.lstat(setup.pluginSocket);
      assert.deepEqual([(mode! & 0o777).toString(8), uid], ["600", 0]);
      assert.doesNotMatch(setup.gate.stderr, /finds sockets in/);
    });

    await t.step(
      "nobody in particular on the engine's own socket has what anonymous says",
      async () => {
        const { code, out, err } = await docker(setup.socket, [...run, "bb", "echo", "hi"]);
        assert.deepEqual([code, out], [0, "hi\n"], err);
        const lines = await setup.gate.audit((lines) =>
          lines.some(({ request }) => request.operation === "containers.create")
        );
        const line = lines.find(({ request }) => request.operation === "containers.create")!;
        assert.deepEqual(
          [line.decision, line.policy, line.listener, line.peer["user"], line.peer["uid"]],
          ["allow", "full", "authz", null, null],
        );
      },
    );

    await t.step("each certificate has its user's policy, and is recorded by name", async () => {
      const listed = await setup.as("bob", ["ps"]);
      assert.equal(listed.code, 0, listed.err);
      denied(
        await setup.as("bob", [...labelled, "bb", "true"]),
        /containers\.create denied for user bob: policy read-only: .*authz user postern\.yaml:/,
      );
      const lines = await setup.gate.audit((lines) =>
        lines.some(({ peer, decision }) => peer["user"] === "bob" && decision === "deny")
      );
      const line = lines.find(({ decision }) => decision === "deny")!;
      assert.deepEqual([line.request.operation, line.status], ["containers.create", 403]);
      const ran = await setup.as("alice", [...labelled, "bb", "echo", "hi"]);
      assert.deepEqual([ran.code, ran.out], [0, "hi\n"], ran.err);
    });

    await t.step("a certificate that nobody has named has the default, not anonymous", async () => {
      denied(await setup.as("carol", ["ps"]), /denied for user carol: policy deny/);
    });

    await t.step("attach and exec switch to raw streams, and end as they do without", async () => {
      const stdin = "one\ntwo\n";
      const attached = await setup.as("alice", [...labelled, "-i", "bb", "cat"], { stdin });
      assert.deepEqual([attached.code, attached.out], [0, stdin], attached.err);
      const mine = unique("az");
      const started = await docker(setup.socket, [
        ...["run", "-d", "--name", mine, "--network", "none", "--label", "team=ci"],
        ...["bb", "sleep", "600"],
      ]);
      assert.equal(started.code, 0, started.err);
      const executed = await setup.as(
        "alice",
        ["exec", "-i", mine, "sh", "-c", "cat; exit 7"],
        { stdin },
      );
      assert.deepEqual([executed.code, executed.out], [7, stdin], executed.err);
      const removed = await setup.as("alice", ["rm", "-f", mine]);
      assert.deepEqual([removed.code, removed.out], [0, `${mine}\n`], removed.err);
    });

    await t.step("a container is looked up in the engine that waits for the answer", async () => {
      const theirs = unique("az");
      await docker(setup.socket, ["create", "--name", theirs, "--network", "none", "bb", "true"]);
      denied(await setup.as("alice", ["rm", "-f", theirs]), /not among label team=ci/);
      denied(await setup.as("alice", ["start", theirs]), /not among label team=ci/);
      const all = Array.from({ length: 16 }, () => setup.as("alice", ["inspect", theirs]));
      for (const ran of await Promise.all(all)) denied(ran, /not among label team=ci/);
      const inspected = await docker(setup.socket, ["inspect", theirs]);
      assert.equal(inspected.code, 0, "it is still there");
    });

    await t.step("whoever only says that he is Postern is denied", async () => {
      const answer = await setup.send(
        "alice",
        "GET /containers/x/json HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n" +
          `x-postern-lookup: ${"0".repeat(64)}\r\n\r\n`,
      );
      assert.match(answer, /^HTTP\/1\.1 403 .*it says that it is Postern's own question/s);
    });

    const before = await docker(setup.socket, ["ps", "-aq"]);
    const refused: [what: string, request: string, answer: RegExp][] = [
      ["what is not allowed", sized(privileged), /privileged: Privileged is true/],
      ["the same in chunks", chunked(privileged), /Privileged is true|the engine shows none/],
      ["1 MiB and more", sized(big), /no whole body of 1048576 bytes or more/],
      ["the same in chunks", chunked(big), /the engine shows none|no whole body/],
      [
        "another type",
        sized(privileged).replace("application/json", "text/plain"),
        /shows only what is sent as application\/json/,
      ],
      ["nothing", sized(""), /the engine shows none: it is said to be empty/],
      [
        "an encoding",
        create(`${json}Content-Encoding: gzip\r\nContent-Length: 2\r\n`, "{}"),
        /Content-Encoding/,
      ],
    ];
    for (const [what, request, expected] of refused) {
      await t.step(`a body is refused: ${what}`, async () => {
        const answer = await setup.send("alice", request);
        assert.match(answer, /^HTTP\/1\.1 403 .*containers\.create denied for user alice/s);
        assert.match(answer, expected);
      });
    }

    await t.step(
      "nothing that was refused has made a container; what is harmless does",
      async () => {
        assert.equal((await docker(setup.socket, ["ps", "-aq"])).out, before.out);
        assert.match(await setup.send("alice", sized(harmless)), /^HTTP\/1\.1 201 /);
      },
    );

    await t.step("what a policy sets must stand in the request", async () => {
      const args = ["create", "--network", "none", "--label", "team=ci"];
      denied(
        await setup.as("dave", [...args, "bb", "true"]),
        /the policy sets memory=67108864, which the engine's plugin cannot fill in/,
      );
      assert.match(setup.gate.stderr, /policy filling: what it sets must stand in the requests/);
      const made = await setup.as("dave", [...args, "--memory", "32m", "bb", "true"]);
      assert.equal(made.code, 0, made.err);
    });

    await t.step(
      "without Postern the engine serves nobody, and it goes on where Postern does",
      async () => {
        await setup.gate.stop();
        await assert.rejects(Deno.lstat(setup.pluginSocket), Deno.errors.NotFound);
        const ran = await docker(setup.socket, ["ps"]);
        assert.notEqual(ran.code, 0);
        assert.match(ran.err, /plugin postern-\S+ failed with error/);
        await setup.again();
        const listed = await setup.as("bob", ["ps"]);
        assert.equal(listed.code, 0, listed.err);
      },
    );
  },
  missingForCertificates,
);

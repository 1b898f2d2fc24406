// A user with the policy read-only beside one with full, on one socket: what works, what is refused, and the proof that
// nothing refused has reached the engine.
import assert from "node:assert/strict";
import {
  type As,
  buildkitCli,
  docker,
  engineSocket,
  engineTest,
  unique,
} from "../support/docker.ts";
import { engineState, recordEvents } from "../support/engine_state.ts";
import { type AuditLine, RunningGate } from "../support/gate.ts";

const reader: As = { uid: 1002 };

function sharedGate(): Promise<RunningGate> {
  return RunningGate.serve({
    upstream: engineSocket,
    listeners: [{ socket: "DIR/docker.sock", mode: "0666" }],
    clients: [{ uid: 1001, policy: "full" }, { uid: reader.uid, policy: "read-only" }],
  });
}

const on = (gate: RunningGate) => `${gate.directory}/docker.sock`;

async function startContainer(gate: RunningGate, command: string): Promise<string> {
  const name = unique("ro");
  const args = ["run", "-d", "--name", name, "--network", "none", "bb", "sh", "-c", command];
  const { code, err } = await docker(on(gate), args, { as: { uid: 1001 } });
  assert.equal(code, 0, err);
  return name;
}

engineTest("read-only: looking works as it does without Postern", async () => {
  await using gate = await sharedGate();
  const name = await startContainer(gate, "echo hello; while :; do sleep 1; done");
  const soon = String(Math.floor(Date.now() / 1000) + 2);
  const commands = [
    ["version"],
    ["ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.State}}"],
    ["inspect", name],
    ["inspect", "--type", "image", "bb"],
    ["logs", name],
    ["logs", "--tail", "1", "-t", name],
    ["events", "--since", "1h", "--until", soon, "--filter", `container=${name}`],
    ["stats", "--no-stream", "--format", "{{.Name}}", name],
    ["images", "--no-trunc", "--format", "{{.ID}} {{.Repository}}"],
    ["history", "--no-trunc", "bb"],
    ["network", "ls", "--no-trunc"],
    ["network", "inspect", "none"],
    ["volume", "ls"],
    ["port", name],
  ];
  for (const args of commands) {
    const direct = await docker(engineSocket, args);
    const gated = await docker(on(gate), args, { as: reader });
    assert.deepEqual(gated, direct, args.join(" "));
    assert.equal(gated.code, 0, gated.err);
  }
  const info = await docker(on(gate), ["info"], { as: reader });
  assert.equal(info.code, 0);
  assert.match(info.out, /Docker Root Dir: /);
  await docker(engineSocket, ["rm", "-f", name]);
});

engineTest("read-only: wait, logs -f and a followed stats end with the container", async () => {
  await using gate = await sharedGate();
  const name = await startContainer(gate, "sleep 2; echo bye; exit 11");
  const [waited, followed] = await Promise.all([
    docker(on(gate), ["wait", name], { as: reader }),
    docker(on(gate), ["logs", "-f", name], { as: reader }),
  ]);
  assert.deepEqual([waited.code, waited.out], [0, "11\n"]);
  assert.deepEqual([followed.code, followed.out], [0, "bye\n"]);
  await docker(engineSocket, ["rm", name]);
});

engineTest(
  "read-only: what would change or empty the engine is refused and never reaches it",
  async () => {
    await using gate = await sharedGate();
    const name = await startContainer(gate, "while :; do sleep 1; done");
    const context = `${gate.directory}/context`;
    await Deno.mkdir(context);
    await Deno.writeTextFile(`${context}/Dockerfile`, "FROM bb\nRUN touch /built\n");
    await Deno.chmod(context, 0o755);
    const refused: [operation: string, args: string[], options?: object][] = [
      ["containers.create", ["run", "--rm", "bb", "true"]],
      ["containers.create", ["create", "bb"]],
      ["containers.start", ["start", name]],
      ["containers.stop", ["stop", name]],
      ["containers.kill", ["kill", name]],
      ["containers.restart", ["restart", name]],
      ["containers.pause", ["pause", name]],
      ["containers.rename", ["rename", name, "other"]],
      ["containers.update", ["update", "--memory", "64m", name]],
      ["containers.remove", ["rm", "-f", name]],
      ["containers.prune", ["container", "prune", "-f"]],
      ["containers.exec", ["exec", name, "cat", "/etc/shadow"]],
      ["containers.archive-read", ["cp", `${name}:/bin/busybox`, "-"]],
      ["containers.archive-write", ["cp", `${context}/Dockerfile`, `${name}:/tmp`]],
      ["containers.export", ["export", name]],
      ["containers.changes", ["diff", name]],
      ["containers.commit", ["commit", name, "other"]],
      ["images.save", ["save", "bb"]],
      ["images.load", ["load"], { stdin: new Uint8Array(10240) }],
      ["images.pull", ["pull", "bb:latest"]],
      ["images.push", ["push", "bb"]],
      ["images.tag", ["tag", "bb", "other"]],
      ["images.remove", ["rmi", "bb"]],
      ["images.prune", ["image", "prune", "-af"]],
      ["images.import", ["import", "-", "other"], { stdin: new Uint8Array(10240) }],
      ["images.build", ["build", "."], { cwd: context, env: { DOCKER_BUILDKIT: "0" } }],
      ["volumes.create", ["volume", "create", "v"]],
      ["volumes.prune", ["volume", "prune", "-f"]],
      ["networks.create", ["network", "create", "n"]],
      ["secrets.list", ["secret", "ls"]],
      ["configs.list", ["config", "ls"]],
      ["swarm.inspect", ["swarm", "join-token", "worker"]],
      ["swarm.init", ["swarm", "init"]],
      ["plugins.list", ["plugin", "ls"]],
      ["system.df", ["system", "df"]],
      ["builder.prune", ["builder", "prune", "-f"]],
    ];
    const before = await engineState();
    const events = await recordEvents();
    const wrong: string[] = [];
    for (const [operation, args, options] of refused) {
      const { code, out, err } = await docker(on(gate), args, { as: reader, ...options });
      const expected = new RegExp(
        `postern: ${operation}.* denied for uid 1002.*: policy read-only: .*\\(request [0-9a-f]+\\)`,
      );
      if (code === 0 || !expected.test(out + err)) {
        wrong.push(`docker ${args.join(" ")}: ${code} ${out} ${err}`);
      }
    }
    assert.deepEqual(wrong, []);
    // The docker command line shows no body of a refused upgrade, whoever refuses it; the audit log has the reason.
    const attached = await docker(on(gate), ["attach", name], { as: reader });
    assert.deepEqual([attached.code, attached.err], [
      1,
      "unable to upgrade to tcp, received 403\n",
    ]);
    const build = () =>
      docker(on(gate), ["build", "."], {
        as: reader,
        cwd: context,
        env: { DOCKER_BUILDKIT: "1" },
        cli: buildkitCli,
      });
    let built = await build();
    // It asks for its session and for the build at once, and shows the refusal that it hears of first.
    for (
      let tries = 0;
      tries < 20 && built.err.includes("images.build denied for uid 1002");
      tries++
    ) {
      built = await build();
    }
    assert.match(built.err, /unable to upgrade to h2c, received 403/);
    const has = (lines: readonly AuditLine[], ...operations: string[]) =>
      lines.some(({ decision, request }) =>
        decision === "deny" && operations.includes(request.operation ?? "")
      );
    const audit = await gate.audit((lines) =>
      has(lines, "containers.attach") && has(lines, "builder.session", "builder.grpc")
    );
    const denied = audit.filter((line) => line.decision === "deny");
    assert.deepEqual(await events.stop(), []);
    assert.equal(await engineState(), before);
    assert.ok(denied.length >= refused.length);
    assert.ok(denied.every((line) => line.peer["uid"] === reader.uid && line.status === 403));
    await docker(engineSocket, ["rm", "-f", name]);
  },
);

// The docker command line before a real engine, with the variables of Tecnativa's image, and with what is imported from them.
import assert from "node:assert/strict";
import { docker, engineSocket, engineTest, unique } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";
import { command } from "../unit/cli/fake_world.ts";

const variables = { CONTAINERS: "1", IMAGES: "1", POST: "1", POSTERN_ENV: "tecnativa" };

function byEnvironment(env: Record<string, string>): Promise<RunningGate> {
  return RunningGate.start(["serve"], ["DIR/docker.sock"], {
    env: {
      ...env,
      BIND_CONFIG: "unix@DIR/docker.sock mode 600",
      SOCKET_PATH: engineSocket,
      POSTERN_AUDIT: "off",
    },
  });
}

/** What works with the variables above, and what does not. */
async function assertOpen(socket: string): Promise<void> {
  const name = unique("env");
  const run = ["run", "--name", name, "--network", "none", "bb", "echo", "hello"];
  const ran = await docker(socket, run);
  assert.equal(ran.code, 0, ran.err);
  assert.equal(ran.out, "hello\n");
  assert.deepEqual(
    await docker(socket, ["inspect", name]),
    await docker(engineSocket, ["inspect", name]),
  );
  assert.equal((await docker(socket, ["rm", name])).code, 0);
  const closed = await docker(socket, ["volume", "ls"]);
  assert.notEqual(closed.code, 0);
  assert.match(closed.err, /postern: volumes\.list denied/);
}

engineTest(
  "the variables of Tecnativa's image let docker run containers, and say what is missing",
  async () => {
    await using gate = await byEnvironment(variables);
    const socket = `${gate.directory}/docker.sock`;
    await assertOpen(socket);
    const { err } = await docker(socket, ["volume", "ls"]);
    assert.match(err, /VOLUMES=1 in the environment would permit it/);
    assert.match(gate.stderr, /CONTAINERS=1 gives root on the host/);
  },
);

engineTest("without POST=1 the same variables only let docker look", async () => {
  await using gate = await byEnvironment({ ...variables, POST: "0" });
  const socket = `${gate.directory}/docker.sock`;
  assert.equal((await docker(socket, ["ps", "-a"])).code, 0);
  const { code, err } = await docker(socket, ["run", "--network", "none", "bb", "true"]);
  assert.notEqual(code, 0);
  assert.match(err, /containers\.create denied.*POST=1 in the environment would permit it/);
});

engineTest("with POSTERN_SAFE=1 containers run, and the host stays out of them", async () => {
  await using gate = await byEnvironment({ ...variables, POSTERN_SAFE: "1" });
  const socket = `${gate.directory}/docker.sock`;
  await assertOpen(socket);
  const { code, err } = await docker(socket, [
    "run",
    "--network",
    "none",
    "-v",
    "/etc:/x",
    "bb",
    "true",
  ]);
  assert.notEqual(code, 0);
  assert.match(err, /host_mounts/);
});

engineTest("what is imported from the variables lets docker do the same", async () => {
  const text = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`).join("") +
    `SOCKET_PATH=${engineSocket}\nBIND_CONFIG=unix@/tmp/unused.sock mode 600\n`;
  const { code, out, err } = await command(["import", "tecnativa", "-"], {}, text);
  assert.equal(code, 0, err);
  const [config, policy] = out.split("\n---\n");
  await using gate = await RunningGate.serve({
    upstream: /^upstream: (\S+)$/m.exec(config!)![1],
    listeners: [{ socket: "DIR/docker.sock", mode: "0600", policy: "tecnativa" }],
    policies: "policies/tecnativa.yaml",
  }, { "policies/tecnativa.yaml": policy! });
  await assertOpen(`${gate.directory}/docker.sock`);
});

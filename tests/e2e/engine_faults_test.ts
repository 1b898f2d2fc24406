// Docker's own command line before engines that are away, and a real engine that goes away and comes back.
import assert from "node:assert/strict";
import { docker, engineTest, unique } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";
import { startPrivateEngine } from "../support/private_engine.ts";

const gateFor = (upstream: string) =>
  RunningGate.serve({
    upstream,
    listeners: [{ name: "full", socket: "DIR/docker.sock", policy: "full" }],
  });

engineTest(
  "docker shows why the engine cannot be used, goes on when it is back, and sees a stream's end",
  async () => {
    await using engine = await startPrivateEngine();
    await using gate = await gateFor(engine.socket);
    const socket = `${gate.directory}/docker.sock`;
    const name = unique("faults");
    const made = [
      "run",
      "-d",
      "--name",
      name,
      "--network",
      "none",
      "--stop-timeout",
      "1",
      "bb",
      "sh",
      "-c",
      "echo up; sleep 600",
    ];
    assert.equal((await docker(socket, made)).code, 0);
    const following = docker(socket, ["logs", "-f", name]);
    await gate.audit((lines) => lines.some((line) => line.request.operation === "containers.logs"));
    await engine.stop();
    assert.match((await following).out, /^up$/m);
    const away = await docker(socket, ["ps"]);
    assert.notEqual(away.code, 0);
    assert.match(
      away.err,
      /postern: the engine behind full cannot be used: connect .*d\.sock: E.*is the engine running/,
    );
    await engine.start();
    const back = await docker(socket, ["ps", "-a", "--format", "{{.Names}}"]);
    assert.equal(back.err, "");
    assert.match(back.out, new RegExp(`^${name}$`, "m"));
    const removed = await docker(socket, ["rm", "-f", name]);
    assert.equal(removed.code, 0, removed.err);
  },
);

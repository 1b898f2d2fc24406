// A client that is not the docker CLI.
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import Docker from "dockerode";
import { engineSocket, engineTest, unique } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";

engineTest("dockerode lists, inspects, creates and attaches through a full listener", async () => {
  await using gate = await RunningGate.serve({
    upstream: engineSocket,
    listeners: [{ socket: "DIR/ops.sock", policy: "full" }],
  });
  const engine = new Docker({ socketPath: `${gate.directory}/ops.sock` });
  const name = unique("ode");
  const container = await engine.createContainer({
    Image: "bb",
    name,
    Cmd: ["sh", "-c", "cat; echo err >&2"],
    OpenStdin: true,
    StdinOnce: true,
    NetworkDisabled: true,
  });
  const listed = await engine.listContainers({ all: true, filters: { name: [name] } });
  assert.deepEqual(listed.map(({ Id }: { Id: string }) => Id), [container.id]);
  assert.equal((await container.inspect()).Config.Cmd.join(" "), "sh -c cat; echo err >&2");

  const stream = await container.attach({
    stream: true,
    hijack: true,
    stdin: true,
    stdout: true,
    stderr: true,
  });
  const [out, err] = [new PassThrough(), new PassThrough()];
  engine.modem.demuxStream(stream, out, err);
  stream.on("end", () => [out, err].forEach((side) => side.end()));
  const texts = Promise.all([text(out), text(err)]);
  await container.start();
  stream.end("from dockerode\n");
  assert.deepEqual(await texts, ["from dockerode\n", "err\n"]);
  assert.equal((await container.wait()).StatusCode, 0);
  await container.remove();
});

engineTest("dockerode is told why it was denied", async () => {
  await using gate = await RunningGate.serve({
    upstream: engineSocket,
    listeners: [{ socket: "DIR/ro.sock", policy: "read-only" }],
  });
  const engine = new Docker({ socketPath: `${gate.directory}/ro.sock` });
  assert.ok((await engine.listImages()).length > 0);
  await assert.rejects(engine.createVolume({ Name: unique("v") }), (error: Error) => {
    assert.equal((error as Error & { statusCode: number }).statusCode, 403);
    assert.match(error.message, /postern: volumes\.create denied for uid 0/);
    return true;
  });
});

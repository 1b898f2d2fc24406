// A client that is not the docker CLI.
import assert from "node:assert/strict";
import { engineSocket, engineTest, runAs, unique } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";

const folder = new URL("dockerode/", import.meta.url).pathname;

/** What the dockerode program reports of its run through a listener with this policy. */
async function dockerode(policy: string) {
  await using gate = await RunningGate.serve({
    upstream: engineSocket,
    listeners: [{ socket: "DIR/docker.sock", policy }],
  });
  const program = ["run", "-A", "--quiet", "-c", `${folder}deno.json`, `${folder}client.ts`];
  const args = [`${gate.directory}/docker.sock`, unique("ode")];
  const { out, err } = await runAs(undefined, [Deno.execPath(), ...program, ...args]);
  assert.match(out, /^\{/, err);
  return JSON.parse(out);
}

engineTest("dockerode lists, inspects, creates and attaches through a full listener", async () => {
  assert.deepEqual(await dockerode("full"), {
    listed: true,
    command: ["sh", "-c", "cat; echo err >&2"],
    stdout: "from dockerode\n",
    stderr: "err\n",
    exitCode: 0,
  });
});

engineTest("dockerode is told why it was denied", async () => {
  const { images, statusCode, message } = await dockerode("read-only");
  assert.ok(images > 0);
  assert.equal(statusCode, 403);
  assert.match(message, /^postern: containers\.create denied for uid 0/);
});

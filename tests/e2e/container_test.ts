// A container that has the intercept socket and nothing else.
import assert from "node:assert/strict";
import { docker, engineSocket, engineTest, unique } from "../support/docker.ts";
import { engineState } from "../support/engine_state.ts";
import { RunningGate } from "../support/gate.ts";

/** Runs the docker CLI inside a container that has the gate's folder, as the README mounts it. */
function dockerInside(
  gate: RunningGate,
  name: string,
  args: readonly string[],
  options: readonly string[] = [],
) {
  const volumes = ["-v", `${gate.directory}:/run/postern:ro`, ...clientVolumes];
  const host = ["-e", "DOCKER_HOST=unix:///run/postern/ci.sock"];
  const run = ["run", "--rm", "--name", name, "--network", "none", ...volumes, ...host, ...options];
  return docker(engineSocket, [...run, "bb", "/docker", ...args]);
}

const cli = new TextDecoder().decode(
  new Deno.Command("sh", { args: ["-c", "readlink -f $(command -v docker)"] }).outputSync().stdout,
).trim();
// The docker CLI may be linked with the host's libraries.
const clientVolumes = [`${cli}:/docker`, "/lib:/lib", "/lib64:/lib64", "/usr/lib:/usr/lib"]
  .flatMap((volume) => ["-v", `${volume}:ro`]);

function readOnlyGate(): Promise<RunningGate> {
  return RunningGate.serve({
    upstream: engineSocket,
    listeners: [{ socket: "DIR/ci.sock", mode: "0666", policy: "read-only" }],
  });
}

engineTest("a container with only the intercept socket uses it, within its policy", async () => {
  await using gate = await readOnlyGate();
  const name = unique("inner");
  const seen = await dockerInside(gate, name, ["ps", "--format", "{{.Names}}"]);
  assert.deepEqual([seen.code, seen.out.split("\n").includes(name)], [0, true], seen.err);
  const before = await engineState();
  const escape = ["run", "--privileged", "-v", "/:/host", "bb", "true"];
  const refused = await dockerInside(gate, unique("inner"), escape);
  assert.notEqual(refused.code, 0);
  assert.match(refused.err, /postern: containers\.create denied for uid 0/);
  assert.equal(await engineState(), before);
});

engineTest("the audit log names the container and the uid that called", async () => {
  await using gate = await readOnlyGate();
  const name = unique("inner");
  const inner = dockerInside(gate, name, ["wait", name], ["--user", "4321:4321"]);
  const calls = (lines: readonly { peer: Readonly<Record<string, unknown>> }[]) =>
    lines.filter(({ peer }) => peer["uid"] === 4321);
  const lines = calls(await gate.audit((lines) => calls(lines).length >= 2));
  const { out } = await docker(engineSocket, ["inspect", "--format", "{{.Id}}", name]);
  assert.ok(lines.every(({ peer }) => peer["container"] === out.trim()), JSON.stringify(lines));
  assert.ok(lines.every(({ peer }) => peer["exe"] === "/docker"));
  await docker(engineSocket, ["rm", "-f", name]);
  await inner;
});

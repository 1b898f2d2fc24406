// 64 MiB each way, compared by checksum: through load, cp and a hijacked stream.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type As, docker, engineSocket, engineTest, unique } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";

const SIZE = 64 << 20;
const ops: As = { uid: 1001 };

const md5 = (data: Uint8Array) => createHash("md5").update(data).digest("hex");

function randomData(): Uint8Array {
  const data = new Uint8Array(SIZE);
  for (let at = 0; at < SIZE; at += 65536) crypto.getRandomValues(data.subarray(at, at + 65536));
  return data;
}

function fullGate(): Promise<RunningGate> {
  return RunningGate.serve({
    upstream: engineSocket,
    listeners: [{ socket: "DIR/ops.sock", mode: "0600", user: ops.uid, policy: "full" }],
  });
}

engineTest("64 MiB through cp into a container and out again", async () => {
  await using gate = await fullGate();
  const socket = `${gate.directory}/ops.sock`;
  const name = unique("cp");
  const command = ["run", "-d", "--name", name, "--network", "none", "bb", "sleep", "1000"];
  assert.equal((await docker(engineSocket, command)).code, 0);
  const data = randomData();
  const [from, to] = [`${gate.directory}/from`, `${gate.directory}/to`];
  await Deno.mkdir(to);
  await Deno.chown(to, ops.uid, null);
  await Deno.writeFile(from, data);
  const put = await docker(socket, ["cp", from, `${name}:/tmp/data`], { as: ops });
  assert.equal(put.code, 0, put.err);
  const inside = await docker(engineSocket, ["exec", name, "md5sum", "/tmp/data"]);
  assert.equal(inside.out, `${md5(data)}  /tmp/data\n`);
  const got = await docker(socket, ["cp", `${name}:/tmp/data`, `${to}/data`], { as: ops });
  assert.equal(got.code, 0, got.err);
  assert.equal(md5(await Deno.readFile(`${to}/data`)), md5(data));
  await docker(engineSocket, ["rm", "-f", name]);
});

engineTest("64 MiB through save and load", async () => {
  await using gate = await fullGate();
  const socket = `${gate.directory}/ops.sock`;
  const data = randomData();
  const tag = unique("big");
  const tar = `${gate.directory}/tar`;
  await Deno.mkdir(tar);
  await Deno.writeFile(`${tar}/data`, data);
  const pack = await new Deno.Command("tar", { args: ["-C", tar, "-c", "."] }).output();
  const imported = await docker(socket, ["import", "-", tag], { as: ops, stdin: pack.stdout });
  assert.equal(imported.code, 0, imported.err);
  const id = imported.out.trim();

  const saved = await docker(socket, ["save", tag], { as: ops });
  const direct = await docker(engineSocket, ["save", tag]);
  assert.equal(md5(saved.bytes), md5(direct.bytes));
  await docker(engineSocket, ["rmi", tag]);
  const loaded = await docker(socket, ["load"], { as: ops, stdin: saved.bytes });
  assert.equal(loaded.out, `Loaded image: ${tag}:latest\n`);
  const inspected = await docker(engineSocket, ["inspect", "--format", "{{.Id}}", tag]);
  assert.equal(inspected.out.trim(), id);
  await docker(engineSocket, ["rmi", tag]);
});

engineTest("64 MiB through a hijacked stream, both ways at once", async () => {
  await using gate = await fullGate();
  const data = randomData();
  const command = ["run", "-i", "--rm", "--network", "none", "bb"];
  const socket = `${gate.directory}/ops.sock`;
  const sum = await docker(socket, [...command, "md5sum"], { as: ops, stdin: data });
  assert.equal(sum.out, `${md5(data)}  -\n`);
  const echo = await docker(socket, [...command, "cat"], { as: ops, stdin: data });
  assert.equal(echo.code, 0, echo.err);
  assert.equal(md5(echo.bytes), md5(data));
  const ends = (lines: readonly { event: string; bytes_in: number | null }[]) =>
    lines.filter(({ event, bytes_in }) => event === "end" && (bytes_in ?? 0) >= SIZE);
  assert.equal(ends(await gate.audit((lines) => ends(lines).length >= 2)).length, 2);
});

// What becomes of a gate that has a fault of its own: it ends, whole.
import assert from "node:assert/strict";
import { RunningGate } from "../../support/gate.ts";
import { Wire } from "../../support/wire.ts";

const faulty = new URL("../../support/faulty_main.ts", import.meta.url).pathname;

function serve(fault: string): Promise<RunningGate> {
  return RunningGate.serve(
    { workers: 2, listeners: [{ socket: "DIR/a.sock" }], default: "deny" },
    {},
    { main: [faulty, fault] },
  );
}

async function assertEnds(gate: RunningGate, message: RegExp): Promise<void> {
  const { code } = await gate.ended();
  assert.equal(code, 3, gate.stderr);
  assert.match(gate.stderr, message);
  await assert.rejects(Deno.lstat(`${gate.directory}/a.sock`), Deno.errors.NotFound);
}

for (
  const [what, fault] of [["an exception", "exception"], ["a rejection", "rejection"]] as const
) {
  Deno.test(`${what} that nobody catches ends the gate with a message and 3`, async () => {
    await using gate = await serve(fault);
    await assertEnds(gate, /error: a fault in Postern ends it, .*: TypeError: boom\n +at .*/);
  });
}

Deno.test("a worker that throws takes the gate with it, a reload that waits for it too", async () => {
  await using gate = await serve("worker");
  using wire = await Wire.to(`${gate.directory}/a.sock`);
  const file = `${gate.directory}/postern.yaml`;
  const text = await Deno.readTextFile(file);
  await Deno.writeTextFile(file, text.replace("default: deny", "default: read-only"));
  Deno.kill(gate.pid, "SIGHUP");
  await assertEnds(gate, /error: the relay's worker failed: .*TypeError: /);
  assert.equal(await wire.rest(), "");
});

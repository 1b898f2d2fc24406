import assert from "node:assert/strict";
import { processorSeconds, resident } from "../../bench/proc.ts";
import { Child, output } from "../../bench/process.ts";
import { firstLine, listening } from "../../bench/waiting.ts";

const busy = "i=0; while :; do i=$((i+1)); done";

function child(script: string): Child {
  return new Child("sh", ["-c", script], { log: "/dev/null", talks: true });
}

async function end(process: Child): Promise<void> {
  await process.stdin!.abort();
  await process.stdout!.cancel();
  await process[Symbol.asyncDispose]();
}

Deno.test("what a program prints is its output, and what it complains of is its error", async () => {
  assert.equal(await output("sh", ["-c", "echo yes; echo no >&2"]), "yes\n");
  await assert.rejects(output("sh", ["-c", "echo no >&2; exit 1"]), { message: "no" });
});

Deno.test("a program that does not end in time is killed", async () => {
  await assert.rejects(output("sleep", ["60"], 50), { message: "sleep did not end within 0.05 s" });
});

Deno.test("a program that ignores SIGTERM ends nevertheless", async () => {
  const process = child(`trap "" TERM; echo ready; exec sleep 60`);
  await firstLine(process.stdout!);
  await end(process);
  assert.ok(process.ended);
});

Deno.test("a program that ends before it is ready is not waited for", async () => {
  const process = child("exit 1");
  await assert.rejects(listening("/nonexistent/d.sock", process), {
    message: "it ended; it said: ",
  });
  await assert.rejects(firstLine(process.stdout!), { message: /^a program ended/ });
  await end(process);
});

Deno.test("a program that says nothing is waited for only so long", async () => {
  const process = child("exec sleep 60");
  await assert.rejects(firstLine(process.stdout!, 50), { message: /not ready within 0.05 s/ });
  await end(process);
});

Deno.test("processor time and memory of a process hold those of its children", async () => {
  const process = child(`sh -c '${busy}' & trap "kill $!" TERM; echo ready; wait`);
  await firstLine(process.stdout!);
  const before = processorSeconds(process.pid);
  while (processorSeconds(process.pid) < before + 0.05) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { own, files } = resident(process.pid);
  assert.ok(own > 0 && files > 0);
  await end(process);
});

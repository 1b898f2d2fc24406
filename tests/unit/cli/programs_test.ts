import assert from "node:assert/strict";
import { runProgram } from "../../../lib/cli/programs.ts";

Deno.test("a program that does not end in its time is ended, and says so", async () => {
  const ran = await runProgram("sleep", ["1000"], "", 100);
  assert.deepEqual(ran, { code: 137, stdout: "", stderr: "sleep did not end within 0.1 s" });
});

Deno.test("one that ends in its time says what it has to say", async () => {
  const ran = await runProgram("cat", [], "a word", 60_000);
  assert.deepEqual(ran, { code: 0, stdout: "a word", stderr: "" });
  assert.equal(await runProgram("no-such-program", [], "", 100), undefined);
});

import assert from "node:assert/strict";
import { call } from "../../../lib/demo/call.ts";

Deno.test("a call to an engine that never answers ends when the demo is interrupted", async () => {
  const folder = await Deno.makeTempDir();
  const socket = `${folder}/silent.sock`;
  using _silent = Deno.listen({ transport: "unix", path: socket });
  const request = { socket, method: "GET", path: "/info" };
  for (const signal of [AbortSignal.timeout(50), AbortSignal.abort()]) {
    assert.deepEqual(await call(request, signal), { error: "interrupted" });
  }
  await Deno.remove(folder, { recursive: true });
});

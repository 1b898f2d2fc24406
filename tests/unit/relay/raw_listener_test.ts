import assert from "node:assert/strict";
import { full, readOnly } from "../../../lib/policy/builtin.ts";
import { Bench } from "./harness.ts";

Deno.test("a raw listener relays bytes without reading them, half-closes included", async () => {
  await using bench = await Bench.open(full, { protocol: "raw" });
  using client = await bench.client();
  using engine = await bench.engine();
  await client.send("\0\x01SSH_AGENTC_REQUEST\n\n");
  assert.equal(await engine.exactly(22), "\0\x01SSH_AGENTC_REQUEST\n\n");
  await client.closeWrite();
  assert.equal(await engine.rest(), "");
  await engine.send("answer");
  await engine.closeWrite();
  assert.equal(await client.rest(), "answer");
});

Deno.test("a raw listener closes a peer that its policy does not allow, and records it", async () => {
  await using bench = await Bench.open(readOnly, { protocol: "raw" });
  using client = await bench.client();
  assert.equal(await client.rest(), "");
  const [record] = await bench.audit(1);
  assert.equal(record.decision, "deny");
  assert.equal(record.request.operation, "raw.connect");
});

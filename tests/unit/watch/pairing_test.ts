import assert from "node:assert/strict";
import { Pairing } from "../../../lib/watch/pairing.ts";
import type { Accepted, Connected } from "../../../lib/watch/trace_line.ts";

const file = { device: 24, inode: 7n };
const accepted = (socket: string, pid = 12): Accepted => ({
  kind: "accepted",
  ...file,
  socket,
  pid,
  uid: 0,
});
const connected = (socket: string, pid = 12): Connected => ({
  ...accepted(socket, pid),
  kind: "connected",
  tid: pid,
  began: "777",
  parent: 1,
  comm: "x",
});

/** What is reported of sides that come in this order, after the time that an accept waits. */
async function reported(sides: readonly (Connected | Accepted)[]): Promise<string[]> {
  const found: string[] = [];
  const pairing = new Pairing(({ kind }) => kind, (side, seen) => {
    assert.equal(seen, side.kind);
    found.push(`${side.kind} ${side.socket} ${side.pid}`);
  });
  for (const side of sides) pairing.take(side);
  await new Promise((resolve) => setTimeout(resolve, 120));
  pairing.close();
  return found;
}

for (
  const [what, sides, expected] of [
    ["a connect before its accept", [connected("a"), accepted("a")], ["connected a 12"]],
    ["a connect after its accept", [accepted("a"), connected("a")], ["connected a 12"]],
    ["a connect that nobody accepts", [connected("a")], ["connected a 12"]],
    ["an accept without a connect (io_uring)", [accepted("a")], ["accepted a 12"]],
    ["two connections at once", [connected("a"), connected("b"), accepted("b"), accepted("a")], [
      "connected a 12",
      "connected b 12",
    ]],
    ["the kernel's memory used again", [
      connected("a"),
      accepted("a"),
      connected("a"),
      accepted("a"),
    ], ["connected a 12", "connected a 12"]],
    ["the memory used again by another", [connected("a"), connected("a", 13), accepted("a", 13)], [
      "connected a 12",
      "connected a 13",
    ]],
  ] as const
) {
  Deno.test(`${what}: each connection is told once`, async () => {
    assert.deepEqual(await reported(sides), expected);
  });
}

Deno.test("a late connect is not told again", async () => {
  const found: string[] = [];
  const pairing = new Pairing(() => 0, ({ kind }) => found.push(kind));
  pairing.take(accepted("a"));
  await new Promise((resolve) => setTimeout(resolve, 120));
  pairing.take(connected("a"));
  assert.deepEqual(found, ["accepted"]);
  pairing.close();
});

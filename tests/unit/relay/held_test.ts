import assert from "node:assert/strict";
import { parseTarget, type Target } from "../../../lib/http/target.ts";
import { builtinPolicies } from "../../../lib/policy/builtin.ts";
import { upstreamAt } from "../../../lib/relay/dial.ts";
import type { Endpoint } from "../../../lib/relay/endpoint.ts";
import { Hearing, PAUSED } from "../../../lib/relay/hearing.ts";
import { Inbox } from "../../../lib/relay/inbox.ts";
import { type Conditions, Judge } from "../../../lib/relay/judge.ts";
import type { Loop } from "../../../lib/relay/loop.ts";

/** A client that always has more to send. */
const endless = {
  readable: true,
  expectPieces: () => {},
  receive: (_: unknown, __: number, n: number) => n,
} as unknown as Endpoint;

const parsed = parseTarget("/containers/create") as { target: Target };
const conditions: Conditions = {
  operation: "containers.create",
  target: parsed.target,
  constraints: { limits: {}, origins: {} },
};
const head = new TextEncoder().encode(
  "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 900000000\r\n\r\n",
);

/** Collects a body of `uid`'s that does not end, until it is refused or \`most\` bytes are held. */
function collect(uid: number, most: number): { hearing: Hearing; status: number } {
  const judge = new Judge({ policy: builtinPolicies["full"]!, rule: "test" });
  const hearing = new Hearing(judge.judge(head, 0, head.length), conditions, uid);
  const inbox = new Inbox();
  while (inbox.length < most) {
    const step = hearing.step(inbox, endless, {} as Loop, upstreamAt("/none"), () => {});
    if (typeof step !== "number") return { hearing, status: step.ok ? 200 : step.status };
    assert.equal(step, PAUSED);
  }
  return { hearing, status: 0 };
}

const MiB = 1024 * 1024;

Deno.test("one user's bodies take half of the room at most, and what is let go can be held again", () => {
  const first = collect(1000, 100 * MiB);
  assert.equal(first.status, 503);
  const other = collect(1001, 16 * MiB);
  assert.equal(other.status, 0, "others have room");
  const second = collect(1000, MiB);
  assert.equal(second.status, 503);
  for (const { hearing } of [first, second, other]) hearing.close();
  const third = collect(1000, 32 * MiB);
  assert.equal(third.status, 0);
  third.hearing.close();
});

import assert from "node:assert/strict";
import { readOnly } from "../../../lib/policy/builtin.ts";
import { decide, describeDenial } from "../../../lib/policy/decide.ts";
import { operationNamed } from "../../../lib/policy/operations.ts";

const id = "7f3a000000000001";

function denial(operation: string | undefined, method: string, path: string, peer = {}) {
  const asked = operation === undefined
    ? { kind: "unknown" } as const
    : { kind: "operation", operation: operationNamed(operation)! } as const;
  const decision = decide(readOnly, "listener ci", asked);
  assert.equal(decision.allow, false);
  if (decision.allow) throw new Error();
  return describeDenial({
    ...(operation === undefined ? {} : { operation }),
    method,
    path,
    peer,
    decision,
    id,
  });
}

Deno.test("a denial names operation, uid, user, policy, reason, what would allow it, and the request", () => {
  assert.equal(
    denial("containers.create", "POST", "/containers/create", { uid: 1001, user: "ci-runner" }),
    "postern: containers.create denied for uid 1001 (ci-runner): policy read-only: it changes the engine; " +
      "a policy that extends read-only and allows containers.create would permit it " +
      `(assigned by listener ci) (request ${id})`,
  );
});

Deno.test("an unknown uid is called unknown, not 0", () => {
  assert.match(denial("system.auth", "POST", "/auth"), /denied for an unknown uid: /);
});

Deno.test("what a client invents is shown short and without control characters", () => {
  const message = denial(undefined, "GET", `/\x1b[31m${"x".repeat(5000)}`, { uid: 1 });
  assert.ok(message.length < 600, message);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(message, /[\x00-\x1f]/);
});

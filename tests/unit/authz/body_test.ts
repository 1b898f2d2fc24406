import assert from "node:assert/strict";
import { shownBody } from "../../../lib/authz/body.ts";

const MIB = 1024 * 1024;

function shown(length: number | undefined, headers: Record<string, string>, limit?: number) {
  const found = shownBody({
    ...{ user: "alice", authMethod: "TLS", method: "POST", target: "/containers/create" },
    headers: new Map(Object.entries(headers)),
    ...(length === undefined ? {} : { body: new Uint8Array(length) }),
  }, limit);
  return found instanceof Uint8Array ? found.length : `${found.status} ${found.reason}`;
}

const declared = (length: number) => ({ "content-length": String(length) });

Deno.test("a body that is shown as long as the client has said is judged", () => {
  assert.equal(shown(7, declared(7)), 7);
  assert.equal(shown(MIB - 1, declared(MIB - 1)), MIB - 1);
});

Deno.test("a chunked body that is shown is judged: engines drain them since CVE-2024-41110", () => {
  assert.equal(shown(7, {}), 7);
});

Deno.test("what is judged by its body is refused where none is shown, whatever is said of it", () => {
  assert.match(String(shown(undefined, {})), /^400 .*may be chunked$/);
  assert.match(String(shown(undefined, declared(0))), /^400 .*said to be empty$/);
  assert.match(String(shown(undefined, declared(7))), /^400 .*sent as application\/json$/);
});

Deno.test("a body that is cut off is refused", () => {
  assert.match(String(shown(7, declared(8))), /^400 .*shows 7 bytes of a body/);
  assert.match(String(shown(7, { "content-length": "7, 7" })), /^400 /);
  assert.match(String(shown(MIB, {})), /^413 /);
});

Deno.test("a body of 1 MiB or more is refused, shown or not", () => {
  assert.match(String(shown(undefined, declared(MIB))), /^413 .*of 1048576 bytes or more/);
  assert.match(String(shown(MIB, declared(MIB))), /^413 /);
});

Deno.test("an encoded body, and one over the policy's body_limit, are refused as at the gate", () => {
  assert.match(String(shown(7, { ...declared(7), "content-encoding": "gzip" })), /^400 /);
  assert.match(String(shown(7, declared(7), 6)), /^413 .*6 bytes \(body_limit\)$/);
});

import assert from "node:assert/strict";
import { pluginAnswer, ProtocolError, readPluginRequest } from "../../../lib/authz/protocol.ts";

Deno.test("a question is read as Go writes it: absent for empty, bytes as base64", () => {
  const request = readPluginRequest(JSON.stringify({
    RequestMethod: "POST",
    RequestUri: "/v1.41/containers/create",
    RequestBody: btoa("{}"),
    RequestHeaders: { "Content-Type": "application/json" },
  }));
  assert.deepEqual(request, {
    user: "",
    authMethod: "",
    method: "POST",
    target: "/v1.41/containers/create",
    headers: new Map([["content-type", "application/json"]]),
    body: new TextEncoder().encode("{}"),
  });
});

Deno.test("a question without headers and body is read", () => {
  const request = readPluginRequest('{"User":"alice","UserAuthNMethod":"TLS"}');
  assert.deepEqual([request.user, request.authMethod], ["alice", "TLS"]);
  assert.deepEqual([request.headers.size, "body" in request], [0, false]);
});

for (
  const text of [
    "",
    "{",
    "null",
    "7",
    '{"User":7}',
    '{"RequestBody":"%"}',
    '{"RequestBody":"e30"}',
    '{"RequestHeaders":"x"}',
    '{"RequestHeaders":{"A":["b"]}}',
  ]
) {
  Deno.test(`no question: ${JSON.stringify(text)}`, () => {
    assert.throws(() => readPluginRequest(text), ProtocolError);
  });
}

Deno.test("a denial says why, and a fault says so, too", () => {
  assert.equal(pluginAnswer({ allow: true, message: "" }), '{"Allow":true,"Msg":""}');
  assert.equal(
    pluginAnswer({ allow: false, message: "no", fault: true }),
    '{"Allow":false,"Msg":"no","Err":"no"}',
  );
});

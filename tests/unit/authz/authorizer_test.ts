import assert from "node:assert/strict";
import { answering } from "../../../lib/authz/answering.ts";
import { Authorizer } from "../../../lib/authz/authorizer.ts";
import { OwnLookups } from "../../../lib/authz/own_lookups.ts";
import type { PluginRequest } from "../../../lib/authz/protocol.ts";
import type { Answer, Lookup } from "../../../lib/policy/constraints/types.ts";
import { NameCache } from "../../../lib/peer/names.ts";
import { Gatekeeper } from "../../../lib/relay/gatekeeper.ts";
import { load } from "../config/fakes.ts";

const files = {
  "postern.yaml": `authz:
  anonymous: full
  users: { alice: team, wes: trial }
policies: policies
`,
  "policies/team.yaml": `name: team
extends: read-only
allow: [containers.create, containers.start]
constraints:
  containers.start: { containers: [{ label: [team=ci] }] }
  containers.create: { memory: 1GiB, set: { memory: 64MiB } }
`,
  "policies/trial.yaml": "name: trial\nextends: read-only\nmode: warn\n",
};

function authorizer(answer: Answer = { failed: "nobody was to be asked" }) {
  const loaded = load(files);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const { authz, gate } = loaded.config;
  const asked: Lookup[] = [];
  const lookups = new OwnLookups();
  const made = new Authorizer(
    new Gatekeeper(gate, new NameCache(), undefined),
    false,
    lookups,
    () => (lookup) => {
      asked.push(lookup);
      return answer;
    },
  );
  made.replace(authz!, gate);
  return { made, asked, lookups };
}

const from = (user: string, method: string, target: string): PluginRequest => ({
  user,
  authMethod: user === "" ? "" : "TLS",
  method,
  target,
  headers: new Map(),
});

const creation = (body: object): PluginRequest => {
  const text = JSON.stringify(body);
  return {
    ...from("alice", "POST", "/v1.41/containers/create"),
    headers: new Map([
      ["content-type", "application/json"],
      ["content-length", String(text.length)],
    ]),
    body: new TextEncoder().encode(text),
  };
};

Deno.test("whoever has no certificate is anonymous, and one without a name is not", async () => {
  const { made } = authorizer();
  const create = from("", "POST", "/v1.41/containers/create");
  assert.equal((await made.authorize(create)).allow, true);
  const nameless = await made.authorize({ ...create, authMethod: "TLS" });
  assert.equal(nameless.allow, false);
  assert.match(nameless.message, /policy deny/);
});

Deno.test("a user that is called like a member of every object has the default", async () => {
  const { made } = authorizer();
  for (const name of ["constructor", "__proto__", "toString"]) {
    const { allow, message } = await made.authorize(from(name, "GET", "/_ping"));
    assert.equal(allow, false);
    assert.match(message, /policy deny/);
  }
});

Deno.test("targets that have more than one reading are denied, for anonymous, too", async () => {
  const { made } = authorizer();
  for (const target of ["/v1.41/containers/../info", "//info", "/info%2f", "http://x/info", ""]) {
    const { allow, message } = await made.authorize(from("", "GET", target));
    assert.equal(allow, false, target);
    assert.match(message, /^postern: /);
  }
});

Deno.test("a container that a request names is asked for, and failures deny", async () => {
  const start = from("alice", "POST", "/v1.41/containers/web/start");
  const labels = (Labels: object): Answer => ({
    found: { Id: "a".repeat(64), Name: "/web", Config: { Labels, Image: "bb" }, Image: "sha256:1" },
  });
  const own = authorizer(labels({ team: "ci" }));
  assert.equal((await own.made.authorize(start)).allow, true);
  assert.deepEqual(own.asked[0], { kind: "container", name: "web" });
  assert.equal((await authorizer(labels({})).made.authorize(start)).allow, false);
  assert.equal((await authorizer({ absent: "No such" }).made.authorize(start)).allow, false);
  assert.equal((await authorizer({ failed: "gone" }).made.authorize(start)).allow, false);
});

Deno.test("what a policy sets must stand in the body: a plugin can fill nothing in", async () => {
  const { made } = authorizer();
  const without = await made.authorize(creation({ Image: "bb" }));
  assert.equal(without.allow, false);
  assert.match(without.message, /the policy sets memory=67108864/);
  const said = creation({ Image: "bb", HostConfig: { Memory: 67108864 } });
  assert.deepEqual(await made.authorize(said), { allow: true, message: "" });
});

Deno.test("a policy in mode warn lets everything pass, bodies that are not shown included", async () => {
  const { made } = authorizer();
  assert.equal((await made.authorize(from("wes", "POST", "/containers/create"))).allow, true);
});

Deno.test("only a lookup with the secret of this process is our own, and it can only look", async () => {
  const { made, lookups } = authorizer();
  const secret = /: (\w+)\r\n$/.exec(lookups.field)![1]!;
  const marked = (method: string, target: string, said = secret): PluginRequest => ({
    ...from("alice", method, target),
    headers: new Map([["x-postern-lookup", said]]),
  });
  for (
    const target of [
      "/containers/web/json",
      "/images/a%2Fb%3A1/json",
      "/exec/1/json",
      "/volumes/v",
      "/networks/n",
    ]
  ) {
    assert.equal((await made.authorize(marked("GET", target))).allow, true, target);
  }
  for (
    const request of [
      marked("DELETE", "/volumes/v"),
      marked("GET", "/containers/web/archive?path=/"),
      marked("GET", "/containers/web/json?size=1"),
      marked("GET", "/containers/a/b/json"),
      marked("GET", "/secrets/x"),
      marked("GET", "/_ping", "0".repeat(64)),
      marked("GET", "/_ping", ""),
    ]
  ) {
    const { allow, message } = await made.authorize(request);
    assert.equal(allow, false, request.target);
    assert.match(message, /it says that it is Postern's own question/);
  }
  assert.notEqual(new OwnLookups().field, lookups.field);
});

Deno.test("a fault denies, and is told to the log alone", async () => {
  const faults: unknown[] = [];
  let flushed = 0;
  const answer = answering(
    { authorize: () => Promise.reject(new Error("out of luck")) },
    () => flushed++,
    (error) => faults.push(error),
  );
  const ask = async (path: string, body: string) =>
    await (await answer(new Request(`http://x${path}`, { method: "POST", body }))).json();
  for (const body of ["{}", "no JSON"]) {
    const { Allow, Msg, Err } = await ask("/AuthZPlugin.AuthZReq", body);
    assert.deepEqual([Allow, Msg], [false, Err]);
    assert.match(Msg, /^postern: a fault in Postern/);
    assert.doesNotMatch(Msg, /luck/);
  }
  assert.deepEqual([faults.length, flushed], [2, 2]);
  assert.deepEqual(await ask("/Plugin.Activate", ""), { Implements: ["authz"] });
  assert.deepEqual(await ask("/AuthZPlugin.AuthZRes", "anything"), { Allow: true, Msg: "" });
  const other = await answer(new Request("http://x/VolumeDriver.Create", { method: "POST" }));
  assert.equal(other.status, 404);
});

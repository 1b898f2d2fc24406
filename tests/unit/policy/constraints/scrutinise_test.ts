import assert from "node:assert/strict";
import { shapeOf } from "../../../../lib/policy/bodies/check.ts";
import { keys, keysOf } from "../../../../lib/policy/constraints/keys.ts";
import { safeLimits } from "../../../../lib/policy/constraints/safe.ts";
import { readsBody } from "../../../../lib/policy/constraints/scrutinise.ts";
import { operations } from "../../../../lib/policy/operations.ts";
import { fails, look, outcome, passes } from "./run.ts";

const path = "/volumes/create";
const body = { Name: "x" };

Deno.test("a body is JSON by its Content-Type, in any case and with any parameters", () => {
  for (
    const contentType of [
      "application/json",
      "Application/JSON",
      "application/json; charset=utf-16",
      'application/json ;a="b"',
    ]
  ) {
    passes(look({ path, body, contentType }));
  }
  for (
    const contentType of ["", "text/json", "application/json, text/plain", "application/jsonx"]
  ) {
    fails(look({ path, body, contentType }), 400);
  }
});

Deno.test("services take a body without a Content-Type, as the engine does", () => {
  const service = { Name: "x", TaskTemplate: { ContainerSpec: { Image: "alpine" } } };
  passes(look({ path: "/services/create", body: service, contentType: "" }));
  fails(look({ path: "/services/create", body: service, contentType: "text/plain" }), 400);
});

Deno.test("a body over the limit is refused, one of its length is judged", () => {
  const text = JSON.stringify({ Name: "x".repeat(100) });
  passes(look({ path, body: text }, { body_limit: text.length }));
  const looked = look({ path, body: text }, { body_limit: text.length - 1 });
  assert.equal(
    outcome(looked),
    "413 the body is 111 bytes long, and no more than 110 are judged (body_limit)",
  );
});

Deno.test("a body with more than one reading is refused, and where is said", () => {
  assert.match(
    outcome(look({ path, body: '{"Name":"a","Name":"b"}' })),
    /^400 .* at character \d+$/,
  );
  for (const text of ["", " "].map((end) => `{"Name":"a"}${end}{}`)) {
    fails(look({ path, body: text }), 400);
  }
  fails(look({ path, body: "[" }), 400);
  fails(look({ path, body: " " }), 400);
});

Deno.test("fields that are not known are denied, unless they are allowed and the engine takes them for nothing", () => {
  const looked = look({ path, body: { Name: "x", Drivr: "local" } });
  assert.match(outcome(looked), /^403 unknown_fields: Drivr .*did you mean Driver/);
  assert.ok(!looked.finding.ok && looked.finding.hint === "unknown_fields: allow");
  passes(look({ path, body: { Drivr: "local" } }, { unknown_fields: "allow" }));
  const folded = look({ path, body: { driver: "convoy" } }, { unknown_fields: "allow" });
  fails(folded, "unknown_fields");
  assert.ok(!folded.finding.ok && folded.finding.hint === "");
});

Deno.test("a value of the wrong type is no body of this request, whatever a policy says of fields", () => {
  const body = { Name: 1 };
  const looked = look({ path, body });
  assert.equal(outcome(looked), "400 Name must be a string, not the number 1");
  fails(look({ path, body }, { unknown_fields: "allow" }), 400);
  fails(look({ path, body: [] }), 400);
});

Deno.test("what a client wrote comes back without what a terminal would obey", () => {
  const odd = "\u009b2J\u202e";
  for (const body of [{ Name: { [odd]: 1 } }, { Labels: odd }, { [odd]: 1 }]) {
    assert.doesNotMatch(outcome(look({ path, body })), /[\u0080-\u009f\u202e]/);
  }
  const twice = `{"${odd}${"x".repeat(500)}":1,"${odd}${"x".repeat(500)}":1}`;
  const said = outcome(look({ path, body: twice }));
  assert.match(said, /^400 the body is the member "\\u009b2J\\u202ex{10,60}" is there twice/);
});

Deno.test("a hint keeps what is allowed already", () => {
  const hint = (body: unknown) => {
    const { finding } = look({ path: "/containers/create", body });
    return finding.ok ? "" : finding.hint;
  };
  const join = (NetworkMode: string) => hint({ Image: "a", HostConfig: { NetworkMode } });
  assert.equal(join("host"), 'networks: ["**", host]');
  assert.equal(join("container:web"), 'networks: ["**", container:web]');
  const build = look({ path: "/build?networkmode=host" }, { networks: "any" }).finding;
  assert.equal(build.ok ? "" : build.hint, 'networks: ["**", host]');
});

Deno.test("without a body the engine says so, and commit is judged by its query", () => {
  for (const empty of [undefined, ""]) {
    passes(look({ path: "/containers/create", body: empty, contentType: "" }));
    const commit = { path: "/commit?container=x&repo=evil", body: empty, contentType: "" };
    fails(look(commit, { images: ["ci"] }), "images");
    assert.deepEqual(passes(look(commit)), { ok: true, edits: [], added: [] });
  }
});

Deno.test("every operation whose body is judged has a body that is known", () => {
  for (const { name } of operations) {
    if (readsBody(name)) assert.ok(shapeOf(name), name);
  }
});

Deno.test("what is safe by default is something that can be written, and all of it is explained", () => {
  const used = new Set<string>();
  for (const { name } of operations) {
    const own = keysOf(name);
    assert.equal(new Set(own).size, own.length, name);
    for (const key of own) used.add(key);
    for (const key of Object.keys(safeLimits(name) ?? {})) {
      assert.ok(
        own.some((one) => one === key),
        `${name} has a safe ${key}, which it does not take`,
      );
    }
  }
  assert.deepEqual([...used].sort(), Object.keys(keys).sort());
});

Deno.test("operations on one container take selectors, others do not", () => {
  for (
    const name of [
      "containers.stop",
      "containers.inspect",
      "containers.inspect-size",
      "containers.archive-read",
      "containers.attach-websocket",
      "containers.commit",
      "checkpoints.list",
      "exec.start",
      "networks.connect",
      "podman-containers.kill",
      "podman-exec.start",
      "containers.prune",
    ]
  ) {
    assert.ok(keysOf(name).includes("containers"), name);
  }
  for (const name of ["containers.create", "containers.list", "images.pull", "networks.create"]) {
    assert.ok(!keysOf(name).includes("containers"), name);
  }
});

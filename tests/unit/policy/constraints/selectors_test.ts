import assert from "node:assert/strict";
import { applyEdits } from "../../../../lib/json/edit.ts";
import { parseTarget } from "../../../../lib/http/target.ts";
import type { Limits } from "../../../../lib/policy/constraints/types.ts";
import { fails, look, outcome, passes } from "./run.ts";

const web = "a".repeat(64);
const db = "b".repeat(64);
const impostor = "c".repeat(64);

function told(Id: string, name: string, Image: string, Labels: Record<string, string> | null) {
  return { Id, Name: `/${name}`, Config: { Image, Labels } };
}

const webTold = told(web, "ci-web", "registry.example.com/ci/web:1", { team: "ci", stage: "dev" });
const dbTold = told(db, "db", "postgres:16", null);

const world = {
  "container ci-web": webTold,
  "container aaaa": webTold,
  [`container ${web}`]: webTold,
  "container db": dbTold,
  [`container ${db}`]: dbTold,
  // Somebody named a container like the beginning of another's id: the engine takes the name.
  [`container ${web.slice(0, 12)}`]: told(impostor, web.slice(0, 12), "evil", {}),
  [`exec ${"e".repeat(64)}`]: { ContainerID: web },
  [`exec ${"f".repeat(64)}`]: { ContainerID: db },
  "exec odd": { ContainerID: "" },
  "container broken": { Id: "12", Name: "/broken" },
  "container away": new Error("the engine is away"),
};

const ci: Limits = { containers: [{ name: ["ci-*"] }] };

Deno.test("the id that was judged goes to the engine in the place of the name, and nothing else changes", () => {
  const table: readonly [method: string, path: string, target: string][] = [
    ["POST", "/v1.41/containers/ci-web/stop?t=1", `/v1.41/containers/${web}/stop?t=1`],
    ["POST", "/containers/aaaa/start?x=%2F&&y", `/containers/${web}/start?x=%2F&&y`],
    ["DELETE", "/v1.41/containers/ci-web?v=1", `/v1.41/containers/${web}?v=1`],
    ["GET", "/containers/ci-web/top?ps_args=aux", `/containers/${web}/top?ps_args=aux`],
    ["PUT", "/containers/ci-web/archive?path=/x", `/containers/${web}/archive?path=/x`],
    ["POST", "/v1.41/containers/ci-web/checkpoints", `/v1.41/containers/${web}/checkpoints`],
    ["POST", "/commit?repo=x&container=ci-web&tag=1", `/commit?repo=x&container=${web}&tag=1`],
    ["POST", "/commit?c%6Fntainer=%2Fci-web", `/commit?c%6Fntainer=${web}`],
    ["POST", "/v5.0.0/libpod/containers/ci-web/kill", `/v5.0.0/libpod/containers/${web}/kill`],
  ];
  for (const [method, path, target] of table) {
    const { target: sent } = passes(look({ method, path }, ci, world));
    assert.equal(sent, target);
    const parsed = parseTarget(sent);
    assert.ok(parsed.ok, sent);
  }
});

Deno.test("a selector takes what all its conditions hold for, and one of several is enough", () => {
  const path = "/containers/ci-web/stop";
  const table: readonly [Limits["containers"], takes: boolean][] = [
    [[{ name: ["ci-*"] }], true],
    [[{ name: ["web", "ci-web"] }], true],
    [[{ name: ["web"] }], false],
    [[{ name: ["ci"] }], false],
    [[{ label: ["team=ci"] }], true],
    [[{ label: ["team"] }], true],
    [[{ label: ["team=ci", "stage=dev"] }], true],
    [[{ label: ["team=ci", "stage=prod"] }], false],
    [[{ label: ["team=c"] }], false],
    [[{ label: ["constructor"] }], false],
    [[{ label: ["toString=x"] }], false],
    [[{ image: ["registry.example.com/ci/**"] }], true],
    [[{ image: ["web"] }], false],
    [[{ name: ["ci-*"], image: ["web"] }], false],
    [[{ name: ["x"] }, { label: ["team"] }], true],
    [[], false],
    [[{}], true],
  ];
  for (const [containers, takes] of table) {
    const looked = look({ path }, { containers: containers! }, world);
    if (takes) passes(looked);
    else fails(looked, "containers");
  }
});

Deno.test("a container that is named like the beginning of another's id is judged as itself", () => {
  const looked = look({ path: `/containers/${web.slice(0, 12)}/stop` }, ci, world);
  assert.match(
    outcome(looked),
    /^403 containers: aaaaaaaaaaaa \(image evil\) is not among name ci-/,
  );
});

Deno.test("an exec is judged by the container that it is in", () => {
  for (const [method, verb] of [["POST", "start"], ["POST", "resize"], ["GET", "json"]] as const) {
    const own = look({ method, path: `/exec/${"e".repeat(64)}/${verb}` }, ci, world);
    assert.equal(passes(own).target, undefined);
    fails(look({ method, path: `/exec/${"f".repeat(64)}/${verb}` }, ci, world), "containers");
  }
  fails(look({ path: "/exec/odd/start" }, ci, world), 502);
  fails(look({ path: "/exec/none/start" }, ci, world), 404);
});

Deno.test("the container in the body of connect and disconnect is judged, and its id put there", () => {
  for (const verb of ["connect", "disconnect"]) {
    const path = `/v1.41/networks/front/${verb}`;
    const own = passes(look({ path, body: ' { "Container" : "\\u0063i-web" } ' }, ci, world));
    assert.equal(applyEdits(own.document!, own.edits), ` { "Container" : "${web}" } `);
    assert.equal(own.target, undefined);
    fails(look({ path, body: { Container: "db" } }, ci, world), "containers");
    fails(look({ path, body: {} }, ci, world), 400);
    fails(look({ path, body: { container: "ci-web" } }, ci, world), "unknown_fields");
    fails(look({ path, body: { Container: "ci-web/db" } }, ci, world), 400);
  }
});

Deno.test("without a selector nothing is asked and nothing changes", () => {
  for (const path of ["/containers/db/stop", "/exec/x/start", "/commit?container=db"]) {
    const looked = look({ path }, {}, world);
    assert.deepEqual(looked.asked, []);
    assert.deepEqual(passes(looked), { ok: true, edits: [], added: [] });
  }
});

Deno.test("what the engine says of a container that is not there is passed on", () => {
  const looked = look({ path: "/containers/nobody/stop" }, ci, world);
  assert.equal(outcome(looked), "404 No such container: nobody");
});

Deno.test("an engine that cannot be asked, or makes no sense, denies", () => {
  fails(look({ path: "/containers/away/stop" }, ci, world), 502);
  fails(look({ path: "/containers/broken/stop" }, ci, world), 502);
});

Deno.test("a parameter that names the container twice, or in other letters, is refused", () => {
  fails(look({ path: "/commit?container=ci-web&container=db" }, ci, world), 400);
  fails(look({ path: "/commit?container=ci-web&Container=db" }, ci, world), 400);
  fails(look({ path: "/commit" }, ci, world), 400);
});

Deno.test("prune takes any container, so that no selector allows it", () => {
  fails(look({ path: "/containers/prune" }, ci, world), "containers");
  passes(look({ path: "/containers/prune" }));
});

Deno.test("what no container can be called is not there, so that docker inspect goes on to images", () => {
  const path = (name: string) => ({ method: "GET", path: `/v1.41/containers/${name}/json` });
  for (const name of ["node:20", "node@sha256:1", "node:20.1-slim"]) {
    const { finding, asked } = look(path(name), { containers: [{ name: ["x"] }] }, world);
    assert.deepEqual([finding.ok, "status" in finding && finding.status], [false, 404]);
    assert.deepEqual(asked, []);
  }
});

Deno.test("Podman's ways to reach others through a selected container are denied", () => {
  const restart = (query: string) => ({ path: `/containers/ci-web/restart?${query}` });
  passes(look(restart("t=1"), ci, world));
  passes(look(restart("all=false"), ci, world));
  passes(look(restart("all=true")));
  fails(look(restart("all=true"), ci, world), "containers");
  fails(look(restart("ALL=true"), ci, world), 400);
  fails(look({ path: "/v4.0.0/libpod/containers/ci-web/restart?all=1" }, ci, world), "containers");
  const remove = (query: string) => ({
    method: "DELETE",
    path: `/v4.0.0/libpod/containers/ci-web?${query}`,
  });
  passes(look(remove("depend=false&force=true"), ci, world));
  fails(look(remove("depend=true"), ci, world), "containers");
});

Deno.test("the hint of a container that is not selected keeps the selectors that there are", () => {
  const limits: Limits = { containers: [{ label: ["team=ci"], name: ["ci-*"] }] };
  const { finding } = look({ path: "/containers/db/stop" }, limits, world);
  const hint = "containers: [{ name: [ci-*], label: [team=ci] }, { name: [db] }]";
  assert.equal(finding.ok ? "" : finding.hint, hint);
});

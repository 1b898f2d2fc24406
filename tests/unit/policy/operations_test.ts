import assert from "node:assert/strict";
import { parseTarget } from "../../../lib/http/target.ts";
import { classify } from "../../../lib/policy/classify.ts";
import { operations, routes } from "../../../lib/policy/operations.ts";
import { engineRoutes, expectedName, type Row } from "../../support/engine_routes.ts";
import podmanRoutes from "./podman_routes.json" with { type: "json" };

export function operationOf(method: string, raw: string): string {
  const parsed = parseTarget(raw);
  assert.ok(parsed.ok, `${raw}: ${parsed.ok ? "" : parsed.reason}`);
  const classified = classify(method, parsed.target);
  if (classified.kind === "operation") return classified.operation.name;
  return classified.kind;
}

for (const [method, template, operationId, hijack, effect] of engineRoutes) {
  Deno.test(`the engine's ${operationId} is known, with and without a version prefix`, () => {
    const path = template.replace(/\{[^}]*\}/g, "abc");
    const expected = expectedName(operationId);
    for (const prefix of ["", "/v1.24", "/v1.41", "/v1.56"]) {
      assert.equal(operationOf(method, prefix + path), expected);
    }
    const operation = operations.find(({ name }) => name === expected)!;
    assert.equal(operation.hijack, hijack, "hijack");
    const write = effect === "write";
    assert.equal(operation.effect === "write", write, "whether it writes");
  });
}

for (const [method, template, expected, hijack, effect] of podmanRoutes as Row[]) {
  const { prefix, api } = template.startsWith("/libpod/")
    ? { prefix: "/v4.0.0", api: "Podman's own API" }
    : { prefix: "/v1.41", api: "what Podman has of Docker's API" };
  Deno.test(`${method} ${template} of ${api} is ${expected}`, () => {
    const query = template === "/images/create" ? "?fromImage=x" : "";
    const path = template.replace(/\{[^}]*\}/g, "abc") + query;
    assert.equal(operationOf(method, prefix + path), expected);
    const operation = operations.find(({ name }) => name === expected)!;
    assert.equal(operation.hijack, hijack, "hijack");
    assert.equal(operation.effect === "write", effect === "write", "whether it writes");
    assert.equal(expected.startsWith("podman-"), template.startsWith("/libpod/"), "group");
  });
}

Deno.test("names are unique, and every operation with routes is reached by each of them", () => {
  assert.equal(new Set(operations.map(({ name }) => name)).size, operations.length);
  for (const { method, template, operation } of routes) {
    const query = operation.name === "images.pull" ? "?fromImage=x" : "";
    const path = template.replace(/\{[^}]*\}/g, "abc") + query;
    assert.equal(operationOf(method, path), operation.name, `${method} ${template}`);
  }
});

Deno.test("every operation that the engine's list names is in the table, and no other but our own", () => {
  const listed = new Set([
    ...engineRoutes.map(([, , id]) => expectedName(id)),
    ...(podmanRoutes as Row[]).map(([, , name]) => name),
  ]);
  const own = new Set([
    "images.pull",
    "raw.connect",
    "containers.list-size",
    "containers.inspect-size",
    "images.list-size",
    "containers.top-args",
    "secrets.inspect-data",
    "podman-containers.list-size",
    "podman-containers.inspect-size",
    "podman-containers.top-args",
    "podman-images.list-size",
    "podman-pods.top-args",
    "podman-secrets.inspect-data",
    // In Podman's register_manifest.go, not in the list.
    "podman-manifests.create",
    "podman-manifests.modify",
    "podman-manifests.exists",
    "podman-manifests.inspect",
    "podman-manifests.push",
    "podman-manifests.remove",
  ]);
  for (const { name } of operations) assert.ok(listed.has(name) || own.has(name), name);
});

const cases: [method: string, target: string, expected: string][] = [
  ["GET", "/containers/json", "containers.list"],
  ["GET", "/containers/json?size=0", "containers.list"],
  ["GET", "/containers/json?size=", "containers.list"],
  ["GET", "/containers/json?size=no", "containers.list"],
  ["GET", "/containers/json?size=1", "containers.list-size"],
  ["GET", "/containers/json?size=off", "containers.list-size"],
  ["GET", "/containers/json?s%69ze=1", "containers.list-size"],
  ["GET", "/containers/json?SIZE=1", "malformed"],
  ["GET", "/containers/json?%C5%BFize=1", "malformed"],
  ["GET", "/containers/json?size=%EF%BB%BF0", "containers.list-size"],
  ["GET", "/images/json?shared-size=0", "images.list"],
  ["GET", "/images/json?shared-size=1", "images.list-size"],
  ["GET", "/containers/json?size=0&size=1", "malformed"],
  ["GET", "/containers/json?size=0&Size=1", "malformed"],
  ["GET", "/containers/x/json?size=true", "containers.inspect-size"],
  ["GET", "/containers/x/top", "containers.top"],
  ["GET", "/containers/x/top?ps_args=", "containers.top"],
  ["GET", "/containers/x/top?ps_args=eww", "containers.top-args"],
  ["POST", "/images/create?fromImage=alpine&tag=latest", "images.pull"],
  ["POST", "/images/create?fromSrc=http://x/y", "images.import"],
  ["POST", "/images/create?fromImage=&fromSrc=-", "images.import"],
  ["POST", "/images/create?FROMIMAGE=x&fromSrc=-", "malformed"],
  ["POST", "/images/create?fromImage=x&fromsrc=-", "malformed"],
  ["POST", "/images/create?fromImage=a&fromImage=b", "malformed"],
  ["POST", "/images/create?fr%6fmImage=a&fromSrc=-", "images.pull"],
  ["GET", "/images/json", "images.list"],
  ["GET", "/images/get?names=a&names=b", "images.save"],
  ["GET", "/images/json/json", "images.inspect"],
  ["GET", "/images/registry:5000/a/b/json", "images.inspect"],
  ["GET", "/images/a%2Fb/json", "images.inspect"],
  ["GET", "/images/a@sha256:0123/json", "images.inspect"],
  ["GET", "/images/get/get", "images.save"],
  ["DELETE", "/images/a/b:c", "images.remove"],
  ["DELETE", "/images/json", "images.remove"],
  ["POST", "/images/a/b/push?tag=c", "images.push"],
  ["POST", "/images/push", "unknown"],
  ["GET", "/images/x", "unknown"],
  ["DELETE", "/containers/json", "containers.remove"],
  ["GET", "/containers/json/json", "containers.inspect"],
  ["GET", "/containers/a/b/json", "nobody"],
  ["POST", "/containers/linker/db/exec", "unknown"],
  ["GET", "/containers/linker/json/archive?path=/", "unknown"],
  ["DELETE", "/containers/a/b", "unknown"],
  ["GET", "/containers/a%2Fb/json", "nobody"],
  ["GET", "/containers/json%2Fx", "unknown"],
  ["POST", "/containers/create", "containers.create"],
  ["POST", "/containers/create/start", "containers.start"],
  ["DELETE", "/containers/x/checkpoints/y", "checkpoints.remove"],
  ["GET", "/volumes/create", "volumes.inspect"],
  ["POST", "/volumes/x", "unknown"],
  ["DELETE", "/networks/", "unknown"],
  ["GET", "/networks/", "networks.list"],
  ["GET", "/debug/pprof/heap", "debug.pprof"],
  ["POST", "/debug/pprof/heap", "unknown"],
  ["GET", "/debug", "unknown"],
  ["HEAD", "/_ping", "system.ping"],
  ["HEAD", "/containers/json", "unknown"],
  ["head", "/_ping", "unknown"],
  ["get", "/_ping", "unknown"],
  ["PATCH", "/containers/x", "unknown"],
  ["POST", "/_ping", "unknown"],
  ["OPTIONS", "/containers/create", "system.options"],
  ["GET", "/", "malformed path"],
  ["GET", "/Containers/json", "unknown"],
  ["GET", "/V1.41/containers/json", "unknown"],
  ["GET", "/secrets/x", "secrets.inspect"],
  ["GET", "/secrets/x?showsecret=true", "secrets.inspect-data"],
  ["GET", "/secrets/x?ShowSecret=true", "malformed"],
  ["GET", "/v4.0.0/libpod/containers/json?size=true", "podman-containers.list-size"],
  ["GET", "/v4.0.0/libpod/containers/json?size=false", "podman-containers.list"],
  ["GET", "/v4.0.0/libpod/containers/json?sIze=true", "malformed"],
  ["GET", "/v4.0.0/libpod/containers/x/json?size=on", "podman-containers.inspect-size"],
  ["GET", "/v4.0.0/libpod/containers/x/top?ps_args=eww", "podman-containers.top-args"],
  ["GET", "/v4.0.0/libpod/pods/x/top?ps_args=eww", "podman-pods.top-args"],
  ["GET", "/v4.0.0/libpod/secrets/x/json?showsecret=1", "podman-secrets.inspect-data"],
  ["GET", "/v4.0.0/libpod/images/json?shared-size=1", "podman-images.list-size"],
  ["GET", "/v4.0.0/libpod/images/docker.io%2Flibrary%2Fbb:1/exists", "podman-images.exists"],
  ["GET", "/v4.0.0/libpod/images/docker.io/library/bb/json", "podman-images.inspect"],
  ["GET", "/v4.0.0/libpod/images/json/json", "podman-images.inspect"],
  ["POST", "/v4.0.0/libpod/images/scp/a/b", "podman-images.scp"],
  ["POST", "/v4.0.0/libpod/images/scp/push", "unknown"],
  ["POST", "/v4.0.0/libpod/images/scp/a/push", "unknown"],
  ["POST", "/v4.0.0/libpod/images/scp/a/untag", "unknown"],
  ["POST", "/v4.0.0/libpod/manifests/a%2Fb", "podman-manifests.create"],
  ["POST", "/v4.0.0/libpod/manifests/a/registry/quay.io/b", "podman-manifests.push"],
  ["POST", "/v4.0.0/libpod/manifests/a%2Fregistry%2Fb", "podman-manifests.create"],
  ["PUT", "/v4.0.0/libpod/manifests/a", "podman-manifests.modify"],
  ["GET", "/v4.0.0/libpod/containers/a%2Fb/json", "unknown"],
  ["GET", "/v4.0.0/libpod/containers/a/b/healthcheck", "unknown"],
  ["GET", "/v4.0.0/libpod/networks/a%2Fb", "unknown"],
  ["POST", "/v4.0.0/libpod/containers/create/start", "podman-containers.start"],
  ["DELETE", "/v4.0.0/libpod/containers/json", "podman-containers.remove"],
  ["GET", "/v4.0.0/libpod/images", "unknown"],
  ["GET", "/v4.0.0/libpod", "malformed path"],
  ["GET", "/libpod", "unknown"],
  ["GET", "/libpod%2Fcontainers/json", "unknown"],
  ["GET", "/libpod%2Fimages/x/json", "unknown"],
  ["GET", "/libpod/libpod/containers/json", "unknown"],
  ["GET", "/libpod/_ping", "podman-system.ping"],
  ["POST", "/v4.0.0/libpod/libpod/create", "unknown"],
  ["POST", "/moby.buildkit.v1.Control/Solve", "unknown"],
  ["GET", "/__proto__", "unknown"],
  ["GET", "/constructor/json", "unknown"],
];

for (const [method, target, expected] of cases) {
  if (expected === "malformed path") continue;
  Deno.test(`${method} ${target} is ${expected}`, () => {
    assert.equal(operationOf(method, target), expected);
  });
}

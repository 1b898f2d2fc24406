import assert from "node:assert/strict";
import { applyEdits } from "../../../../lib/json/edit.ts";
import type { Limits } from "../../../../lib/policy/constraints/types.ts";
import { fails, look, passes } from "./run.ts";

const create = (body: unknown, limits: Limits = {}) =>
  look({ path: "/networks/create", body: { Name: "x", ...body as object } }, limits);

/** Networks that the safe defaults deny, and what allows them. */
const harmful: readonly (readonly [key: keyof Limits, body: unknown, allowing: Limits])[] = [
  ["network_drivers", { Driver: "macvlan" }, { network_drivers: ["macvlan"] }],
  ["network_drivers", { Driver: "ipvlan", Options: { parent: "eth0" } }, {
    network_drivers: ["ipvlan"],
    host_interfaces: ["eth0"],
  }],
  ["network_drivers", { Driver: "host" }, { network_drivers: ["host"] }],
  ["network_drivers", { Driver: "Bridge" }, { network_drivers: "any" }],
  ["network_drivers", { Driver: "weave:2" }, { network_drivers: ["weave:*"] }],
  ["host_interfaces", { Options: { "com.docker.network.bridge.name": "br-lan" } }, {
    host_interfaces: ["br-*"],
  }],
  ["host_interfaces", { Options: { parent: "eth0.10" } }, { host_interfaces: ["eth0.*"] }],
  [
    "host_interfaces",
    { Options: { "com.docker.network.bridge.trusted_host_interfaces": "a:eth0" } },
    { host_interfaces: ["a", "eth0"] },
  ],
];

for (const [key, body, allowing] of harmful) {
  Deno.test(`the safe defaults deny the network ${JSON.stringify(body)} for ${key}`, () => {
    fails(create(body), key);
    passes(create(body, allowing));
  });
}

const harmless: readonly unknown[] = [
  {},
  { Driver: "bridge", CheckDuplicate: true, EnableIPv6: false, Internal: true, Attachable: true },
  { Driver: "", Options: null, Labels: { "com.docker.compose.network": "default" } },
  { Driver: "overlay", Scope: "swarm", Options: { encrypted: "" } },
  { Driver: "bridge", Options: { "com.docker.network.driver.mtu": "1400" } },
  { IPAM: { Driver: "default", Options: null, Config: [{ Subnet: "172.30.0.0/24" }] } },
  { ConfigFrom: { Network: "" }, ConfigOnly: false, Ingress: false, EnableIPv4: true },
];

for (const body of harmless) {
  Deno.test(`the safe defaults take the network ${JSON.stringify(body)}`, () => {
    passes(create(body));
  });
}

Deno.test("one of several interfaces that is not allowed denies", () => {
  const Options = { "com.docker.network.bridge.trusted_host_interfaces": "a:eth0" };
  fails(create({ Options }, { host_interfaces: ["a"] }), "host_interfaces");
});

Deno.test("names and labels of networks can be limited", () => {
  fails(create({}, { names: ["ci-*"] }), "names");
  passes(create({ Name: "ci-a" }, { names: ["ci-*"] }));
  fails(create({}, { required_labels: { team: "ci" } }), "required_labels");
  passes(create({ Labels: { team: "ci" } }, { required_labels: { team: "ci" } }));
});

const front = "1".repeat(64);
const world = {
  "network front": { Id: front, Name: "front" },
  "network 1111": { Id: front, Name: "front" },
  "network back": { Id: "2".repeat(64), Name: "back" },
  "network odd": { Name: "odd" },
  "container web": { Id: "a".repeat(64), Name: "/web", Config: {} },
};

for (const verb of ["connect", "disconnect"]) {
  Deno.test(`${verb} takes the networks that are listed, and names them by their ids`, () => {
    const limits: Limits = { networks: ["front"] };
    const body = { Container: "web" };
    for (const name of ["front", "1111"]) {
      const own = look({ path: `/v1.41/networks/${name}/${verb}?x`, body }, limits, world);
      assert.equal(passes(own).target, `/v1.41/networks/${front}/${verb}?x`);
      assert.deepEqual(passes(own).edits, []);
    }
    fails(look({ path: `/networks/back/${verb}`, body }, limits, world), "networks");
    fails(look({ path: `/networks/odd/${verb}`, body }, limits, world), 502);
    fails(look({ path: `/networks/none/${verb}`, body }, limits, world), 404);
    assert.deepEqual(look({ path: `/networks/back/${verb}`, body }, {}, world).asked, []);
  });
}

Deno.test("connect puts both ids where both are selected", () => {
  const limits: Limits = { networks: ["front"], containers: [{ name: ["web"] }] };
  const body = '{"EndpointConfig":{"GwPriority":9007199254740993},"Container":"web"}';
  const own = passes(look({ path: "/networks/front/connect", body }, limits, world));
  assert.equal(own.target, `/networks/${front}/connect`);
  assert.equal(
    applyEdits(own.document!, own.edits),
    body.replace('"web"', `"${"a".repeat(64)}"`),
  );
});

Deno.test("links to containers that are not listed are denied in connect, too", () => {
  const path = "/networks/front/connect";
  const body = (Links: string[]) => ({ Container: "web", EndpointConfig: { Links } });
  fails(look({ path, body: body(["db:x", "secret:y"]) }, { links: ["db"] }), "links");
  passes(look({ path, body: body(["db:x", "/db"]) }, { links: ["db"] }));
});

Deno.test("the removal of networks can be limited by the name that they have", () => {
  const remove = (name: string, limits: Limits) =>
    look({ method: "DELETE", path: `/v1.41/networks/${name}` }, limits, world);
  const limits: Limits = { networks: ["front"] };
  for (const name of ["front", "1111"]) {
    assert.equal(passes(remove(name, limits)).target, `/v1.41/networks/${front}`);
  }
  fails(remove("back", limits), "networks");
  fails(remove("none", limits), 404);
  assert.deepEqual(remove("back", {}).asked, []);
});

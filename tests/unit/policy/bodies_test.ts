import assert from "node:assert/strict";
import { parseJson } from "../../../lib/json/parse.ts";
import { bodies } from "../../../lib/policy/bodies/bodies.ts";
import { checkShape, shapeOf } from "../../../lib/policy/bodies/check.ts";
import type { Shape } from "../../../lib/policy/bodies/shape.ts";
import { operations } from "../../../lib/policy/operations.ts";

function problem(
  operation: string,
  body: unknown,
  unknownFields: "deny" | "allow" = "deny",
): string | undefined {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return checkShape(
    parseJson(new TextEncoder().encode(text)).root,
    shapeOf(operation)!,
    unknownFields,
  )?.reason;
}

const refused: [why: string, operation: string, body: unknown, message: string][] = [
  [
    "a typo, with the field that was meant",
    "containers.create",
    { HostConfig: { Priviledged: true } },
    "HostConfig.Priviledged is not a field of this request that Postern knows; did you mean Privileged?",
  ],
  [
    "a field that nobody knows",
    "containers.create",
    { Frobnicate: 1 },
    "Frobnicate is not a field of this request that Postern knows",
  ],
  [
    "a field in lower case",
    "containers.create",
    { hostconfig: {} },
    "hostconfig has to be spelt HostConfig: the engine takes it for that",
  ],
  [
    "a long s, which Go folds to s",
    "containers.create",
    { "Ho\u017ftConfig": null },
    '["Ho\u017ftConfig"] has to be spelt HostConfig: the engine takes it for that',
  ],
  [
    "a Kelvin sign, which Go folds to k",
    "containers.create",
    { HostConfig: { "Networ\u212aMode": "host" } },
    'HostConfig["Networ\u212aMode"] has to be spelt NetworkMode: the engine takes it for that',
  ],
  [
    "a HostConfig field beside HostConfig",
    "containers.create",
    { Privileged: true },
    "Privileged is a field of HostConfig: write it as HostConfig.Privileged (engines up to 26 would apply it here)",
  ],
  [
    "a HostConfig field beside HostConfig in lower case",
    "containers.create",
    { binds: ["/:/h"] },
    "binds is a field of HostConfig: write it as HostConfig.Binds (engines up to 26 would apply it here)",
  ],
  [
    "the Cpuset of old",
    "containers.create",
    { Cpuset: "0" },
    "Cpuset is a field of HostConfig: write it as HostConfig.CpusetCpus (engines up to 26 would apply it here)",
  ],
  [
    "a string for a boolean",
    "containers.create",
    { HostConfig: { Privileged: "true" } },
    'HostConfig.Privileged must be true or false, not the string "true"',
  ],
  [
    "a number for a boolean",
    "containers.exec",
    { Privileged: 1 },
    "Privileged must be true or false, not the number 1",
  ],
  [
    "an exponent in an integer",
    "containers.update",
    '{"Memory":1e7}',
    "Memory must be an integer, not the number 1e7",
  ],
  [
    "a fraction in an integer",
    "containers.update",
    '{"Memory":1.0}',
    "Memory must be an integer, not the number 1.0",
  ],
  [
    "a string for a list",
    "containers.create",
    { HostConfig: { Binds: "/:/h" } },
    'HostConfig.Binds must be a list, not the string "/:/h"',
  ],
  [
    "a string for the command of an exec",
    "containers.exec",
    { Cmd: "sh" },
    'Cmd must be a list, not the string "sh"',
  ],
  [
    "an item of another type",
    "containers.create",
    { Env: ["A=b", 1] },
    "Env[1] must be a string, not the number 1",
  ],
  [
    "a label of another type",
    "containers.create",
    { Labels: { "a.b": true } },
    'Labels["a.b"] must be a string, not true',
  ],
  [
    "a field of a mount",
    "containers.create",
    { HostConfig: { Mounts: [{}, { type: "bind" }] } },
    "HostConfig.Mounts[1].type has to be spelt Type: the engine takes it for that",
  ],
  [
    "a driver option of another type",
    "volumes.create",
    { DriverOpts: { device: ["/"] } },
    'DriverOpts["device"] must be a string, not a list',
  ],
  [
    "a list for an object",
    "containers.create",
    { HostConfig: [] },
    "HostConfig must be an object, not a list",
  ],
  ["a list for the body", "containers.create", [], "the body must be an object, not a list"],
  ["an object for the body", "plugins.pull", {}, "the body must be a list, not an object"],
  [
    "two spellings of a field beside each other",
    "containers.exec",
    { DetachKeys: "a", detachKeys: "b" },
    "detachKeys is there beside DetachKeys, which is the same",
  ],
  [
    "all capabilities replaced",
    "containers.create",
    { HostConfig: { Capabilities: ["ALL"] } },
    "HostConfig.Capabilities replaces all capabilities, on engines 19.03 only; use CapAdd and CapDrop",
  ],
  [
    "a field deep in a service",
    "services.create",
    { TaskTemplate: { ContainerSpec: { Privileges: { NoNewPriviliges: true } } } },
    "TaskTemplate.ContainerSpec.Privileges.NoNewPriviliges is not a field of this request that Postern knows; did you mean NoNewPrivileges?",
  ],
  [
    "a plugin's remote in the documentation's spelling",
    "services.create",
    { TaskTemplate: { PluginSpec: { Remote: "x" } } },
    "TaskTemplate.PluginSpec.Remote has to be spelt remote: the engine takes it for that",
  ],
  [
    "a name with control characters, which is quoted",
    "networks.create",
    { "a\nb": 1 },
    '["a\\nb"] is not a field of this request that Postern knows',
  ],
];

for (const [why, operation, body, message] of refused) {
  Deno.test(`${operation} is refused for ${why}`, () => {
    assert.equal(problem(operation, body), message);
  });
}

const allowed: [why: string, operation: string, body: unknown][] = [
  ["null for the whole body", "containers.commit", null],
  ["null for anything", "containers.create", { Image: null, HostConfig: { Binds: null } }],
  ["null for a field that nobody knows", "networks.create", {
    IPAM: { Config: [{ NetworkID: null }] },
  }],
  ["the Runtime of docker-py beside HostConfig", "containers.create", { Runtime: null }],
  ["the VolumesFrom of dockerode beside HostConfig", "containers.create", { VolumesFrom: [] }],
  ["the name in the body of dockerode", "containers.create", { name: "x", platform: "" }],
  ["strings for lists of one", "containers.create", { Cmd: "a", HostConfig: { CapAdd: "ALL" } }],
  ["any name of a label", "containers.create", { Labels: { "": "", hostconfig: "x" } }],
  ["a network without settings", "containers.create", {
    NetworkingConfig: { EndpointsConfig: { a: null, b: {} } },
  }],
  ["integers of 64 bits", "containers.create", '{"HostConfig":{"Memory":9223372036854775807}}'],
  ["fields that were taken away", "containers.create", {
    HostConfig: { KernelMemory: 0, DiskQuota: 0, Capabilities: null, LxcConf: [] },
  }],
  ["the exec of docker-py", "containers.exec", { Container: "x", detachKeys: "", Cmd: ["a"] }],
  ["the mode of docker-py", "services.create", { Mode: { replicated: { Replicas: 1 } } }],
  ["a fraction where Go has a float", "services.create", {
    UpdateConfig: { MaxFailureRatio: 0.5 },
  }],
  ["anything in a cluster volume", "volumes.create", { ClusterVolumeSpec: { Group: "g", x: 1 } }],
];

for (const [why, operation, body] of allowed) {
  Deno.test(`${operation} may have ${why}`, () => {
    assert.equal(problem(operation, body), undefined);
  });
}

Deno.test("unknown fields that are allowed pass, but none that the engine takes for a known one", () => {
  const lenient = (body: unknown) => problem("containers.create", body, "allow");
  assert.equal(lenient({ Frobnicate: 1, HostConfig: { Priviledged: true } }), undefined);
  assert.match(lenient({ HostConfig: { privileged: true } }) ?? "", /has to be spelt Privileged/);
  assert.match(lenient({ HostConfig: { "Bind\u017f": ["/:/h"] } }) ?? "", /has to be spelt Binds/);
  assert.match(lenient({ PRIVILEGED: true }) ?? "", /is a field of HostConfig/);
  assert.match(lenient({ "Bind\u017f": [] }) ?? "", /is a field of HostConfig/);
  assert.match(lenient({ HostConfig: { Privileged: 1 } }) ?? "", /must be true or false/);
  assert.match(lenient({ HostConfig: { Capabilities: ["ALL"] } }) ?? "", /use CapAdd/);
});

Deno.test("what has a shape is an operation", () => {
  const names = operations.map((operation) => operation.name);
  assert.deepEqual([...bodies.keys()].filter((name) => !names.includes(name)), []);
  assert.equal(shapeOf("containers.start"), undefined);
});

Deno.test("fields say since which API version they are documented", () => {
  const since = (path: string) => {
    const [operation = "", ...names] = path.split("/");
    let shape: Shape = shapeOf(operation)!;
    let minor = 0;
    for (const name of names) {
      while (shape.kind === "list" || shape.kind === "map") shape = shape.of;
      assert(shape.kind === "struct");
      ({ shape, since: minor } = shape.fields.get(name)!);
    }
    return minor;
  };
  assert.equal(since("containers.create/HostConfig/Binds"), 24);
  assert.equal(since("containers.create/HostConfig/Mounts/BindOptions/ReadOnlyForceRecursive"), 44);
  assert.equal(since("containers.create/HostConfig/Annotations"), 43);
  assert.equal(since("services.create/TaskTemplate/ContainerSpec/CapabilityAdd"), 41);
});

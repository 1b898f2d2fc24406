import assert from "node:assert/strict";
import { load, problems } from "../fakes.ts";

const CONFIG = "listeners: [{ socket: /p.sock }]\npolicies: policies\n";

function check(policy: string) {
  return load({ "postern.yaml": CONFIG, "policies/a.yaml": policy });
}

/** Under `name: x`, everything allowed. */
const all = (constraints: string) => `name: x\nallow: ["*"]\nconstraints:${constraints}\n`;
/** Keys under containers.create, in line 5. */
const create = (keys: string) => all(`\n  containers.create:\n    ${keys}`);

/** A policy and what is wrong with it, as `code line:column`. */
const refused: Record<string, [policy: string, ...expected: string[]]> = {
  "constraints that are nothing": [all(""), "wrong-value 3:13"],
  "constraints that are a list": [all(" [containers.create]"), "wrong-value 3:14"],
  "another word than none": [all(" off"), "wrong-value 3:14"],
  "an unknown operation": [all("\n  containers.crate: {}"), "unknown-operation 4:3"],
  "an unknown group": [all("\n  container.*: none"), "unknown-operation 4:3"],
  "a bare group": [all("\n  containers: none"), "unknown-operation 4:3"],
  "an entry that is nothing": [all("\n  containers.create:"), "wrong-value 4:21"],
  "an entry that is a word": [all("\n  containers.create: any"), "wrong-value 4:22"],
  "an operation that has nothing to judge": [all("\n  system.info: {}"), "unknown-key 4:3"],
  "an operation that is not allowed": [
    "name: x\nallow: [containers.exec]\nconstraints:\n  containers.create: {}\n",
    "not-allowed 4:3",
  ],
  "an operation that is denied, opened": [
    'name: x\nallow: ["*"]\ndeny: [containers.exec]\nconstraints:\n  containers.exec: none\n',
    "not-allowed 5:3",
  ],
  "a misspelt key": [create("host_mount: any"), "unknown-key 5:5"],
  "docker's word for a key": [create("cap_add: []"), "unknown-key 5:5"],
  "a key of another operation": [all("\n  containers.exec: { memory: 1g }"), "unknown-key 4:22"],
  "a key that no operation of the group has": [
    all("\n  volumes.*: { privileged: true }"),
    "unknown-key 4:16",
  ],
  "set elsewhere": [all("\n  containers.exec: { set: {} }"), "unknown-key 4:22"],
  "set under a group": [all("\n  containers.*: { set: {} }"), "unknown-key 4:19"],
  "a flag that is a word": [create("privileged: no"), "wrong-value 5:17"],
  "a key without a value": [create("images:"), "wrong-value 5:12"],
  "an empty pattern": [create('images: [""]'), "wrong-value 5:14"],
  "any among others": [create("images: [any]"), "wrong-value 5:14"],
  "none where a list is meant": [create("capabilities: none"), "wrong-value 5:19"],
  "a relative mount": [create("host_mounts: [srv/ci]"), "wrong-value 5:19"],
  "a mount with dots": [create("host_mounts: /srv/../etc"), "wrong-value 5:18"],
  "a mount that ends with a slash": [create("host_mounts: /srv/"), "wrong-value 5:18"],
  "a mount's misspelt key": [
    create("host_mounts: [{ path: /a, readonly: true }]"),
    "unknown-key 5:31",
  ],
  "a mount without a path": [create("host_mounts: [{ read_only: true }]"), "missing-key 5:19"],
  "a path in a mount that is none": [
    create("host_mounts: [{ path: a, read_only: true }]"),
    "wrong-value 5:27",
  ],
  "an unknown capability": [create("capabilities: [NET_ADMN]"), "wrong-value 5:20"],
  "a path for a volume": [create("volumes: [/srv]"), "wrong-value 5:15"],
  "a device that is no path": [create("devices: ttyUSB0"), "wrong-value 5:14"],
  "a mode that there is not": [create("ipc_mode: [hots]"), "wrong-value 5:16"],
  "a restart policy that there is not": [create("restart_policies: never"), "wrong-value 5:23"],
  "a size that is none": [create("memory: 2 gigs"), "wrong-value 5:13"],
  "no size at all": [create("memory: 0"), "wrong-value 5:13"],
  "processors in words": [create("cpus: two"), "wrong-value 5:11"],
  "less than one process": [create("pids: 0"), "wrong-value 5:11"],
  "an image with a scheme": [create("images: https://registry.example.com/x"), "wrong-value 5:13"],
  "ports the wrong way round": [create("ports: 9000-8000"), "wrong-value 5:12"],
  "ports that there are not": [
    create("ports: [70000, 80-65536, 0.0.0.300:80, http]"),
    "wrong-value 5:13",
    "wrong-value 5:20",
    "wrong-value 5:30",
    "wrong-value 5:44",
  ],
  "a variable with a value": [create("refused_env: [LD_PRELOAD=x]"), "wrong-value 5:19"],
  "required labels as a list": [create("required_labels: [team]"), "wrong-value 5:22"],
  "labels that are no text, whatever their name": [
    create("required_labels: { __proto__: [a], constructor: {} }"),
    "wrong-value 5:35",
    "wrong-value 5:53",
  ],
  "a label to fill in that is no text": [
    create("set: { labels: { __proto__: ~ } }"),
    "wrong-value 5:33",
  ],
  "a body without a limit": [create("body_limit: any"), "wrong-value 5:17"],
  "unknown fields ignored": [create("unknown_fields: ignore"), "wrong-value 5:21"],
  "a selector about everything": [
    all("\n  containers.stop: { containers: [{}] }"),
    "no-conditions 4:35",
  ],
  "no selector": [all("\n  containers.stop: { containers: [] }"), "wrong-value 4:34"],
  "a selector's misspelt key": [
    all("\n  containers.stop: { containers: { lable: a } }"),
    "unknown-key 4:36",
  ],
  "a selector's label without a name": [
    all("\n  containers.stop: { containers: { label: =ci } }"),
    "wrong-value 4:43",
  ],
  "a selector's name with a slash": [
    all("\n  containers.stop: { containers: { name: [/ci] } }"),
    "wrong-value 4:43",
  ],
  "a command with words behind **": [
    all('\n  containers.exec: { commands: ["sh ** x"] }'),
    "wrong-value 4:33",
  ],
  "an addition that there is not": [create("set: { ports: [80] }"), "unknown-key 5:12"],
  "privileges that are not taken": [
    create("set: { no_new_privileges: false }"),
    "wrong-value 5:31",
  ],
  "an addition that is no size": [create("set: { memory: x }"), "wrong-value 5:20"],
  "an addition that the limit refuses": [
    create("memory: 1GiB\n    set: { memory: 2GiB }"),
    "conflict 4:3",
  ],
  "everything at once": [
    create("privileged: 1\n    images: [a b]\n    ports: x\n    membory: 1"),
    "wrong-value 5:17",
    "wrong-value 6:14",
    "wrong-value 7:12",
    "unknown-key 8:5",
  ],
};

for (const [what, [policy, ...expected]] of Object.entries(refused)) {
  Deno.test(`refused in constraints: ${what}`, () => {
    const found = problems(check(policy));
    assert.deepEqual(found.map((text) => text.replace("policies/a.yaml:", "")), expected);
  });
}

const hints: [policy: string, hint: RegExp][] = [
  [create("binds: any"), /^did you mean host_mounts$/],
  [create("volumes: /srv"), /^write host_mounts: \[\/srv\]$/],
  [create("capabilities: none"), /^write capabilities: \[\] where nothing is allowed$/],
  [create("host_mounts: /srv/"), /^write \/srv, or \/srv\/\*\* for what is below$/],
  [create("ipc_mode: sharable"), /^did you mean shareable$/],
  [all("\n  containers.exec: { memory: 1g }"), /^the keys here are .*\bcommands\b/],
  [all("\n  containers: none"), /^did you mean containers\.\*$/],
  [
    "name: x\nconstraints: { containers.create: {} }\n",
    /^remove them, or add "allow: \[containers\.create\]"$/,
  ],
];
for (const [policy, hint] of hints) {
  Deno.test(`the hint ${hint.source}`, () => {
    const result = check(policy);
    assert.ok(!result.ok);
    assert.match(result.diagnostics[0]!.hint ?? "", hint);
  });
}

Deno.test("constraints of an operation that a broken base may allow are not a mistake of their own", () => {
  const result = load({
    "postern.yaml": CONFIG,
    "policies/a.yaml": "name: a\nallow: [containers.create, nope]\n",
    "policies/b.yaml": "name: b\nextends: a\nconstraints: { containers.create: {} }\n",
  });
  assert.deepEqual(problems(result), ["unknown-operation policies/a.yaml:2:28"]);
});

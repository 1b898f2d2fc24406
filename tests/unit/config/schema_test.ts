import assert from "node:assert/strict";
import { parse } from "yaml";
import { jsonSchema } from "../../../lib/config/json_schema.ts";
import { isValid, type Schema } from "../../support/json_schema.ts";
import { load, problems } from "./fakes.ts";

const config = jsonSchema("config") as Schema;
const policy = jsonSchema("policy") as Schema;
const root = new URL("../../../", import.meta.url);

for (const [name, schema] of Object.entries({ config, policy })) {
  Deno.test(`the schema of ${name} is of draft 2020-12, and describes every key`, () => {
    assert.equal(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    const undescribed: string[] = [];
    walk(schema, schema, "", undescribed);
    assert.deepEqual(undescribed, []);
  });
}

function walk(node: unknown, schema: Schema, path: string, undescribed: string[]): void {
  if (typeof node !== "object" || node === null) return;
  const { properties } = node as { properties?: Record<string, Schema> };
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (path.startsWith("/$defs/verbs")) continue;
    const name = String(value["$ref"] ?? "").replace("#/$defs/", "");
    const described = (schema["$defs"] as Record<string, Schema> | undefined)?.[name] ?? value;
    if (described["description"] === undefined) undescribed.push(`${path}/${key}`);
  }
  for (const [key, value] of Object.entries(node)) {
    walk(value, schema, `${path}/${key}`, undescribed);
  }
}

/** What the loader says of a text as a configuration, or as a policy file. */
function loads(text: string, kind: "config" | "policy"): string[] {
  return problems(
    kind === "config" ? load(text) : load({
      "postern.yaml": "listeners: [{ socket: /run/ci.sock }]\npolicies: policies\n",
      "policies/a.yaml": text,
    }),
  );
}

const listeners = "listeners: [{ socket: /p.sock }]";
const good: Record<"config" | "policy", string[]> = {
  config: [
    `${listeners}\n`,
    "upstream: unix:///a\nlisteners: [{ socket: /p.sock, mode: 0660, user: root, group: 2001 }]\n",
    `${listeners}\nclients: [{ uid: [1, 2-3], policy: full }, { group: ci, policy: deny }]\n`,
    `${listeners}\naudit: { file: /var/log/postern/a }\nworkers: 64\nlog: { level: debug }\n`,
    `${listeners}\naudit: { file: /a, required: true, rotate: { size: 1GiB, keep: 1 } }\n`,
    `${listeners}\naudit: { file: /a, required: false, rotate: { size: 65536 } }\n`,
    `${listeners}\naudit: off\ndefault: read-only\nreload: { watch: false, revoke: keep }\n`,
  ],
  policy: [
    "name: a\n",
    "name: a\nmode: warn\nextends: full\nclients: [{ uid: 1 }]\n",
    'name: a\nallow: ["*", images.*, containers.list, { containers: [create, "*"] }]\n',
    "name: a\ndeny: [{ images: pull }]\n",
    "name: a\nconstraints: none\n",
    "name: a\nallow: [containers.create]\nconstraints: { containers.create: none }\n",
    'name: a\nconstraints: { containers.*: { pids: 9 }, "*": { images: any } }\n',
  ],
};
const create = (keys: string) =>
  `name: a\nallow: ["*"]\nconstraints: { containers.create: { ${keys} } }\n`;
good.policy.push(
  ...[
    "privileged: false, host_mounts: any, capabilities: [], images: alpine",
    "host_mounts: [/srv, { path: /etc, read_only: true }], ports: [80, 90-91], user: 1",
    "memory: 2GiB, cpus: 1.5, pids: any, body_limit: 1024, unknown_fields: allow",
    "required_labels: { a: b, c: 1, d: true }, refused_env: [A]",
    "set: { labels: { a: b }, memory: 1g, no_new_privileges: true, user: '1:1', cpus: 1, pids: 2 }",
  ].map(create),
);

const bad: Record<"config" | "policy", string[]> = {
  config: [
    "[]\n",
    "listeners: {}\n",
    "listeners: [{ name: ci }]\n",
    "listeners: [{ socket: 1 }]\n",
    "listeners: [{ socket: /p.sock, protocol: tcp }]\n",
    "listeners: [{ socket: /p.sock, backlog: 0 }]\n",
    "listeners: [{ socket: /p.sock, modes: 0660 }]\n",
    `${listeners}\nclients: [{ uid: 1 }]\n`,
    `${listeners}\nclients: [{ uid: [], policy: full }]\n`,
    `${listeners}\nclients: [{ uid: -1, policy: full }]\n`,
    `${listeners}\naudit: stdout\n`,
    `${listeners}\naudit: { required: true }\n`,
    `${listeners}\naudit: { file: /a, rotate: { keep: 3 } }\n`,
    `${listeners}\naudit: { file: /a, rotate: { size: 1GiB, keep: 0 } }\n`,
    `${listeners}\nworkers: 1.5\n`,
    `${listeners}\nworkers: 65\n`,
    `${listeners}\nlog: { level: loud }\n`,
    `${listeners}\nreload: { watch: yes }\n`,
    `${listeners}\ndefault: ""\n`,
    `${listeners}\nupstreams: /a\n`,
  ],
  policy: [
    "allow: []\n",
    "name: a\nmode: learn\n",
    "name: a\nallow: images.pull\n",
    "name: a\nallow: [images.pul]\n",
    "name: a\nallow: [{ image: [pull] }]\n",
    "name: a\nallow: [{ images: [pul] }]\n",
    "name: a\nallow: [{ images: [] }]\n",
    "name: a\nclients: [{ uid: 1, policy: full }]\n",
    "name: a\nconstraints: off\n",
    "name: a\nconstraints: { containers.crate: none }\n",
    "name: a\nallow: [system.info]\nconstraints: { system.info: {} }\n",
    'name: a\nallow: ["*"]\nconstraints: { containers.exec: { memory: 1g } }\n',
    'name: a\nallow: ["*"]\nconstraints: { containers.exec: { set: {} } }\n',
    'name: a\nallow: ["*"]\nconstraints: { containers.stop: { containers: [] } }\n',
    'name: a\nallow: ["*"]\nconstraints: { containers.stop: { containers: { lable: a } } }\n',
    ...[
      "privileged: no",
      "privilege: true",
      "images: 1",
      'images: [""]',
      "host_mounts: [{ read_only: true }]",
      "host_mounts: [{ path: /a, readonly: true }]",
      "memory: 0",
      "memory: {}",
      "cpus: 0",
      "cpus: lots",
      "pids: 1.5",
      "ports: [70000]",
      "user: -1",
      "unknown_fields: ignore",
      "required_labels: [a]",
      "set: { no_new_privileges: false }",
      "set: { ports: [80] }",
    ].map(create),
  ],
};

for (const kind of ["config", "policy"] as const) {
  const schema = { config, policy }[kind];
  for (const text of good[kind]) {
    Deno.test(`schema and loader take this ${kind}: ${JSON.stringify(text)}`, () => {
      assert.deepEqual(loads(text, kind), []);
      assert.ok(isValid(schema, parse(text)));
    });
  }
  for (const text of bad[kind]) {
    Deno.test(`schema and loader refuse this ${kind}: ${JSON.stringify(text)}`, () => {
      assert.notDeepEqual(loads(text, kind), []);
      assert.ok(!isValid(schema, parse(text)));
    });
  }
}

Deno.test("the schema takes every policy that ships, and those whose compiled tables are kept", () => {
  const files = ["policies/", "policies/examples/", "tests/golden/compiled/"].flatMap((folder) =>
    [...Deno.readDirSync(new URL(folder, root))].filter(({ name }) => name.endsWith(".yaml"))
      .map(({ name }) => new URL(folder + name, root))
  );
  assert.ok(files.length > 4);
  for (const file of files) {
    assert.ok(isValid(policy, parse(Deno.readTextFileSync(file))), file.pathname);
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import { load } from "../../unit/config/fakes.ts";
import type { Target } from "../target.ts";

const scalars = [
  ...["", "~", "null", "true", "0", "-1", "0660", "1e999", ".inf", ".nan", "0x1f", "2000-2999"],
  ...["/run/postern/ci.sock", "relative", '""', "'a b'", "full", "read-only", "team", "ci", "root"],
  ...["deny", "off", "*a", "&a x", "<<", "!!binary a", "!!set {a}", "|\n   text", "2GiB", "1s"],
  ...["9007199254740993", "2001-01-01", "__proto__", "constructor", "\u2028", "**", "/srv/**"],
  ...["[/srv/**]", "any", "containers.list", "{containers: [create]}", "[{}]", "[[[[]]]]"],
];
const keys = [
  ...["upstream", "listeners", "socket", "mode", "user", "group", "policy", "clients", "uid"],
  ...["policies", "default", "audit", "file", "workers", "log", "level", "reload", "watch"],
  ...["name", "extends", "allow", "constraints", "limits", "containers.create", "containers"],
  ...["host_mounts", "privileged", "images", "memory", "tests", "drain", "rotate", "request"],
  ...["__proto__", "? a", "*a", "<<", "1", "constructor", "null", "max_connections", "body"],
];

/** Blocks of YAML with our keys in any place, some of them sound. */
const block = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom(...scalars),
    fc.array(fc.tuple(fc.constantFrom(...keys), tie("node")), { maxLength: 4 }).map((pairs) =>
      `{${pairs.map(([key, value]) => `${key}: ${value}`).join(", ")}}`
    ),
    fc.array(tie("node"), { maxLength: 3 }).map((items) => `[${items.join(", ")}]`),
  ),
})).node;
const lines = fc.array(fc.tuple(fc.constantFrom(...keys), block), { maxLength: 5 }).map((pairs) =>
  pairs.map(([key, value]) => `${key}: ${value}\n`).join("")
);

const start = "listeners: [{socket: /run/postern/ci.sock, policy: team}]\npolicies: team.yaml\n";

type Tree = { [key: string]: Tree } | Tree[] | string | number | boolean | null;

/** Every key in its place. */
const sound: readonly Tree[] = [
  {
    upstream: "/u.sock",
    listeners: [{
      ...{ socket: "/run/ci.sock", name: "ci", mode: "0660", user: "root", group: "ci" },
      ...{ policy: "team", protocol: "http", upstream: "/other.sock", backlog: 5 },
      ...{ max_connections: 9, rotate: "1h" },
    }, {
      listen: "tcp://127.0.0.1:2375",
      insecure: false,
      tls: { cert: "/c", key: "/k", client_ca: "/a" },
    }],
    clients: [
      { uid: [1, "2-3"], group: ["ci"], listener: "ci", policy: "team" },
      { gid: 4, user: "ops", policy: "full" },
      { address: "10.0.0.0/8", cert: "x", container: ["c"], label: "a=b", policy: "deny" },
    ],
    policies: ["team.yaml"],
    default: "deny",
    audit: { file: "/var/log/postern/a", required: true, rotate: { size: "1GiB", keep: 3 } },
    workers: 2,
    max_connections: 5,
    max_connections_per_uid: 4,
    drain: "5s",
    run_as: { user: "ops", group: "ci" },
    log: { level: "debug", format: "json" },
    reload: { watch: true, revoke: "keep" },
    authz: {
      ...{ anonymous: "full", users: { alice: "full" }, socket: "/p.sock", default: "deny" },
      ...{ seal: true, break_glass: "/b" },
    },
  },
  {
    name: "team",
    extends: "read-only",
    mode: "warn",
    clients: [{ uid: 5 }],
    allow: ["containers.*", { images: ["pull"] }, { volumes: "*" }],
    deny: ["system.info"],
    limits: {
      ...{ connections: 3, streams: 4, requests_per_second: 2.5, body: "1MiB", idle: "5s" },
      ...{ time: 5, stream_idle: "1h" },
    },
    constraints: {
      "containers.create": {
        ...{ privileged: false, host_mounts: ["/srv", { path: "/etc", read_only: true }] },
        ...{ memory: "1g", cpus: 1.5, pids: 7, ports: [80, "90"], user: [1, "a"] },
        ...{ required_labels: { a: "b", c: 1 }, refused_labels: "x", refused_env: ["A"] },
        ...{ unknown_fields: "deny", images: ["alpine"], body_limit: 5 },
        set: {
          ...{ labels: { a: "b" }, no_new_privileges: true, memory: "1g", cpus: 1, pids: 3 },
          user: "1:1",
        },
      },
      "containers.stop": { containers: { name: "a", label: ["b"], image: "c" } },
      "containers.exec": "none",
    },
  },
];
const strange: readonly Tree[] = [
  ...[null, true, 0, -1, 1.5, Infinity, NaN, "", "x", "/abs", "5s", [], {}, [[]], [null], [7]],
  ...[{ length: { toString: 1 } }, { toString: 1 }, { length: 0 }, { "": "x" }, { constructor: 5 }],
  ...[{ ["__proto__"]: 7 }, { ["__proto__"]: [{ toString: 1 }] }, { ["__proto__"]: null }],
] as Tree[];

/** What a tree becomes when a value in it, by its number from the top, is another. */
function replaced(tree: Tree, at: number, value: Tree): Tree {
  let n = 0;
  const walk = (node: Tree): Tree => {
    if (n++ === at) return value;
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== "object" || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(tree);
}

/** Sound ones with a few strange values, whose other checks go on behind those. */
const damaged = fc.tuple(
  fc.constantFrom(...sound),
  fc.array(fc.tuple(fc.nat(90), fc.constantFrom(...strange)), { minLength: 1, maxLength: 3 }),
).map(([tree, changes]) =>
  stringify(changes.reduce<Tree>((now, [at, value]) => replaced(now, at, value), tree))
);

/** A configuration and a policy file of the same text: loading tells what is wrong, each with its place, and never throws. */
export const config: Target = {
  name: "config",
  grammar: fc.oneof(
    damaged,
    lines,
    lines.map((text) => start + text),
    lines.map((text) => `name: team\n${text}`),
  ),
  tokens: [
    "\n",
    "  ",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!!x ",
    "#",
    "'",
    '"',
    "\t",
    "|",
  ],
  check(input) {
    const asConfig = load({ "postern.yaml": input, "team.yaml": "name: team\n" });
    const asPolicy = load({ "postern.yaml": start, "team.yaml": input });
    return [asConfig, asPolicy].map((result) => {
      if (result.ok) return "fine";
      assert.ok(result.diagnostics.length > 0, "a reason is given");
      for (const { line, column, message } of result.diagnostics) {
        assert.ok(line === undefined || line > 0, `line ${line}`);
        assert.ok(column === undefined || column > 0, `column ${column}`);
        assert.ok(message.length > 0);
      }
      return [...new Set(result.diagnostics.map(({ code }) => code))].toSorted().join();
    }).join(" / ");
  },
};

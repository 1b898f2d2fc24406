import assert from "node:assert/strict";
import fc from "fast-check";
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

/** A configuration and a policy file of the same text: loading tells what is wrong, each with its place, and never throws. */
export const config: Target = {
  name: "config",
  grammar: fc.oneof(
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

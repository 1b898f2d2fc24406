import assert from "node:assert/strict";
import { builtinPolicies } from "../../../lib/policy/builtin.ts";
import { type Ancestor, builtinAncestor, compilePolicy } from "../../../lib/policy/compile.ts";
import { decide } from "../../../lib/policy/decide.ts";
import { operationNamed } from "../../../lib/policy/operations.ts";
import { suggestOperations } from "../../../lib/policy/suggest.ts";
import type { Policy } from "../../../lib/policy/types.ts";

const entries = (patterns: string[]) =>
  patterns.map((pattern, i) => ({ pattern, origin: `p.yaml:${i + 1}` }));

function compile(
  parts: { name?: string; extends?: string; allow?: string[]; deny?: string[] },
  others: Record<string, Ancestor> = {},
) {
  return compilePolicy({
    name: parts.name ?? "p",
    ...(parts.extends === undefined ? {} : { extends: parts.extends }),
    allow: entries(parts.allow ?? []),
    deny: entries(parts.deny ?? []),
    origin: "p.yaml",
  }, (name) => others[name] ?? ancestor(name));
}

function ancestor(name: string): Ancestor | undefined {
  const builtin = builtinPolicies[name];
  return builtin && builtinAncestor(builtin);
}

function compiled(...args: Parameters<typeof compile>): Ancestor {
  const result = compile(...args);
  assert.ok("policy" in result, JSON.stringify(result));
  return result;
}

const policy = (...args: Parameters<typeof compile>): Policy => compiled(...args).policy;

const allows = (p: Policy, name: string) =>
  decide(p, "test", { kind: "operation", operation: operationNamed(name)! }).allow;

Deno.test("a policy without extends allows what it names and nothing else", () => {
  const p = policy({ allow: ["containers.start"] });
  assert.equal(allows(p, "containers.start"), true);
  assert.equal(allows(p, "system.ping"), false);
});

Deno.test("a policy adds to what it extends", () => {
  const p = policy({ extends: "read-only", allow: ["images.pull"] });
  assert.equal(allows(p, "images.pull"), true);
  assert.equal(allows(p, "containers.list"), true);
  assert.equal(allows(p, "images.push"), false);
});

Deno.test("deny beats allow, in any order and by any pattern", () => {
  for (const allow of [["containers.export"], ["containers.*"], ["*"]]) {
    const p = policy({ allow, deny: ["containers.export"] });
    assert.equal(allows(p, "containers.export"), false);
  }
  assert.equal(
    allows(policy({ extends: "full", deny: ["containers.*"] }), "containers.list"),
    false,
  );
});

Deno.test("what a parent denied by name stays denied, what it merely did not allow can be opened", () => {
  const parent = compiled({ name: "parent", extends: "read-only", deny: ["containers.logs"] });
  const child = policy({ extends: "parent", allow: ["containers.logs", "images.pull"] }, {
    parent,
  });
  assert.equal(allows(child, "containers.logs"), false);
  assert.equal(allows(child, "images.pull"), true);
});

Deno.test("a variant needs its base, and the base does not bring it", () => {
  assert.equal(allows(policy({ allow: ["containers.list"] }), "containers.list-size"), false);
  assert.equal(allows(policy({ allow: ["containers.list-size"] }), "containers.list-size"), false);
  const both = policy({ allow: ["containers.list", "containers.list-size"] });
  assert.equal(allows(both, "containers.list-size"), true);
  const closed = policy({ extends: "full", deny: ["containers.inspect"] });
  assert.equal(allows(closed, "containers.inspect-size"), false, "no way around the deny");
  assert.equal(allows(policy({ allow: ["containers.*"] }), "containers.top-args"), true);
});

Deno.test("a verdict names the line that made it", () => {
  const p = policy({ extends: "read-only", allow: ["images.pull"], deny: ["containers.*"] });
  assert.equal(p.verdicts["images.pull"]!.rule, "p.yaml:1 allow images.pull");
  assert.equal(p.verdicts["containers.logs"]!.rule, "p.yaml:1 deny containers.*");
  assert.equal(p.verdicts["system.info"]!.rule, "read-only (built in)");
});

Deno.test("all the mistakes of a policy are reported at once, each at its entry", () => {
  const result = compile({
    extends: "readonly",
    allow: ["image.pull", "containers.list", "contaners.*"],
    deny: ["containers.exprot"],
  });
  assert.ok("problems" in result);
  assert.deepEqual(
    result.problems.map(({ code, entry }) => [code, entry?.pattern]),
    [
      ["unknown-parent", undefined],
      ["unknown-operation", "image.pull"],
      ["unknown-group", "contaners.*"],
      ["unknown-operation", "containers.exprot"],
    ],
  );
  assert.deepEqual(result.problems[1]!.suggestions[0], "images.pull");
  assert.deepEqual(result.problems[2]!.suggestions[0], "containers.*");
  assert.deepEqual(result.problems[3]!.suggestions[0], "containers.export");
});

const suggestions: [typed: string, meant: string][] = [
  ["image.pull", "images.pull"],
  ["images.pul", "images.pull"],
  ["pull", "images.pull"],
  ["ps", "containers.list"],
  ["containers.rm", "containers.remove"],
  ["container.delete", "containers.remove"],
  ["containers.pull", "images.pull"],
  ["volumes.ls", "volumes.list"],
  ["images.rmi", "images.remove"],
  ["exec", "containers.exec"],
];
for (const [typed, meant] of suggestions) {
  Deno.test(`${typed} is answered with ${meant}`, () => {
    assert.ok(suggestOperations(typed).includes(meant), suggestOperations(typed).join());
  });
}

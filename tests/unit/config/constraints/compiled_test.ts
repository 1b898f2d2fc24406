import assert from "node:assert/strict";
import type { Constraints } from "../../../../lib/policy/constraints/types.ts";
import { operations } from "../../../../lib/policy/operations.ts";
import { givesRoot } from "../../../../lib/policy/root.ts";
import type { Policy } from "../../../../lib/policy/types.ts";
import { load, problems } from "../fakes.ts";

const golden = new URL("../../../golden/compiled/", import.meta.url);
const names = [...Deno.readDirSync(golden)].map(({ name }) => name)
  .filter((name) => name.endsWith(".yaml"))
  .toSorted();

const CONFIG = "listeners: [{ socket: /p.sock }]\npolicies: policies\n";

function compiled(): Readonly<Record<string, Policy>> {
  const texts = names.map((name) =>
    [`policies/${name}`, Deno.readTextFileSync(new URL(name, golden))] as const
  );
  const loaded = load({ "postern.yaml": CONFIG, ...Object.fromEntries(texts) });
  assert.ok(loaded.ok, problems(loaded).join("\n"));
  return loaded.config.gate.policies;
}

/**
 * A decision table: of each operation the verdict, the rule, and the constraints with where they come from. Left out are what is
 * not allowed because nobody said so, and what a built-in policy opens without constraints.
 */
function table(policy: Policy): string {
  const lines = [`policy ${policy.name}, mode ${policy.mode}`];
  const root = givesRoot(policy).filter((how) => !how.startsWith("podman-"));
  lines.push(`gives root: ${root.join(", ") || "no"}`, "");
  for (const { name } of operations) {
    const { allow, rule, constraints } = policy.verdicts[name]!;
    if (!allow && !rule.includes(" deny ")) continue;
    if (constraints === undefined && rule.endsWith("(built in)")) continue;
    lines.push(`${allow ? "allow" : "deny "} ${name}: ${rule}`);
    if (constraints !== undefined) lines.push(...conditions(constraints));
  }
  return lines.join("\n") + "\n";
}

function conditions({ limits, origins, set }: Constraints): string[] {
  const entries = Object.entries(limits);
  const written = entries.filter(([key]) => Object.hasOwn(origins, key))
    .map(([key, value]) =>
      `      ${key}: ${JSON.stringify(value)}  # ${origins[key as keyof typeof origins]}`
    );
  const opened = Object.entries(origins).filter(([key]) => !Object.hasOwn(limits, key))
    .map(([key, origin]) => `      ${key}: not limited  # ${origin}`);
  const isSafe = entries.some(([key]) => !Object.hasOwn(origins, key));
  return [
    ...written,
    ...opened,
    ...(set === undefined ? [] : [`      set: ${JSON.stringify(set)}`]),
    ...(isSafe ? ["      and the safe defaults"] : []),
  ];
}

const policies = compiled();
for (const name of names) {
  Deno.test(`${name} compiles to its decision table`, () => {
    const file = new URL(name.replace(".yaml", ".txt"), golden);
    const actual = table(policies[name.replace(".yaml", "")]!);
    if (Deno.env.get("UPDATE_GOLDEN") === "1") Deno.writeTextFileSync(file, actual);
    assert.equal(actual, Deno.readTextFileSync(file));
  });
}

Deno.test("what is not judged has no constraints, so that nothing is looked into", () => {
  for (const name of ["system.ping", "containers.list", "images.list"]) {
    assert.ok(!("constraints" in policies["read-only"]!.verdicts[name]!), name);
  }
  for (const { constraints } of Object.values(policies["open"]!.verdicts)) {
    assert.equal(constraints, undefined);
  }
});

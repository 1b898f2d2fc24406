import assert from "node:assert/strict";
import { command } from "./fake_world.ts";

for (const name of ["config", "policy"]) {
  Deno.test(`schema ${name} prints a JSON Schema`, async () => {
    const { code, out, err } = await command(["schema", name]);
    assert.deepEqual([code, err], [0, ""]);
    const told = JSON.parse(out);
    assert.match(told.$schema, /2020-12/);
    assert.ok("description" in told.properties[name === "config" ? "listeners" : "allow"]);
  });
}

Deno.test("the schema of a policy knows which keys an operation takes, and which operations there are", async () => {
  const { out } = await command(["schema", "policy"]);
  const { properties, $defs } = JSON.parse(out);
  const [, entries] = properties.constraints.anyOf;
  const keys = Object.keys(entries.properties["containers.exec"].anyOf[1].properties);
  assert.ok(keys.includes("commands") && !keys.includes("memory"), keys.join());
  assert.ok(!Object.hasOwn(entries.properties, "system.info"));
  assert.ok($defs.operation.enum.includes("containers.create"));
  assert.ok($defs.verbs.properties.images.anyOf[0].enum.includes("pull"));
});

for (const args of [[], ["policies"], ["config", "policy"]]) {
  Deno.test(`schema ${args.join(" ")} is a usage error`, async () => {
    const { code, out, err } = await command(["schema", ...args]);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /^postern schema: .*postern schema --help/);
  });
}

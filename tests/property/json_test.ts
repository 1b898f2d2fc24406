import assert from "node:assert/strict";
import fc from "fast-check";
import { JsonError, parseJson } from "../../lib/json/parse.ts";
import type { Json } from "../../lib/json/value.ts";
import { checkShape, shapeOf } from "../../lib/policy/bodies/check.ts";
import { type Shape, string, type Struct, struct } from "../../lib/policy/bodies/shape.ts";
import { GoError, type GoValue, parseGo, Slice, store, visible, zero } from "../support/go_json.ts";
import { bodies, bytesOf } from "../support/json_texts.ts";

/** What the tree says to a judge, in the terms of Go's variables. */
function read(json: Json, shape: Shape): GoValue {
  if (json.kind === "null" || shape.kind === "any" || shape.kind === "refused") return zero(shape);
  switch (json.kind) {
    case "boolean":
      return json.value;
    case "number":
      return shape.kind === "int" ? BigInt(json.text) : Number(json.text);
    case "string":
      return shape.kind === "string" ? json.value : slice([json.value]);
    case "array": {
      const of: Shape = shape.kind === "list" ? shape.of : { kind: "string" };
      return slice(
        json.items.map((item) =>
          item.kind === "null" && of.kind === "struct" ? new Map() : read(item, of)
        ),
      );
    }
    case "object": {
      const entries = [...json.members].flatMap(([name, value]): [string, GoValue][] => {
        if (shape.kind === "map") return [[name, read(value, shape.of)]];
        const field = (shape as Struct).fields.get(name);
        if (field === undefined) return [];
        const [first] = (shape as Struct).twins.find((twins) => twins[1] === name) ?? [name];
        return [[first, read(value, field.shape)]];
      });
      return new Map(entries);
    }
  }
}

function slice(items: GoValue[]): Slice {
  const result = new Slice();
  result.backing.push(...items);
  result.length = items.length;
  return result;
}

/** The tree of a body that passes, or undefined when it is refused. */
function judged(bytes: Uint8Array, shape: Shape, unknown: "deny" | "allow"): Json | undefined {
  try {
    const { root } = parseJson(bytes);
    return checkShape(root, shape, unknown) === undefined ? root : undefined;
  } catch (error) {
    assert(error instanceof JsonError);
    return undefined;
  }
}

/** What the engine has from the bytes, or undefined when it refuses them. */
function engine(bytes: Uint8Array, type: Shape): GoValue | undefined {
  try {
    return store(parseGo(bytes), type, zero(type));
  } catch (error) {
    assert(error instanceof GoError);
    return undefined;
  }
}

for (
  const operation of [
    "containers.create",
    "containers.update",
    "containers.exec",
    "volumes.create",
    "networks.create",
    "services.create",
    "plugins.pull",
  ]
) {
  Deno.test(`a ${operation} body is refused or says what a Go decoder reads`, () => {
    const shape = shapeOf(operation)!;
    let passed = 0;
    let surprises = 0;
    fc.assert(
      fc.property(bodies(shape), fc.constantFrom("deny", "allow"), (text, unknown) => {
        const bytes = bytesOf(text);
        const tree = judged(bytes, shape, unknown);
        const decoded = engine(bytes, shape);
        if (tree === undefined) {
          if (decoded !== undefined) surprises++;
        } else if (decoded !== undefined) {
          passed++;
          assert.deepEqual(visible(read(tree, shape), shape), visible(decoded, shape));
        }
      }),
      { numRuns: 2000 },
    );
    assert(passed > 200 && surprises > 50, `only ${passed} passed, ${surprises} were refused`);
  });
}

const create = shapeOf("containers.create") as Struct;
const hostConfig = create.fields.get("HostConfig")!.shape as Struct;

/** Up to engines 26 a body has HostConfig's fields at the top level, too (runconfig ContainerConfigWrapper). */
const wrapper = struct({
  ...Object.fromEntries(create.fields),
  ...Object.fromEntries(hostConfig.fields),
  Cpuset: string,
});

/** runconfig (*ContainerConfigWrapper).getHostConfig. */
function effectiveHostConfig(body: Map<string, GoValue>): Map<string, GoValue> {
  const outer = new Map([...body].filter(([name]) => hostConfig.fields.has(name)));
  const inner = body.get("HostConfig");
  const result = inner instanceof Map ? new Map(inner) : outer;
  for (const name of ["Memory", "MemorySwap", "CpuShares", "CpusetCpus", "VolumeDriver"]) {
    const fallback = outer.get(name);
    const unset = zero(hostConfig.fields.get(name)!.shape);
    if ((result.get(name) ?? unset) === unset && fallback !== undefined) result.set(name, fallback);
  }
  const cpuset = body.get("Cpuset") ?? "";
  if (cpuset !== "" && (result.get("CpusetCpus") ?? "") === "") result.set("CpusetCpus", cpuset);
  return result;
}

Deno.test("a body that passes gives an old engine the HostConfig that stands under HostConfig", () => {
  let passed = 0;
  fc.assert(
    fc.property(bodies(wrapper), fc.constantFrom("deny", "allow"), (text, unknown) => {
      const bytes = bytesOf(text);
      const tree = judged(bytes, create, unknown);
      const decoded = engine(bytes, wrapper);
      if (tree === undefined || !(decoded instanceof Map)) return;
      passed++;
      const said = tree.kind === "object" ? tree.members.get("HostConfig") : undefined;
      const seen = said === undefined ? new Map() : read(said, hostConfig) ?? new Map();
      // dockerode's "VolumesFrom": [] is nobody's volumes.
      const applied = effectiveHostConfig(decoded);
      if (!(decoded.get("HostConfig") instanceof Map)) applied.delete("VolumesFrom");
      assert.deepEqual(visible(seen, hostConfig), visible(applied, hostConfig));
    }),
    { numRuns: 4000 },
  );
  assert(passed > 300, `only ${passed} passed`);
});

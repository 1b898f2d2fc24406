import assert from "node:assert/strict";
import { parse } from "../../bench/options.ts";
import { workloads } from "../../bench/workloads/all.ts";

Deno.test("without options everything is measured in five rounds of full size", () => {
  const { rounds, scale, wanted, out } = parse([]);
  assert.deepEqual({ rounds, scale }, { rounds: 5, scale: 1 });
  assert.deepEqual(wanted, [...workloads.map(({ name }) => name), "startup", "memory"]);
  assert.match(out, /\/tests\/bench\/results$/);
});

Deno.test("options choose the rounds, the size, the workloads and where results go", () => {
  const options = parse(["--rounds=3", "--scale", "0.1", "--only", "get-1,memory", "--out=/x"]);
  assert.deepEqual(options, {
    ...{ help: false, install: false, rounds: 3, scale: 0.1, wanted: ["get-1", "memory"] },
    out: "/x",
  });
});

for (
  const [args, message] of [
    [["--rounds", "0"], "--rounds must be 1 or more"],
    [["--rounds", "many"], "--rounds must be 1 or more"],
    [["--scale", "0"], "--scale must be more than 0"],
    [["--only", "get-1,put,del"], "--only does not know put,del"],
    [["--fast"], /--fast/],
  ] as const
) {
  Deno.test(`the options ${args.join(" ")} are refused`, () => {
    assert.throws(() => parse(args), { message });
  });
}

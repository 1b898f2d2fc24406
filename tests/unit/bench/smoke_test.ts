import assert from "node:assert/strict";
import { missingPackages } from "../../bench/packages.ts";
import type { Results } from "../../bench/results.ts";

const main = new URL("../../bench/main.ts", import.meta.url).pathname;
const missing = missingPackages();
const because = missing.length === 0 ? "" : ` (skipped: ${missing.join(", ")} not installed)`;

Deno.test({
  name: `the benchmark measures every way without a failure${because}`,
  ignore: missing.length > 0,
  fn: async () => {
    const out = await Deno.makeTempDir();
    const options = ["--rounds=1", "--scale=0.01", "--only=get-16,length", `--out=${out}`];
    const run = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", main, ...options] })
      .output();
    assert.ok(run.success, new TextDecoder().decode(run.stderr));
    const results: Results = JSON.parse(await Deno.readTextFile(`${out}/latest.json`));
    const failed = Object.entries(results.samples).flatMap(([workload, ways]) =>
      Object.entries(ways).flatMap(([way, list]) =>
        list[0]?.ok === true ? [] : [`${workload} ${way}`]
      )
    );
    // Whether 16 connections at once fit into a backlog of 5 is up to the scheduler.
    assert.deepEqual(failed.filter((name) => name !== "get-16 socat"), []);
    assert.deepEqual(Object.keys(results.samples), ["get-16", "length"]);
    assert.equal(Object.keys(results.samples["length"]!).length, 7);
    assert.match(await Deno.readTextFile(`${out}/latest.md`), /^# Benchmark/);
    assert.match(await Deno.readTextFile(`${out}/chart.svg`), /^<svg /);
    await Deno.remove(out, { recursive: true });
  },
});

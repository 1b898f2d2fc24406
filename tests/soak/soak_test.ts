// The task `soak` for as long as a test may take.
import assert from "node:assert/strict";
import { excesses } from "./excesses.ts";
import { growth } from "./memory.ts";
import { reportText } from "./report.ts";
import { soak } from "./soak.ts";
import { traffic } from "./traffic.ts";

/** /proc tells nobody else about a process that nobody may debug. */
const asRoot = { ignore: Deno.uid() !== 0 };
/** V8 takes some hundred MiB before it looks for what it could free; a leak in ten seconds is not told from that. */
const MOST_MIB = 500;

Deno.test(
  "among faults nothing leaks, nothing is lost, and each client hears what is its own",
  asRoot,
  async () => {
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
    const report = await soak({ seconds: 8, warmUp: 1, seed, auditSize: "256KiB", say: () => {} });
    const text = `${reportText(report)}\n${report.log}`;
    assert.deepEqual([...report.wrong, ...excesses(report)], [], text);
    assert.ok(report.after.residentMiB < MOST_MIB, text);
    // It shows something only if all of it happened.
    assert.ok(report.ledger.requests > 500, text);
    assert.ok(report.files > 1, text);
    assert.equal(report.ledger.counts.size, Object.keys(traffic).length, text);
    for (const { whole } of report.ledger.counts.values()) assert.ok(whole > 0, text);
    assert.ok(report.ledger.sum("cut") > 0 && report.ledger.sum("failed") > 0, text);
  },
);

Deno.test("memory that grows with the requests is told from memory that settles", () => {
  const samples = (residentMiB: (n: number) => number) =>
    Array.from({ length: 100 }, (_, n) => (
      { seconds: n, requests: n * 1000, residentMiB: residentMiB(n) }
    ));
  // One KiB a request.
  assert.equal(Math.round(growth(samples((n) => 200 + n * 1000 / 1024))), 1024);
  assert.ok(Math.abs(growth(samples((n) => 300 + (n % 2) * 10))) < 100);
});

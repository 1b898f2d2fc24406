// The task `soak` for as long as a test may take, and what it calls wrong.
import assert from "node:assert/strict";
import type { AuditLine } from "../support/gate.ts";
import { excesses, leaks } from "./excesses.ts";
import { short } from "./kinds.ts";
import { Ledger } from "./ledger.ts";
import { reportText } from "./report.ts";
import { soak } from "./soak.ts";
import { traffic } from "./traffic.ts";

/** /proc tells nobody else about a process that nobody may debug. */
const asRoot = { ignore: Deno.uid() !== 0 };

Deno.test(
  "among faults nothing leaks, nothing is lost, and each client hears what is its own",
  asRoot,
  async () => {
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
    const { most, ...kind } = short;
    const report = await soak({
      ...kind,
      seconds: 30,
      warmUp: 2,
      seed,
      auditSize: "1MiB",
      say: () => {},
    });
    const text = `${reportText(report)}\n${report.log}`;
    const wrong = [...report.wrong, ...excesses(report), ...leaks(report, most)];
    assert.deepEqual(wrong, [], text);
    console.log(reportText(report));
    // It shows something only if all of it happened.
    assert.ok(report.files > 1, text);
    assert.equal(report.ledger.counts.size, Object.keys(traffic).length, text);
    for (const { whole } of report.ledger.counts.values()) assert.ok(whole > 0, text);
    assert.ok(report.ledger.sum("cut") > 0 && report.ledger.sum("failed") > 0, text);
  },
);

Deno.test("memory that grows with the requests is told from memory that settles", () => {
  const samples = (residentMiB: (n: number) => number, liveMiB: (n: number) => number) =>
    Array.from({ length: 100 }, (_, n) => (
      {
        seconds: n,
        requests: n * 1000,
        residentMiB: residentMiB(n),
        // The main thread's comes late.
        live: new Map([["a", liveMiB(n)], ["b", 10], ["main", 15]].slice(0, n < 60 ? 2 : 3) as [
          string,
          number,
        ][]),
      }
    ));
  const most = { resident: 100, live: 20 };
  const leaking = (n: number) => 200 + n * 1000 / 1024;
  // As V8's does.
  const settling = (n: number) => Math.min(100 + 5 * n, 300) + (n % 2);
  assert.deepEqual(leaks({ samples: samples(leaking, () => 20) }, most), [
    "memory in RAM grew by 1024 bytes a request in the later half",
  ]);
  assert.deepEqual(leaks({ samples: samples(settling, (n) => 20 + n * 0.005) }, most), []);
  assert.deepEqual(leaks({ samples: samples(settling, (n) => 20 + n * 0.05) }, most), [
    "what V8 keeps alive grew by 52 bytes a request in the later half",
  ]);
  const silent = samples(settling, () => 20).map((sample) => ({ ...sample, live: new Map() }));
  assert.equal(leaks({ samples: silent }, most).length, 1);
});

Deno.test("each descriptor and each thread too many is one", () => {
  const before = { sockets: 8, pipes: 20, others: 30, threads: 6, residentMiB: 100 };
  assert.deepEqual(excesses({ before, after: { ...before, pipes: 30, residentMiB: 200 } }), []);
  const after = { sockets: 9, pipes: 20, others: 31, threads: 7, residentMiB: 100 };
  assert.deepEqual(excesses({ before, after }), [
    "sockets: 9, before 8",
    "others: 31, before 30",
    "threads: 7, before 6",
  ]);
});

Deno.test("a record that is missing, and one too many, is told", () => {
  const ledger = new Ledger();
  const tag = (n: number) => `0001${String(n).padStart(16, "0")}`;
  const decision = (n: number): AuditLine =>
    ({
      event: "decision",
      id: String(n),
      request: { path: `/containers/${tag(n)}/json` },
    }) as AuditLine;
  for (let n = 0; n < 4; n++) ledger.sent(tag(n));
  for (let n = 0; n < 3; n++) ledger.answered(tag(n));
  // The last one was cut off: it may be recorded or not.
  assert.deepEqual(ledger.differences([0, 1, 2].map(decision)), []);
  assert.deepEqual(ledger.differences([0, 1, 2, 3].map(decision)), []);
  assert.deepEqual(ledger.differences([0, 2].map(decision)), [
    `no decision about ${tag(1)}, which was answered`,
  ]);
  assert.deepEqual(ledger.differences([decision(0), decision(1), decision(2), decision(4)]), [
    `a second decision, or one about nobody's: ${tag(4)}`,
  ]);
});

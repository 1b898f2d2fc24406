import assert from "node:assert/strict";
import type { Check, Configured } from "../../../lib/doctor/facts.ts";
import type { Level } from "../../../lib/doctor/finding.ts";
import { factsOf, type Made } from "./fake_host.ts";

/** A made-up host and what a check must say of it. */
export interface Case {
  readonly name: string;
  readonly host?: Made;
  readonly configured?: Configured;
  /** The levels of all findings; none: the check has nothing to say. */
  readonly levels: readonly Level[];
  /** What titles, evidence and fixes must hold, each somewhere. */
  readonly says?: readonly RegExp[];
  readonly saysNot?: readonly RegExp[];
}

/** One test a case. */
export function checkCases(check: Check, cases: readonly Case[]): void {
  for (const { name, host, configured, levels, says, saysNot } of cases) {
    Deno.test(`doctor, ${check.name}: ${name}`, async () => {
      const findings = await check.look(await factsOf(host ?? {}, configured));
      const text = findings.map(({ title, evidence, fix }) =>
        [title, ...evidence ?? [], ...fix ?? []].join("\n")
      ).join("\n");
      assert.deepEqual(findings.map(({ level }) => level), levels, text);
      for (const words of says ?? []) assert.match(text, words);
      for (const words of saysNot ?? []) assert.doesNotMatch(text, words);
      // Whoever is told that something is not as it should be is told by what that was seen, and what to do.
      for (const { level, evidence, fix } of findings) {
        if (level === "fine") continue;
        assert.ok(evidence?.length && fix?.length, text);
        assert.deepEqual(fix.filter((line) => line.includes("\n")), []);
      }
    });
  }
}

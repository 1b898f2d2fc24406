import { growth, laterHalf } from "./memory.ts";
import type { Report } from "./soak.ts";
import type { Vitals } from "./vitals.ts";

/** Reasons that are shown of many. */
const SHOWN = 20;

export const vitalsText = (vitals: Vitals): string =>
  `${vitals.sockets} sockets, ${vitals.pipes} ends of pipes, ${vitals.others} other descriptors, ` +
  `${vitals.threads} threads, ${vitals.residentMiB.toFixed(0)} MiB`;

/** What came of a soak, for people to read. */
export function reportText(report: Report): string {
  const { ledger, before, after, samples, wrong } = report;
  const sum = [...report.faults.values()].reduce((total, count) => total + count, 0);
  const half = laterHalf(samples).map(({ residentMiB }) => residentMiB);
  const row = (name: string, ...counts: readonly number[]) =>
    `  ${name.padEnd(40)}${counts.map((count) => String(count).padStart(10)).join("")}`;
  return [
    `${report.seconds} s, seed ${report.seed}: ${ledger.requests} requests, ${sum} faults`,
    `  ${"connections".padEnd(40)}${
      ["whole", "no engine", "cut off"].map((h) => h.padStart(10)).join("")
    }`,
    ...[...ledger.counts].map(([kind, { whole, failed, cut }]) => row(kind, whole, failed, cut)),
    "  faults",
    ...[...report.faults].map(([name, count]) => row(name, count)),
    `audit: ${report.lines} records in ${report.files} files`,
    `after the warm-up: ${vitalsText(before)}`,
    `at the end:        ${vitalsText(after)}`,
    `memory in the later half: ${Math.min(...half).toFixed(0)} to ${
      Math.max(...half).toFixed(0)
    } MiB, ` +
    `${growth(laterHalf(samples)).toFixed(0)} bytes a request`,
    wrong.length === 0 ? "nothing was wrong" : `${wrong.length} things were wrong:`,
    ...wrong.slice(0, SHOWN).map((what) => `  ${what}`),
  ].join("\n");
}

import { alive, growth, laterHalf, type Point, resident, type Sample } from "./memory.ts";
import type { Report } from "./soak.ts";
import type { Vitals } from "./vitals.ts";

/** Reasons that are shown of many. */
const SHOWN = 20;

export const vitalsText = (vitals: Vitals): string =>
  `${vitals.sockets} sockets, ${vitals.pipes} ends of pipes, ${vitals.others} other descriptors, ` +
  `${vitals.threads} threads, ${vitals.residentMiB.toFixed(0)} MiB`;

/** Memory in RAM, and what V8 keeps alive of it in each isolate. */
export const memoryText = ({ residentMiB, live }: Sample): string =>
  `${residentMiB.toFixed(0)} MiB (alive in V8: ${
    [...live.values()].map((MiB) => MiB.toFixed(0)).join(" + ")
  })`;

/** What came of a soak, for people to read. */
export function reportText(report: Report): string {
  const { ledger, before, after, samples, wrong } = report;
  const sum = [...report.faults.values()].reduce((total, count) => total + count, 0);
  const later = laterHalf(samples);
  const range = (points: readonly Point[]) => {
    const values = points.map(({ MiB }) => MiB);
    return `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)} MiB, ` +
      `${growth(points).toFixed(0)} bytes a request`;
  };
  const row = (name: string, ...counts: readonly number[]) =>
    `  ${name.padEnd(40)}${counts.map((count) => String(count).padStart(10)).join("")}`;
  return [
    `${report.seconds} s, seed ${report.seed}: ${ledger.requests} requests, ${sum} faults`,
    `  ${"connections".padEnd(40)}${
      ["whole", "no engine", "cut off"].map((h) => h.padStart(10)).join("")
    }`,
    ...[...ledger.counts].map(([kind, { whole, failed, cut }]) => row(kind, whole, failed, cut)),
    `  ${ledger.tls.begun} of them by TLS, ${ledger.tls.made} of which were made`,
    "  faults",
    ...[...report.faults].map(([name, count]) => row(name, count)),
    `audit: ${report.lines} records in ${report.files} files`,
    `after the warm-up: ${vitalsText(before)}`,
    `at the end:        ${vitalsText(after)}`,
    `by the minute: ${samples.filter((_, n) => n % 60 === 0).map(memoryText).join("; ")}`,
    `in the later half: ${range(resident(later))}; alive in V8: ${range(alive(later))}`,
    wrong.length === 0 ? "nothing was wrong" : `${wrong.length} things were wrong:`,
    ...wrong.slice(0, SHOWN).map((what) => `  ${what}`),
  ].join("\n");
}

import { figure, table } from "./format.ts";
import { goals, type Reached } from "./goals.ts";
import { cpu, ratios, type Read } from "./ratios.ts";
import type { Results } from "./results.ts";
import { failed, measured, type Sample } from "./sample.ts";
import { median, spread } from "./statistics.ts";
import type { Workload } from "./workloads/workload.ts";

/** The middle half of a way's rounds lies further apart than this part of their median: the machine was busy. */
const NOISY = 0.2;
/** With fewer rounds there is no middle half to speak of. */
const ENOUGH = 3;

/** The whole report as Markdown. */
export function renderReport(results: Results, workloads: readonly Workload[]): string {
  const ran = workloads.filter(({ name }) => results.samples[name] !== undefined);
  return [
    "# Benchmark",
    renderIntroduction(results),
    renderNoise(results, ran),
    ...renderGoals(goals(results)),
    ...ran.flatMap((workload) => renderWorkload(results, workload)),
    ...renderStartUp(results),
    ...renderMemory(results),
    "## The ways",
    Object.entries(results.ways).map(([name, about]) => `- \`${name}\`: ${about}`).join("\n"),
  ].join("\n\n") + "\n";
}

function renderIntroduction({ date, machine, versions, rounds, scale }: Results): string {
  const trial = scale === 1 ? "" : ` **A trial with ${scale} of each load.**`;
  return `${date}, ${machine}; ${versions}.${trial}\n\n` +
    `Medians of ${rounds} interleaved rounds, and how far the middle half of the rounds lies from them. Ratios are ` +
    "medians of the ratios in each round. Processor time is that of the relay, with its children. Load, relay and " +
    "engine share the processors.";
}

function renderNoise({ samples, rounds }: Results, workloads: readonly Workload[]): string {
  if (rounds < ENOUGH) return "Too few rounds to tell how noisy the machine was.";
  const noisy = workloads.flatMap(({ name }) => {
    const ways = Object.entries(samples[name]!).filter(([, list]) => spread(rates(list)) > NOISY);
    return ways.length === 0 ? [] : [`${name} (${ways.map(([way]) => way).join(", ")})`];
  });
  return noisy.length === 0
    ? "The machine was quiet enough to tell."
    : `**The machine was too noisy to tell** for ${noisy.join(", ")}.`;
}

const verdicts = { reached: "reached", missed: "**missed**", noisy: "too noisy to tell" };

function renderGoals(list: readonly Reached[]): string[] {
  if (list.length === 0) return [];
  const rows = list.map(({ text, kind, goal, unit, value, verdict }) => [
    text,
    `${kind === "least" ? "≥" : "≤"} ${goal}${unit}`,
    `${figure(value)}${unit}`,
    verdicts[verdict],
  ]);
  return ["## Goals", table(["goal", "wanted", "measured", ""], rows)];
}

function renderWorkload(results: Results, { name, title, note, unit }: Workload): string[] {
  const per = unit === "GB/s" ? "µs a MiB" : "µs a request";
  const rows = Object.entries(results.samples[name]!).map(([way, list]) => {
    const against = (peer: string) =>
      way === peer ? "" : figure(median(ratios(results, name, way, peer)));
    return [
      ...[way, withSpread(rates(list)), figure(middle(list, cpu)), figure(middle(list, p50))],
      ...[against("haproxy"), against("socat"), failures(list)],
    ];
  });
  const head = ["", unit, per, "p50 µs", "to HAProxy", "to socat", "failed"];
  return [`## ${title}`, ...(note === undefined ? [] : [note]), table(head, rows)];
}

function renderStartUp({ startUp }: Results): string[] {
  const rows = Object.entries(startUp).map(([name, list]) => [name, withSpread(list)]);
  return rows.length === 0 ? [] : ["## Start-up to the first byte served", table(["", "ms"], rows)];
}

function renderMemory({ memory }: Results): string[] {
  const rows = Object.entries(memory).map(([name, held]) =>
    held.ok
      ? [
        ...[name, mebibytes(held.idle.own), mebibytes(held.idle.files)],
        ...[mebibytes(held.afterLoad.own), mebibytes(held.afterLoad.files)],
        ...[figure(held.perConnection / 1024), figure(held.perServed / 1024)],
        ...[figure(held.rateMeanwhile), held.failed === 0 ? "" : figure(held.failed)],
      ]
      : [name, ...Array(7).fill(""), held.reason]
  );
  if (rows.length === 0) return [];
  const head = [
    ...["", "MiB idle", "and of files", "MiB after 60,000 requests", "and of files"],
    ...["KiB a new connection", "KiB a served one", "requests/s beside 10,000", "failed"],
  ];
  const note =
    "A new connection: one of 10,000 that have sent nothing. A served one: one of 5,000 that have had an " +
    "answer; HAProxy and nginx share engine connections among them, Postern keeps one for each. nginx has room for all " +
    "of them from the start. What the kernel holds is not in it.";
  return ["## Memory", note, table(head, rows)];
}

const p50: Read = (sample) => sample.p50;

function rates(list: readonly Sample[]): number[] {
  return measured(list).map(({ rate }) => rate);
}

function middle(list: readonly Sample[], read: Read): number {
  return median(measured(list).map(read).filter((value) => value !== undefined));
}

/** How many rounds failed, and how the first did. */
function failures(list: readonly Sample[]): string {
  const bad = failed(list);
  return bad.length === 0 ? "" : `${bad.length} of ${list.length} rounds: ${bad[0]!.reason}`;
}

function withSpread(values: readonly number[]): string {
  if (values.length === 0) return "failed";
  const apart = values.length < ENOUGH ? "" : ` ±${Math.round(spread(values) * 50)} %`;
  return `${figure(median(values))}${apart}`;
}

function mebibytes(bytes: number): string {
  return figure(bytes / 2 ** 20);
}

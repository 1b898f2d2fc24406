import { COLUMN, drawColumn, type Group, height, text } from "./bars.ts";
import { ratios } from "./ratios.ts";
import type { Results } from "./results.ts";
import { median } from "./statistics.ts";
import type { Workload } from "./workloads/workload.ts";

const colours: Readonly<Record<string, string>> = {
  "postern": "#0b7a55",
  "haproxy": "#4b5a70",
  "nginx": "#8ea4c0",
  "socat": "#d0aa5e",
  "systemd": "#a999c6",
  "node:net": "#c3c9d1",
};
/** Those that let everything pass. */
const open = new Set(["socat", "systemd"]);
/** Ways that log → those whose variants they are. */
const logging: Readonly<Record<string, string>> = {
  "postern-audit": "postern",
  "haproxy-log": "haproxy",
};
const WIDTH = 2 * COLUMN;
const TOP = 104;

/** A bar for each relay and workload: its rate as a ratio to HAProxy's in the same rounds. */
export function renderChart(results: Results, workloads: readonly Workload[]): string {
  const groups = workloads.filter(({ name, upstream }) =>
    results.samples[name]?.["haproxy"] !== undefined && upstream !== "dockerd"
  ).flatMap(({ name, title }) => [
    group(results, name, title, Object.keys(colours), "haproxy"),
    group(results, name, `${title}, both logging`, Object.keys(logging), "haproxy-log"),
  ]).filter(({ bars }) => bars.length > 1);
  const columns = balance(groups);
  const most = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ ratio }) => ratio ?? 0)));
  const bottom = TOP + Math.max(...columns.map(total));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom}" width="${WIDTH}" height="${bottom}" role="img">
<title>Throughput of relays in front of the same engine, HAProxy = 1</title>
<style>
text { font: 12px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; fill: #3c4654 }
.title { font-size: 18px; font-weight: 600; fill: #16202e }
.group { font-weight: 600; fill: #16202e }
.value { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round }
.name { text-anchor: end }
.own { font-weight: 600; fill: ${colours["postern"]} }
.faint { fill: #6b7685 }
.one { stroke: #16202e; stroke-dasharray: 2 3 }
</style>
<rect width="100%" height="100%" rx="6" fill="#ffffff"/>
${text(16, 30, "Throughput in front of the same engine", "title")}
${text(16, 50, renderSubtitle(results.rounds))}
${renderLegend()}
${columns.map((part, i) => drawColumn(part, i * COLUMN, TOP, most)).join("\n")}
</svg>
`;
}

function renderSubtitle(rounds: number): string {
  return `HAProxy with Tecnativa's rules = 1, longer is faster. Medians of ${rounds} interleaved rounds.`;
}

function group(
  results: Results,
  workload: string,
  title: string,
  ways: readonly string[],
  base: string,
): Group {
  const shown = ways.filter((name) => results.samples[workload]?.[name] !== undefined);
  return {
    title,
    bars: shown.map((way) => {
      const name = logging[way] ?? way;
      const values = ratios(results, workload, way, base);
      const ratio = values.length === 0 ? undefined : median(values);
      return { name, colour: colours[name]!, own: name === "postern", ratio };
    }),
  };
}

function total(groups: readonly Group[]): number {
  return groups.reduce((sum, group) => sum + height(group), 0);
}

/** Splits the groups in two columns of about the same height. */
function balance(groups: readonly Group[]): [Group[], Group[]] {
  const columns: [Group[], Group[]] = [[], []];
  let left = total(groups) / 2;
  for (const group of groups) {
    columns[left > height(group) / 2 ? 0 : 1].push(group);
    left -= height(group);
  }
  return columns;
}

function renderLegend(): string {
  let x = 16;
  return Object.entries(colours).map(([name, colour]) => {
    const label = open.has(name) ? `${name} (no rules)` : name;
    const square = `<rect x="${x}" y="66" width="12" height="12" rx="2" fill="${colour}"/>`;
    const entry = square + text(x + 18, 76, label);
    x += 48 + label.length * 6;
    return entry;
  }).join("\n");
}

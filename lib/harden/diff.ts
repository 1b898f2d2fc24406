/** Lines around a change, as diff -u shows them. */
const CONTEXT = 3;

type Line = { readonly mark: " " | "-" | "+"; readonly text: string };

/** The differences of two texts as `diff -u` writes them, with headings; undefined is no file. Nothing where there are none. */
export function unifiedDiff(path: string, before: string | undefined, after: string): string {
  const lines = compare(linesOf(before ?? ""), linesOf(after));
  if (before !== undefined && lines.every(({ mark }) => mark === " ")) return "";
  const from = before === undefined ? "/dev/null" : path;
  return [`--- ${from}`, `+++ ${path}`, ...hunks(lines)].join("\n") + "\n";
}

/** A last line without an end is marked, as patch(1) wants it. */
function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  else lines.push(`${lines.pop()}\n\\ No newline at end of file`);
  return lines;
}

function compare(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start && end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) end++;
  const same = (text: string): Line => ({ mark: " ", text });
  return [
    ...before.slice(0, start).map(same),
    ...longest(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ];
}

/** Along a longest common subsequence: what is only in the first goes, what is only in the second comes. */
function longest(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i * width + j] = before[i] === after[j]
        ? common[(i + 1) * width + j + 1]! + 1
        : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ mark: " ", text: before[i++]! });
      j++;
    } else if (
      j === after.length ||
      (i < before.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)
    ) lines.push({ mark: "-", text: before[i++]! });
    else lines.push({ mark: "+", text: after[j++]! });
  }
  return lines;
}

function hunks(lines: readonly Line[]): string[] {
  const shown = new Set<number>();
  lines.forEach(({ mark }, at) => {
    if (mark === " ") return;
    for (let near = at - CONTEXT; near <= at + CONTEXT; near++) shown.add(near);
  });
  const out: string[] = [];
  const at = { before: 0, after: 0 };
  for (let i = 0; i < lines.length;) {
    const hunk: Line[] = [];
    const start = { ...at };
    while (i < lines.length && shown.has(i)) {
      const line = lines[i++]!;
      hunk.push(line);
      count(at, line);
    }
    if (hunk.length > 0) {
      out.push(`@@ -${range(start.before, at.before)} +${range(start.after, at.after)} @@`);
      out.push(...hunk.map(({ mark, text }) => mark + text));
    } else count(at, lines[i++]!);
  }
  return out;
}

function count(at: { before: number; after: number }, { mark }: Line): void {
  if (mark !== "+") at.before++;
  if (mark !== "-") at.after++;
}

/** The number of the first line and how many there are; of none, the line before them. */
function range(start: number, end: number): string {
  const length = end - start;
  const first = length === 0 ? start : start + 1;
  return length === 1 ? `${first}` : `${first},${length}`;
}

/** Bars under a heading. */
export interface Group {
  readonly title: string;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly name: string;
  readonly colour: string;
  /** Set off from the others. */
  readonly own: boolean;
  /** None for what failed. */
  readonly ratio: number | undefined;
}

/** How wide a column of groups is drawn, in pixels. */
export const COLUMN = 490;
/** Within a column: where names end and bars begin, and the room for the longest bar. */
const LEFT = 92;
const ROOM = COLUMN - LEFT - 66;
const HEADING = 24;
const ROW = 16;
const GAP = 18;

/** How high a group is drawn, in pixels. */
export function height({ bars }: Group): number {
  return HEADING + bars.length * ROW + GAP;
}

/** Draws groups under each other from `x` and `y` on, with a line at 1; `most` is the ratio of the longest bar. */
export function drawColumn(groups: readonly Group[], x: number, y: number, most: number): string {
  const scale = ROOM / most;
  const parts: string[] = [];
  let top = y;
  for (const group of groups) {
    const rows = group.bars.map((bar, i) => drawBar(bar, x + LEFT, top + HEADING + i * ROW, scale));
    parts.push(
      text(x + 16, top + 12, group.title, "group"),
      ...rows.map(({ bar }) => bar),
      `<path d="M${(x + LEFT + scale).toFixed(1)} ${top + HEADING - 3}v${
        group.bars.length * ROW + 3
      }" class="one"/>`,
      ...rows.map(({ words }) => words),
    );
    top += height(group);
  }
  return parts.join("\n");
}

/** The words come apart from the bar: they go on top of the line. */
function drawBar(
  { name, colour, own, ratio }: Bar,
  x: number,
  y: number,
  scale: number,
): { readonly bar: string; readonly words: string } {
  const style = own ? " own" : "";
  const label = text(x - 8, y + 10, name, `name${style}`);
  if (ratio === undefined) return { bar: "", words: label + text(x, y + 10, "failed", "faint") };
  const width = Math.max(1, ratio * scale);
  return {
    bar: `<rect x="${x}" y="${y}" width="${
      width.toFixed(1)
    }" height="12" rx="2" fill="${colour}"/>`,
    words: label + text(Math.round(x + width + 6), y + 10, ratio.toFixed(2), `value${style}`),
  };
}

export function text(x: number, y: number, content: string, style = ""): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${y}" class="${style}">${escaped}</text>`;
}

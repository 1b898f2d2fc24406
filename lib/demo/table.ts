import { styleText } from "node:util";

/** A row of the demo's table. */
export interface Row {
  readonly who: string;
  readonly what: string;
  readonly allowed: boolean;
  readonly why: string;
}

/** The rows as a table of at most `columns` characters a line; the last column wraps under itself. */
export function renderTable(rows: readonly Row[], columns: number, color: boolean): string {
  const heads = ["who", "what", "decision"];
  const cells = (row: Row) => [row.who, row.what, row.allowed ? "allowed" : "denied"];
  const widths = heads.map((head, i) =>
    Math.max(head.length, ...rows.map((r) => cells(r)[i]!.length))
  );
  const indent = widths.reduce((sum, width) => sum + width + 2, 0);
  const room = Math.max(24, columns - indent);
  const paint = (format: "bold" | "green" | "red", text: string) =>
    color ? styleText(format, text, { validateStream: false }) : text;

  const line = (
    texts: readonly string[],
    format: readonly ("bold" | "green" | "red" | undefined)[],
  ) =>
    texts.map((text, i) => {
      const padded = text.padEnd(widths[i]!);
      return format[i] === undefined ? padded : paint(format[i], padded);
    }).join("  ");

  const out = [`${line(heads, ["bold", "bold", "bold"])}  ${paint("bold", "why")}`];
  for (const row of rows) {
    const [first = "", ...more] = wrap(row.why, room);
    const format = [undefined, undefined, row.allowed ? "green" : "red"] as const;
    out.push(`${line(cells(row), format)}  ${first}`.trimEnd());
    for (const rest of more) out.push(" ".repeat(indent) + rest);
  }
  return out.join("\n") + "\n";
}

/** Words on lines of at most `room` characters; a longer word stands alone. */
function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= room) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

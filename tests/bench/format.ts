/** Three digits, and no more than a whole number needs; nothing for what is not a number. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "";
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString("en")
    : String(Number(value.toPrecision(3)));
}

/** A Markdown table: names in the first column, figures in the others, of which those without any are left out. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const kept = head.map((_, i) => i === 0 || rows.some((row) => row[i] !== ""));
  const cell = (text: string) => text.replace(/\s+/g, " ").replaceAll("|", "\\|");
  const line = (cells: readonly string[]) =>
    `| ${cells.filter((_, i) => kept[i]).map(cell).join(" | ")} |`;
  const rule = head.map((_, i) => i === 0 ? "---" : "--:");
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

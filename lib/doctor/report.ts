import type { Report } from "./checks.ts";
import { type Finding, groups, type Level } from "./finding.ts";
import { visible } from "./wording.ts";

/** How a report is written. */
export interface Style {
  readonly color: boolean;
  /** Columns to wrap at. */
  readonly columns: number;
}

/** By word, so that it needs no color: what is wrong stands out by its letters. */
const marks: Readonly<Record<Level, readonly [mark: string, color: string]>> = {
  wrong: ["WRONG  ", "1;31"],
  advice: ["advice ", "33"],
  unknown: ["unknown", "35"],
  fine: ["fine   ", "32"],
};
const INDENT = "          ";

/** The report for people: grouped, what is wrong first, a summary at the end. */
export function asText({ findings, leftOut }: Report, style: Style): string {
  const blocks = groups.flatMap((group) => {
    const own = findings.filter((finding) => finding.group === group).toSorted((a, b) =>
      rank(a.level) - rank(b.level)
    );
    return own.length === 0
      ? []
      : [`${group}\n${own.map((one) => findingAsText(one, style)).join("")}`];
  });
  const skipped = leftOut.length === 0 ? "" : wrapped(
    `left out below another root, since it looks at what runs: ${leftOut.join(", ")}`,
    style.columns,
    "",
    "  ",
  ).join("\n") + "\n\n";
  return `${blocks.join("\n")}\n${skipped}${summary(findings)}\n`;
}

function rank(level: Level): number {
  return Object.keys(marks).indexOf(level);
}

function findingAsText(
  { level, title, evidence, fix }: Finding,
  { color, columns }: Style,
): string {
  const [mark, code] = marks[level];
  const painted = color ? `\x1b[${code}m${mark}\x1b[0m` : mark;
  const lines = [
    ...wrapped(title, columns, INDENT).map((line, at) =>
      at === 0 ? `  ${painted} ${line.trimStart()}` : line
    ),
    ...shortened(evidence ?? []).flatMap((line) =>
      wrapped(line, columns, `${INDENT}- `, `${INDENT}  `)
    ),
    ...(fix ?? []).flatMap((line, at) => fixAsText(line, columns, at === 0 ? "fix: " : "     ")),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** Lines of evidence that a terminal shows; programs get them all. */
const MOST = 12;

function shortened(evidence: readonly string[]): readonly string[] {
  if (evidence.length <= MOST) return evidence;
  return [...evidence.slice(0, MOST - 1), `and ${evidence.length - MOST + 1} more (--json)`];
}

/** A command is one line, to be copied whole; a comment that goes on is a comment in each of its lines. */
function fixAsText(line: string, columns: number, first: string): string[] {
  if (!line.startsWith("# ")) return [`${INDENT}${first}${visible(line)}`];
  return wrapped(line.slice(2), columns, `${INDENT}${first}# `, `${INDENT}     # `);
}

/** `2 wrong, 1 advice, 9 fine`. */
export function summary(findings: readonly Finding[]): string {
  const counts = (Object.keys(marks) as Level[]).flatMap((level) => {
    const many = findings.filter((finding) => finding.level === level).length;
    return many === 0 ? [] : [`${many} ${level}`];
  });
  return counts.length === 0 ? "nothing to look at" : counts.join(", ");
}

/** Breaks at blanks; a word that is longer than a line stands alone. What is not text is shown, not sent to the terminal. */
function wrapped(text: string, columns: number, first: string, rest = first): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of visible(text).split(" ")) {
    const room = Math.max(columns, 40) - (lines.length === 0 ? first : rest).length;
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push((lines.length === 0 ? first : rest) + line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, (lines.length === 0 ? first : rest) + line];
}

/** The report for programs, on one line. A terminal takes it literally, too: what JSON lets stand as it is, is escaped. */
export function asJsonText(report: Report): string {
  return JSON.stringify(asJson(report)).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    escaped,
  ) + "\n";
}

function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");
}

/** The report as a value; README says what its members mean. */
export function asJson({ findings, leftOut }: Report) {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  return {
    wrong: count("wrong"),
    advice: count("advice"),
    unknown: count("unknown"),
    fine: count("fine"),
    findings: findings.map(({ check, group, level, title, evidence, fix }) => ({
      check,
      group,
      level,
      title,
      evidence: evidence ?? [],
      fix: fix ?? [],
    })),
    left_out: leftOut,
  };
}

import { octal } from "./apply.ts";
import { unifiedDiff } from "./diff.ts";
import type { Planned } from "./host.ts";
import { shellLine } from "./quote.ts";
import type { Item, Survey } from "./survey.ts";

/** A whole plan for a person: every difference of every file, every command, and why. */
export function describePlan(planned: readonly Planned[], found: Survey, color: boolean): string {
  const paint = (code: number) => (text: string) => color ? `\x1b[${code}m${text}\x1b[0m` : text;
  const style = { head: paint(1), good: paint(32), bad: paint(31), dim: paint(2) };
  const blocks = planned.map(({ part, summary, plan }) => {
    const items = found.items.filter((item) => item.part === part);
    const todo = items.filter(({ todo }) => todo);
    const lines = [style.head(`${part}: ${summary}`)];
    for (const entry of found.stale.filter((one) => one.part === part)) {
      const what = entry.kind === "command" ? entry.command.join(" ") : entry.path;
      lines.push("", `  # is wanted no more, and taken back: ${what}`);
    }
    for (const item of todo) lines.push("", ...describeItem(item, style));
    if (plan.skipped !== undefined) lines.push(`  left out: ${plan.skipped}`);
    else if (items.length > 0 && todo.length === 0) lines.push("  nothing to do");
    for (const note of plan.notes) lines.push("", `  note: ${note}`);
    return lines.join("\n") + "\n";
  });
  return blocks.join("\n");
}

type Style = Readonly<Record<"good" | "bad" | "dim", (text: string) => string>>;

function describeItem(item: Item, style: Style): string[] {
  const why = style.dim(`  # ${item.step.why}`);
  if (item.kind === "command") return [why, `  $ ${shellLine(item.command)}`];
  if (item.kind === "access") {
    const { path, mode, user, group } = item.step;
    const was = item.was && ` (is ${item.was.uid}:${item.was.gid}, mode ${octal(item.was.mode)})`;
    return [why, `  ${path}: owner ${user}:${group}, mode ${octal(mode)}${was}`];
  }
  const { step: { path }, before, after, access, was } = item;
  const diff = unifiedDiff(path, before, after).trimEnd().split("\n").filter((line) => line !== "");
  const mode = was === undefined
    ? [`  new file, mode ${octal(access.mode)}, owner root`]
    : was.mode !== access.mode || was.uid !== access.uid || was.gid !== access.gid
    ? [
      `  owner ${was.uid}:${was.gid} becomes ${access.uid}:${access.gid}, mode ${
        octal(was.mode)
      } ` +
      `becomes ${octal(access.mode)}`,
    ]
    : [];
  return [why, ...mode, ...diff.map((line) => `  ${painted(line, style)}`)];
}

function painted(line: string, { good, bad, dim }: Style): string {
  if (line.startsWith("+")) return good(line);
  if (line.startsWith("-")) return bad(line);
  return line.startsWith("@@") ? dim(line) : line;
}

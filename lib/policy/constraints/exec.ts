import type { JsonDocument } from "../../json/value.ts";
import { judgeEnv } from "./environment.ts";
import { type Denial, denied, fine } from "./finding.ts";
import { allows, isOpen } from "./patterns.ts";
import { flagAt, textAt, textsAt } from "./reading.ts";
import type { Constraints, Limits, Scrutinised, Scrutiny } from "./types.ts";
import { judgeUser } from "./user.ts";
import { listWith, notAmong, shown } from "./wording.ts";

/** POST /containers/{id}/exec. */
// deno-lint-ignore require-yield
export function* scrutiniseExec(
  { limits }: Constraints,
  _request: Scrutinised,
  { root }: JsonDocument,
): Scrutiny {
  if (limits.privileged === false && flagAt(root, "Privileged")) {
    return denied("privileged", "Privileged is true", "privileged: true");
  }
  return judgeUser(limits, textAt(root, "User")) ?? judgeEnv(limits, textsAt(root, "Env")) ??
    judgeCommand(limits, textsAt(root, "Cmd")) ?? judgeVariables(limits, textsAt(root, "Env")) ??
    fine;
}

/** Another command is run in its place by `PATH`, `LD_PRELOAD`, `BASH_FUNC_ls%%`, `NODE_OPTIONS`: who allows any has to say so. */
function judgeVariables(limits: Limits, env: readonly string[]): Denial | undefined {
  const [first] = env;
  if (isOpen(limits.commands) || limits.refused_env !== undefined || first === undefined) {
    return undefined;
  }
  return denied(
    "commands",
    `the variable ${
      shown(first.split("=", 1)[0]!)
    } is set, and variables can make another command of it`,
    'refused_env: [PATH, "LD_*"]',
  );
}

type Word = readonly [pattern: string];

const compiled = new WeakMap<readonly string[], readonly (readonly Word[])[]>();

function judgeCommand(
  { commands: allowed }: Limits,
  command: readonly string[],
): Denial | undefined {
  if (isOpen(allowed)) return undefined;
  let patterns = compiled.get(allowed);
  if (patterns === undefined) {
    patterns = allowed.map((text) => text.trim().split(/\s+/).map((word): Word => [word]));
    compiled.set(allowed, patterns);
  }
  if (patterns.some((words) => isCovered(words, command))) return undefined;
  const text = command.join(" ");
  return denied(
    "commands",
    `${shown(text)} ${notAmong(allowed)}`,
    listWith("commands", allowed, text),
  );
}

/** Word by word: a word of the command may hold blanks, and is one word all the same. */
function isCovered(words: readonly Word[], command: readonly string[]): boolean {
  const isPrefix = words.at(-1)?.[0] === "**";
  const fixed = isPrefix ? words.slice(0, -1) : words;
  if (command.length < fixed.length) return false;
  if (!isPrefix && command.length > fixed.length) return false;
  return fixed.every((word, i) => allows(word, command[i]!));
}

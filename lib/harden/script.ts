import { shellWord } from "../config/shell.ts";
import { octal } from "./apply.ts";
import { sha256 } from "./digest.ts";
import { shellLine } from "./quote.ts";
import type { Planned } from "./host.ts";
import type { Item, Survey } from "./survey.ts";

/** What every script begins with. POSIX sh, and coreutils for install(1) and sha256sum(1). */
const opening = `#!/bin/sh
# What \`postern harden apply\` would do on this host, for a person to read, change and run as root.
# Copies of the files that it replaces are kept in $kept. It can be run again: what is done stays done.
set -eu
umask 022
kept=\${KEPT:-/var/backups/postern}

# as_planned FILE SUM: stops where FILE is neither as it was when this was written, nor as it should be.
as_planned() {
  if [ -e "$1" ] || [ -L "$1" ]; then sum=$(sha256sum "$1" | cut -d ' ' -f 1); else sum=absent; fi
  if [ -L "$1" ] || { [ "$sum" != "$2" ] && [ "$sum" != "$3" ]; }; then
    echo "$1 is another one than when this was written; make the script anew" >&2
    exit 1
  fi
}

# is -S PATH: stops where that is no socket (-f: no file, -d: no folder), or a link.
is() {
  if [ -L "$2" ] || [ ! "$1" "$2" ]; then
    echo "$2 is another thing than when this was written; make the script anew" >&2
    exit 1
  fi
}

# put FILE MODE OWNER: standard input becomes FILE, in one step, after a copy was kept.
put() {
  mkdir -p "\${1%/*}"
  if [ -e "$1" ] && [ ! -e "$kept$1" ]; then
    mkdir -p -m 0700 "$kept"
    mkdir -p "$kept\${1%/*}"
    cp -p "$1" "$kept$1"
  fi
  new="\${1%/*}/.\${1##*/}.postern-new"
  cat >"$new.text"
  install -m "$2" -o "\${3%:*}" -g "\${3#*:}" "$new.text" "$new"
  rm "$new.text"
  mv "$new" "$1"
}
`;

/** The plan as one script that does what `apply` does, but for the manifest. */
export function shellScript(planned: readonly Planned[], found: Survey): string {
  const blocks = planned.map(({ part, summary, plan }) => {
    const items = found.items.filter((item) => item.part === part && item.todo);
    const lines = [`# --- ${part}: ${summary}`];
    if (plan.skipped !== undefined) lines.push(...comment(`left out: ${plan.skipped}`));
    else if (items.length === 0) lines.push("# nothing to do");
    for (const item of items) lines.push("", ...comment(item.step.why), ...lineOf(item));
    for (const note of plan.notes) lines.push("", ...comment(`note: ${note}`));
    return lines.join("\n") + "\n";
  });
  return [opening, ...blocks].join("\n");
}

function lineOf(item: Item): string[] {
  if (item.kind === "command") {
    const done = item.done === undefined ? "" : `${shellLine(item.done)} >/dev/null 2>&1 || `;
    return [done + shellLine(item.command)];
  }
  if (item.kind === "access") {
    const { path, mode, user, group, what } = item.step;
    const kind = { socket: "-S", file: "-f", folder: "-d" }[what];
    return [
      `is ${kind} ${shellWord(path)}`,
      `chown ${shellWord(`${user}:${group}`)} ${shellWord(path)}`,
      `chmod ${octal(mode)} ${shellWord(path)}`,
    ];
  }
  const { step: { path }, before, after, access } = item;
  const sum = before === undefined ? "absent" : sha256(before);
  const target = `${shellWord(path)} ${octal(access.mode)} ${access.uid}:${access.gid}`;
  const check = `as_planned ${shellWord(path)} ${sum} ${sha256(after)}`;
  if (!after.endsWith("\n")) return [check, `printf %s ${quoted(after)} | put ${target}`];
  const end = delimiter(after);
  return [check, `put ${target} <<'${end}'`, `${after}${end}`];
}

/** A line that the text does not hold: it would end there. */
function delimiter(text: string): string {
  const lines = new Set(text.split("\n"));
  let word = "EOF";
  while (lines.has(word)) word += "_";
  return word;
}

/** Every line of it, so that no text of a configuration's can become a command. */
function comment(text: string): string[] {
  return text.split(/[\r\n]+/).map((line) => `# ${line}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

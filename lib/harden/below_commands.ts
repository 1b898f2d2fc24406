import { ROOT } from "./forms.ts";
import { PLAIN_NAME } from "./names.ts";

const unit = /^postern(?:-[A-Za-z0-9._-]+)?\.(?:service|socket)$/;
const pattern = /^\^[A-Za-z0-9_.@\\-]+:$/;

/** What may stand in each place of a command; `ROOT` is the root. */
type Shape = readonly (string | RegExp)[];

/** Everything that is run below a root to see whether something is done, and to take it back. */
const shapes: readonly Shape[] = [
  ...["groupdel", "userdel"].map((program) => [program, "--prefix", ROOT, PLAIN_NAME]),
  ["grep", "-q", pattern, `${ROOT}/etc/passwd`],
  ["grep", "-q", pattern, `${ROOT}/etc/group`],
  ["grep", "-q", pattern, `${ROOT}/etc/passwd`, `${ROOT}/etc/group`],
  ["systemctl", `--root=${ROOT}`, "disable", unit],
  ["systemctl", "-q", `--root=${ROOT}`, "is-enabled", unit],
];

/**
 * Whether words from a tree's manifest are a command that `harden` itself would have written there. A tree is somebody's: what it
 * says is run as root on this host, and not in the tree.
 */
export function isBelowCommand(words: readonly string[]): boolean {
  return shapes.some((shape) =>
    shape.length === words.length && shape.every((wanted, at) => {
      const word = words[at];
      if (typeof word !== "string") return false;
      return typeof wanted === "string" ? wanted === word : wanted.test(word);
    })
  );
}

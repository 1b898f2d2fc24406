import { shellWord } from "../config/shell.ts";
import { LOGS } from "./service_unit.ts";
import type { CommandStep, Facts, Freed } from "./part.ts";

/** shadow-utils edit these, and leave the texts of before and a lock beside them. */
const files = ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"];
const touches = { files, beside: [...files.map((file) => `${file}-`), "/etc/.pwd.lock"] };

/** Makes the group that alone may connect to the real socket, and the user that the gate runs as, in that group. */
export function accountSteps(
  { user, group }: Pick<Facts, "user" | "group">,
  frees: Freed,
): CommandStep[] {
  const home = ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"];
  const engine: CommandStep = {
    ...groupStep(group),
    frees,
    why: "the group of the real socket: whoever is in it is root on this host",
  };
  if (user === "root") return [engine];
  const who = shellWord(user);
  return [
    engine,
    // By itself: userdel(8) removes a user's own group or not as /etc/login.defs says.
    {
      ...groupStep(user),
      done: ["sh", "-c", `getent passwd ${who} || getent group ${who}`],
      doneBelow: (root) => ["grep", "-q", lineOf(user), `${root}/etc/passwd`, `${root}/etc/group`],
      why: "the first group of the gate's user",
    },
    {
      ...account("useradd", "userdel", user, [
        ...["--system", "--gid", user, "--groups", group, "--no-log-init", ...home],
      ]),
      done: ["getent", "passwd", user],
      doneBelow: (root) => ["grep", "-q", lineOf(user), `${root}/etc/passwd`],
      leaves: { user, folders: [LOGS] },
      why: "the gate's own user, which nobody logs in as",
    },
    {
      kind: "command",
      command: ["usermod", "--append", "--groups", group, user],
      done: [
        "sh",
        "-c",
        `! getent passwd ${who} >/dev/null || id -nG ${who} | tr ' ' '\\n' | grep -qxF ${
          shellWord(group)
        }`,
      ],
      undo: ["gpasswd", "--delete", user, group],
      touches,
      why: "a user that was there before is in the group, too",
    },
  ];
}

/** A name's line in passwd(5) or group(5), for grep(1). */
function lineOf(name: string): string {
  return `^${name.replace(/[.*^$[\]\\]/g, "\\$&")}:`;
}

function groupStep(name: string) {
  return {
    ...account("groupadd", "groupdel", name, ["--system"]),
    done: ["getent", "group", name],
    doneBelow: (root: string) => ["grep", "-q", lineOf(name), `${root}/etc/group`],
  };
}

function account(add: string, remove: string, name: string, options: readonly string[]) {
  return {
    kind: "command" as const,
    command: [add, ...options, name],
    undo: [remove, name],
    below: (root: string) => [add, "--prefix", root, ...options, name],
    undoBelow: (root: string) => [remove, "--prefix", root, name],
    touches,
  };
}

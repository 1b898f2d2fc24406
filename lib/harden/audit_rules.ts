import { shellWord } from "../config/shell.ts";

/** By which ausearch(8) finds the records. */
const key = "docker_socket";

/** What the rules are made of, nothing with white space in it. `arch` as Deno.build.arch has it. */
export interface AuditScope {
  readonly sockets: readonly string[];
  /** The gate's user and its program, without links; absent: nobody's connects are left out. */
  readonly exempt: { readonly user: string; readonly program: string } | undefined;
  readonly arch: string;
}

/**
 * The text of a rules file (audit.rules(7)) that records connects to the sockets. The gate is left out: its user in its program.
 * Whoever is root can take that user for the real one alone (setresuid(2)), or both, but runs another program then; and somebody
 * who logged in has a login, which what systemd starts has not (auid, pam_loginuid(8)).
 */
export function auditRules(scope: AuditScope): string {
  return [
    "## Written by postern harden: connects to the real engine socket that do not come from the gate,",
    "## refused ones too. What has the gate's user after a login, in another program or with another",
    "## effective user is not the gate, but somebody who became that user. Programs for i386 connect by",
    "## socketcall as well.",
    ...rules(scope).map((rule) => `${rule} -k ${key}`),
    "",
  ].join("\n");
}

/** A shell script that succeeds when these rules are loaded, and no others of this key. */
export function rulesAreLoaded(scope: AuditScope): string {
  // Users are listed as numbers; newer versions of auditctl write -1 as unset, and older ones exe!= as exe=.
  const loaded = rules(scope).map((rule) =>
    `${rule} -F key=${key}`
      .replace(/uid(!?=)(?!unset)\S+/g, "uid$1$u")
      .replace("a0=3", "a0=0x3")
      .replace("auid!=unset", "auid!=-1")
      .replace(" exe!=", " exe=")
  );
  const user = scope.exempt === undefined ? "" : `u=$(id -u ${shellWord(scope.exempt.user)}) && `;
  const list = `auditctl -l | grep -F 'key=${key}' | sed 's/auid!=unset/auid!=-1/;s/ exe!=/ exe=/'`;
  return `${user}test "$(${list})" = "${loaded.join("\n")}"`;
}

function rules({ sockets, exempt, arch }: AuditScope): string[] {
  const calls = [
    "-F arch=b64 -S connect",
    "-F arch=b32 -S connect",
    // SYS_CONNECT is 3 (socketcall(2), linux/net.h); 32-bit ARM has no such call.
    ...(arch === "x86_64" ? ["-F arch=b32 -S socketcall -F a0=3"] : []),
  ];
  const who = exempt === undefined ? [""] : [
    ` -F uid!=${exempt.user}`,
    ...["auid!=unset", `euid!=${exempt.user}`, `exe!=${exempt.program}`]
      .map((field) => ` -F uid=${exempt.user} -F ${field}`),
  ];
  return sockets.flatMap((socket) =>
    who.flatMap((fields) =>
      calls.map((call) => `-a always,exit ${call} -F path=${socket}${fields}`)
    )
  );
}

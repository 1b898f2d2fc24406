/** By which ausearch(8) finds the records. */
const key = "docker_socket";

/** What the rules are made of. `exempt`: the gate's user; absent: nobody's connects are left out. `arch` as Deno.build.arch has it. */
export interface AuditScope {
  /** Without white space in them. */
  readonly sockets: readonly string[];
  readonly exempt: string | undefined;
  readonly arch: string;
}

/**
 * The text of a rules file (audit.rules(7)) that records connects to the sockets. The gate's user is left out, unless somebody
 * logged in and became that user: what systemd starts has no login (auid, pam_loginuid(8)).
 */
export function auditRules(scope: AuditScope): string {
  return [
    "## Written by postern harden: connects to the real engine socket that do not come from the gate,",
    "## refused ones too. What runs as the gate's user after a login is not the gate, but somebody",
    "## who became that user. Programs for i386 connect by socketcall as well.",
    ...rules(scope).map((rule) => `${rule} -k ${key}`),
    "",
  ].join("\n");
}

/** A shell script that succeeds when these rules are loaded, and no others of this key. */
export function rulesAreLoaded(scope: AuditScope): string {
  // Users are listed as numbers; newer versions of auditctl write -1 as unset.
  const loaded = rules(scope).map((rule) =>
    `${rule} -F key=${key}`
      .replace(/uid(!?=)(?!unset)\S+/, "uid$1$u")
      .replace("a0=3", "a0=0x3")
      .replace("auid!=unset", "auid!=-1")
  );
  const user = scope.exempt === undefined ? "" : `u=$(id -u ${scope.exempt}) && `;
  const list = `auditctl -l | grep -F 'key=${key}' | sed 's/auid!=unset/auid!=-1/'`;
  return `${user}test "$(${list})" = "${loaded.join("\n")}"`;
}

function rules({ sockets, exempt, arch }: AuditScope): string[] {
  const calls = [
    "-F arch=b64 -S connect",
    "-F arch=b32 -S connect",
    // SYS_CONNECT is 3 (socketcall(2), linux/net.h); 32-bit ARM has no such call.
    ...(arch === "x86_64" ? ["-F arch=b32 -S socketcall -F a0=3"] : []),
  ];
  const who = exempt === undefined
    ? [""]
    : [` -F uid!=${exempt}`, ` -F uid=${exempt} -F auid!=unset`];
  return sockets.flatMap((socket) =>
    who.flatMap((fields) =>
      calls.map((call) => `-a always,exit ${call} -F path=${socket}${fields}`)
    )
  );
}

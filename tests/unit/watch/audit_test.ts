import assert from "node:assert/strict";
import { auditLog } from "../../../lib/watch/audit.ts";
import { type AuditedConnect, readConnect } from "../../../lib/watch/audit_event.ts";
import { AuditEvents } from "../../../lib/watch/audit_events.ts";
import { readRecord, untrustedText } from "../../../lib/watch/audit_record.ts";

// Recorded with auditd 3.0.9 on Linux 6.18, under `-a always,exit -F arch=b64 -S connect -F path=/tmp/rec/s.sock -k docker_socket` and
// `-w /tmp/rec/s.sock -p a -k docker_socket`: the rules being set, three connects and a chmod.
const recorded = Deno.readTextFileSync(new URL("recorded_audit.log", import.meta.url))
  .trimEnd().split("\n");

/** The connects that lines tell of. */
function connects(lines: readonly string[]): AuditedConnect[] {
  const found: AuditedConnect[] = [];
  const events = new AuditEvents((records) => {
    const connect = readConnect(records);
    if (connect !== undefined) found.push(connect);
  });
  for (const line of lines) events.take(line, 0);
  events.flush(5000);
  return found;
}

Deno.test("recorded connects are found, with who, what and how it ended", () => {
  const found = connects(recorded);
  assert.deepEqual(
    found.map(({ uid, errno, exe, comm, path, command }) => [uid, errno, exe, comm, path, command]),
    [
      [0, 0, "/usr/bin/socat", "socat", "/tmp/rec/s.sock", [
        "socat",
        "-u",
        "OPEN:/dev/null",
        "UNIX-CONNECT:/tmp/rec/s.sock",
      ]],
      [65534, 13, "/usr/bin/socat", "socat", "s.sock", [
        "socat",
        "-u",
        "OPEN:/dev/null",
        "UNIX-CONNECT:s.sock",
      ]],
      [0, 0, "/tmp/rec/so cat", "so cat", "/tmp/rec/s.sock", [
        "/tmp/rec/so cat",
        "-u",
        "OPEN:/dev/null",
        "UNIX-CONNECT:/tmp/rec/s.sock",
      ]],
    ],
  );
  const files = found.map(({ files }) => files);
  assert.equal(files.flat().length, 3);
  for (const [file] of files) assert.deepEqual(file, { ...files[0]![0]!, device: 254 << 20 });
  assert.ok(found.every(({ time, pid, parent }) => time > 1.7e12 && pid > parent && parent > 1));
});

Deno.test("records of several events may stand between each other", () => {
  const before = connects(recorded);
  // By kind instead of by event, which keeps the order within each.
  const kinds = ["SYSCALL", "SOCKADDR", "CWD", "PATH", "PROCTITLE"];
  const mixed = kinds.flatMap((kind) =>
    recorded.filter((line) => line.startsWith(`type=${kind} `))
  );
  assert.deepEqual(connects(mixed), before);
});

Deno.test("an event whose end never comes is told all the same, and once", () => {
  const cut = recorded.filter((line) => !line.startsWith("type=PROCTITLE"));
  const found = connects(cut);
  assert.deepEqual(found.map(({ exe }) => exe), connects(recorded).map(({ exe }) => exe));
  assert.ok(found.every(({ command }) => command === undefined));
});

const call = (rest: string) =>
  connects([
    `type=SYSCALL msg=audit(1700000000.123:9): ${rest} success=yes exit=0 ppid=1 pid=2 uid=3 euid=4`,
  ]);

for (
  const [what, fields, counts] of [
    ["connect of x86-64", 'arch=c000003e syscall=42 a0=3 key="docker_socket"', true],
    ["connect of arm64", 'arch=c00000b7 syscall=203 a0=3 key="docker_socket"', true],
    ["connect of i386", 'arch=40000003 syscall=362 a0=3 key="docker_socket"', true],
    ["socketcall's connect", 'arch=40000003 syscall=102 a0=3 key="docker_socket"', true],
    ["socketcall's bind", 'arch=40000003 syscall=102 a0=2 key="docker_socket"', false],
    ["another call", 'arch=c000003e syscall=203 a0=3 key="docker_socket"', false],
    ["another rule's", 'arch=c000003e syscall=42 a0=3 key="other"', false],
    ["no rule's", "arch=c000003e syscall=42 a0=3 key=(null)", false],
    ["one of several keys", "arch=c000003e syscall=42 key=78016F646F636B6572", false],
    ["ours of two keys", "arch=c000003e syscall=42 key=7801646F636B65725F736F636B6574", true],
  ] as const
) {
  Deno.test(`${what} ${counts ? "counts" : "does not count"}`, () => {
    assert.deepEqual(call(fields).map(({ uid }) => uid), counts ? [4] : []);
  });
}

Deno.test("a process cannot write records: what it chooses comes in hexadecimal", () => {
  const evil = 'x"\ntype=SYSCALL msg=audit(1.000:1): key="docker_socket"';
  const hex = [...new TextEncoder().encode(evil)].map((b) => b.toString(16).padStart(2, "0"));
  const [found] = call(
    `arch=c000003e syscall=42 comm=${hex.join("").toUpperCase()} key="docker_socket"`,
  );
  assert.equal(found!.comm, evil);
});

Deno.test("what auditd adds behind a group separator is not read twice", () => {
  const record = readRecord(
    'node=web type=SYSCALL msg=audit(1700000000.123:9): uid=0 key="k"\x1dARCH=x86_64 UID="root" uid="evil"',
  )!;
  assert.deepEqual([...record.fields], [["uid", "0"], ["key", '"k"']]);
  assert.equal(record.time, 1700000000123);
  assert.equal(readRecord("type=SYSCALL msg=audit(x): uid=0"), undefined);
});

Deno.test("strings that a process has chosen are quoted, in hexadecimal, or not there", () => {
  assert.equal(untrustedText('"/bin/sh"'), "/bin/sh");
  assert.equal(untrustedText("2F0A"), "/\n");
  assert.equal(untrustedText("(null)"), undefined);
  assert.equal(untrustedText("?"), undefined);
});

Deno.test("the log is where auditd.conf says", () => {
  assert.equal(auditLog("local_events = yes\nlog_file = /srv/a.log\n"), "/srv/a.log");
  assert.equal(auditLog("# log_file = /srv/a.log\n"), "/var/log/audit/audit.log");
});

import assert from "node:assert/strict";
import { LIMIT, program } from "../../../lib/watch/program.ts";
import { readTraceLine } from "../../../lib/watch/trace_line.ts";

/** Bytes as bpftrace prints them, with NULs up to `length`. */
const hex = (text: string, length: number) =>
  [...new TextEncoder().encode(text.padEnd(length, "\0"))]
    .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");

Deno.test("a connection is read with all of its numbers, an unsigned one printed as signed, too", () => {
  const line = `C 266338304 18446744073709551615 ffff888106550480 12 13 -2 11 777 ${
    hex("socat", 16)
  }`;
  assert.deepEqual(readTraceLine(line), {
    kind: "connected",
    device: 266338304,
    inode: 18446744073709551615n,
    socket: "ffff888106550480",
    pid: 12,
    tid: 13,
    uid: 4294967294,
    parent: 11,
    began: "777",
    comm: "socat",
  });
});

Deno.test("an accept is read", () => {
  assert.deepEqual(readTraceLine("A 24 7 ffff8881 12 1000"), {
    kind: "accepted",
    device: 24,
    inode: 7n,
    socket: "ffff8881",
    pid: 12,
    uid: 1000,
  });
});

for (
  const [what, given, length, expected] of [
    ["ends at a NUL", "/run/docker.sock\0trash", 110, "/run/docker.sock"],
    ["ends where the caller said", "/run/docker.sock.trash", 2 + 16, "/run/docker.sock"],
    ["may fill all of its bytes", "/" + "x".repeat(107), 110, "/" + "x".repeat(107)],
    ["may hold what looks like a line", "/a\nA 24 7 f 1 0\n\\x41", 110, "/a\nA 24 7 f 1 0\n\\x41"],
    ["may be relative", "../docker.sock", 110, "../docker.sock"],
  ] as const
) {
  Deno.test(`a refused path ${what}`, () => {
    const bytes = hex(given, 108);
    const at = 54 * 4;
    const line = `F -13 ${length} 12 13 1000 11 777 ${hex("a\nb", 16)} ${bytes.slice(0, at)} ${
      bytes.slice(at)
    }`;
    assert.deepEqual(readTraceLine(line), {
      kind: "refused",
      errno: 13,
      path: expected,
      pid: 12,
      tid: 13,
      uid: 1000,
      parent: 11,
      began: "777",
      comm: "a\nb",
    });
  });
}

Deno.test("an executable is put together from its names, as far as they go", () => {
  const line = (...names: string[]) => `E 12 ${names.map((name) => hex(name, 32)).join(" ")}`;
  const exe = (text: string) => {
    const read = readTraceLine(text);
    return read.kind === "glimpse" ? read.exe : undefined;
  };
  assert.equal(exe(line("curl", "bin", "usr", "/", "/")), "/usr/bin/curl");
  assert.equal(exe(line("init", "/", "/", "/", "/")), "/init");
  assert.equal(
    exe(line("deno", "bin", "deno", "node_modules", "lib")),
    "…/lib/node_modules/deno/bin/deno",
  );
});

Deno.test("the words of a process end where they end", () => {
  const parts = (text: string) => [0, 60, 120].map((at) => hex(text.slice(at, at + 60), 60));
  const text = "curl\0-s\0http://d/\0HOME=/root\0";
  assert.deepEqual(readTraceLine(`W 12 18 ${parts(text).join(" ")}`), {
    kind: "glimpse",
    pid: 12,
    command: ["curl", "-s", "http://d/"],
  });
});

Deno.test("a container is known by the name of its cgroup", () => {
  const id = "0123456789abcdef".repeat(4);
  const line = (name: string) => `G 12 ${hex(name.slice(0, 60), 60)} ${hex(name.slice(60), 40)}`;
  const glimpse = { kind: "glimpse", pid: 12 };
  assert.deepEqual(readTraceLine(line(`docker-${id}.scope`)), { ...glimpse, container: id });
  assert.deepEqual(readTraceLine(line(id)), { ...glimpse, container: id });
  assert.deepEqual(readTraceLine(line("ssh.service")), glimpse);
});

Deno.test("what was lost, left out and said is told apart", () => {
  assert.deepEqual(readTraceLine("Lost 12 events"), { kind: "lost", count: 12 });
  assert.deepEqual(readTraceLine("S 300 4"), { kind: "crowd", others: 300, refused: 4 });
  assert.deepEqual(readTraceLine("R"), { kind: "ready" });
  assert.deepEqual(readTraceLine("T"), { kind: "tick" });
  for (const text of ["", "Attaching 8 probes...", "C 1 2", "A 24 7 zz 12 1000"]) {
    assert.deepEqual(readTraceLine(text), { kind: "talk", text });
  }
});

Deno.test("the program names each socket and each device once, and nothing is left to put in", () => {
  const text = program(
    [
      { device: 24, inode: 7n },
      { device: 24, inode: 18446744073709551615n },
      { device: 25, inode: 9n },
    ],
    4711,
    [{ pid: 99, began: "1234" }, { pid: 100, began: "5" }],
  );
  const code = text.slice(text.indexOf("*/"));
  assert.doesNotMatch(code, /IS_SOCKET|IS_DEVICE|IS_OWN|OWN_PID|LIMIT|WATCH/);
  const sockets =
    "($dev == 24 && $ino == 7) || ($dev == 24 && $ino == 18446744073709551615) || ($dev == 25 && $ino == 9)";
  assert.equal(code.split(`if (${sockets}) {`).length, 3);
  assert.equal(code.split("if ($dev == 24 || $dev == 25) {").length, 3);
  assert.ok(code.includes("if (pid == 4711 && "));
  assert.ok(
    code.includes(
      "if ((pid == 99 && curtask->group_leader->start_boottime / 10000000 == 1234) || ",
    ),
  );
  assert.ok(code.includes("if ($client == 99 || $client == 100) { return; }"));
  assert.ok(code.includes(`@others <= ${LIMIT}`));
});

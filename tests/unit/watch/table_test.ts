import assert from "node:assert/strict";
import type { Sighting } from "../../../lib/watch/sighting.ts";
import { heading, row } from "../../../lib/watch/table.ts";

const seen: Sighting = {
  time: new Date(2026, 0, 2, 3, 4, 5).getTime(),
  bypass: true,
  socket: "/run/docker.sock",
  errno: 0,
  pid: 4711,
  uid: 1000,
  user: "ada",
  comm: "curl",
  exe: "/usr/bin/curl",
  command: ["curl", "-s", "http://d/info"],
  container: "0123456789abcdef".repeat(4),
  parent: { pid: 4700, exe: "/bin/bash" },
  by: "file",
};

Deno.test("a wide table has everything, and a narrow one what matters most", () => {
  assert.equal(
    heading(140, false) + row(seen, 140, false),
    "TIME      RESULT        USER          PID      CONTAINER     PARENT              COMMAND\n" +
      "03:04:05  connected     ada           4711     0123456789ab  4700 bash           /usr/bin/curl -s http://d/info\n",
  );
  assert.equal(
    heading(70, false) + row(seen, 70, false),
    "TIME      RESULT        USER          PID      COMMAND\n" +
      "03:04:05  connected     ada           4711     /usr/bin/curl -s http:…\n",
  );
});

Deno.test("no line of it is longer than the terminal, whatever a process calls itself", () => {
  const long = {
    ...seen,
    user: "u".repeat(99),
    command: ["x", "y".repeat(4000)],
    exe: "/z/".repeat(50),
  };
  for (const width of [70, 80, 100, 110, 200]) {
    assert.equal([...row(long, width, false)].length, width + 1);
  }
});

Deno.test("what a process has chosen reaches the terminal as text", () => {
  const evil = "\x1b[2J\r\n03:04:05  connected\u202e\u200b\x9b31m";
  const line = row({ ...seen, exe: `/tmp/${evil}`, command: ["x", evil], user: evil }, 400, false);
  assert.equal(line.indexOf("\n"), line.length - 1);
  assert.doesNotMatch(line.slice(0, -1), /[\p{C}]/u);
  assert.ok(line.includes("/tmp/\\x1b[2J\\x0d\\n03:04:05  connected\\u202e\\u200b\\x9b31m"), line);
});

Deno.test("a bypass is red, Postern's own is marked and plain", () => {
  const line = row(seen, 100, true);
  assert.ok(line.startsWith("\x1b[31m03:04:05 ") && line.endsWith("\x1b[39m\n"), line);
  const own = row({ ...seen, bypass: false }, 100, true);
  assert.match(own, /^03:04:05 .*\[postern\] \/usr\/bin\/curl/);
});

Deno.test("refusals are told by their names, and what is not known by a dash or a question mark", () => {
  const little: Sighting = {
    time: seen.time,
    bypass: true,
    socket: "/run/docker.sock",
    errno: 13,
    pid: 9,
    uid: 4242,
    by: "name",
  };
  assert.equal(
    row(little, 140, false),
    "03:04:05  EACCES        4242          9        -             -                   ? [/run/docker.sock by its name]\n",
  );
  assert.match(row({ ...little, comm: "sh", errno: 9999 }, 140, false), /errno 9999 .*\(sh\)/);
});

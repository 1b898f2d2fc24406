import assert from "node:assert/strict";
import { startOf } from "../../../lib/watch/process.ts";
import { asJson, asLine, describe, type Sighting } from "../../../lib/guard/sighting.ts";

const seen: Sighting = {
  time: Date.UTC(2026, 0, 2, 3, 4, 5),
  pid: 4711,
  uid: 1000,
  cgroup: 7n,
  start: 99n,
  comm: "curl",
  file: { inode: 12n, device: 24n },
  audited: false,
};

Deno.test("a refusal is a line that says who, and from where", () => {
  assert.equal(
    asLine(seen),
    "2026-01-02T03:04:05.000Z refused a real socket: uid 1000, pid 4711 curl\n",
  );
  const more = {
    ...seen,
    audited: true,
    socket: "/run/docker.sock",
    user: "ada",
    exe: "/usr/bin/curl",
    container: "0123456789abcdef".repeat(4),
  };
  assert.equal(
    asLine(more),
    "2026-01-02T03:04:05.000Z would-refuse /run/docker.sock: uid 1000 (ada), pid 4711 curl, " +
      "/usr/bin/curl, container 0123456789ab\n",
  );
});

Deno.test("names that a process has chosen end no line and reach no terminal", () => {
  const evil = { ...seen, comm: "a\x1b[2J\nrefused", exe: "/tmp/\u202egnp.sh" };
  const line = asLine(evil);
  assert.ok(line.endsWith("pid 4711 a\\x1b[2J\\nrefused, /tmp/\\u202egnp.sh\n"), line);
  assert.equal(asJson(evil).trimEnd().split("\n").length, 1);
  assert.equal(JSON.parse(asJson(evil)).comm, evil.comm);
});

Deno.test("JSON has every field, null where nothing is known", () => {
  assert.deepEqual(JSON.parse(asJson(seen)), {
    time: "2026-01-02T03:04:05.000Z",
    event: "refused",
    socket: null,
    uid: 1000,
    user: null,
    pid: 4711,
    comm: "curl",
    exe: null,
    container: null,
    cgroup: "7",
    inode: "12",
  });
});

Deno.test("of a process that is gone, its cgroup's name tells the container, and a later one of its pid tells nothing", () => {
  const id = "0123456789abcdef".repeat(4);
  // We live, but did not begin then.
  const gone = { ...seen, pid: Deno.pid, start: 1n };
  assert.deepEqual(describe(gone, () => `/system.slice/docker-${id}.scope`), { container: id });
  assert.deepEqual(describe(gone, () => "/user.slice"), {});
  assert.deepEqual(describe(gone, () => undefined), {});
});

Deno.test("a process that lives is described by /proc", () => {
  const here = { ...seen, pid: Deno.pid, start: BigInt(startOf(Deno.pid)!) };
  const { exe } = describe(here, () => assert.fail());
  assert.equal(exe, Deno.readLinkSync("/proc/self/exe"));
});

import assert from "node:assert/strict";
import { parse } from "yaml";
import { containers } from "../../../lib/harden/containers.ts";
import { seccompProfile } from "../../../lib/harden/seccomp_profile.ts";
import { factsOf, type Host } from "./facts_of.ts";

const plan = (host: Host = {}) => containers.plan(factsOf({ programs: ["docker"], ...host }));

function text(name: string, host: Host = {}): string {
  const path = `/etc/postern/containers/${name}`;
  const step = plan(host).steps.find((step) => step.kind === "file" && step.path === path);
  assert.ok(step?.kind === "file", name);
  return step.content(undefined);
}

const confined = [
  ["--network none", "network_mode: none", "Network=none"],
  ["--read-only", "read_only: true", "ReadOnly=true"],
  ["--cap-drop ALL", "cap_drop:\n      - ALL", "DropCapability=all"],
  ["--security-opt no-new-privileges", "no-new-privileges:true", "NoNewPrivileges=true"],
  ["seccomp=/etc/postern/containers/seccomp.json", "seccomp:/etc/postern", "SeccompProfile=/etc/p"],
  ["--pid host", "pid: host", "--pid=host"],
  ["--userns host", "userns_mode: host", "--userns=host"],
  ["--cgroupns host", "cgroup: host", "--cgroupns=host"],
  ["--ipc none", "ipc: none", "--ipc=none"],
  ["--pids-limit 128", "pids_limit: 128", "--pids-limit=128"],
  ['--user "$POSTERN_UID:$POSTERN_GID"', "user: ${POSTERN_UID:?", "--user=${POSTERN_UID}"],
] as const;

Deno.test("the three recipes keep the same things from the container", () => {
  const [script, compose, unit] = [text("run.sh"), text("compose.yaml"), text("postern.container")];
  for (const [one, two, three] of confined) {
    assert.ok(script.includes(one), one);
    assert.ok(compose.includes(two), two);
    assert.ok(unit.includes(three), three);
  }
});

Deno.test("a listener's folder and the audit file's can be written, all else is read only", () => {
  const config = `
upstream: /var/run/docker.sock
listeners:
  - { socket: /run/postern/ci.sock, policy: read-only, group: ci }
  - { socket: /srv/gates/ops.sock, policy: full }
audit: { file: /var/log/postern/audit.jsonl }
`;
  const { services } = parse(text("compose.yaml", { config }));
  const volumes = services.postern.volumes as { target: string; read_only: boolean }[];
  const writable = volumes.filter((one) => !one.read_only).map(({ target }) => target);
  assert.deepEqual(writable, ["/run/postern", "/srv/gates", "/var/log/postern"]);
  assert.ok(volumes.some(({ target }) => target === "/run/docker.sock"));
  assert.match(text("run.sh", { config }), /--group-add 2001 /);
  assert.deepEqual(services.postern.group_add, ["${ENGINE_GID}", "2001"]);
});

Deno.test("the real socket is mounted from where it is to where the configuration says it is", () => {
  const config =
    "upstream: /srv/engine.sock\nlisteners: [{ socket: /run/p/a.sock, policy: full }]\n";
  const host = { config, facts: { upstream: "/srv/real/d.sock" } };
  assert.match(text("run.sh", host), /--volume \/srv\/real\/d\.sock:\/srv\/engine\.sock:ro/);
});

Deno.test("names that one of the recipes would read as more are told of, and none is written", () => {
  const names = [
    "my dir",
    "$HOME",
    "a:b",
    "%h",
    "a'b",
    'a"b',
    "{a}",
    "a#b",
    "a\\b",
    "é",
    "a;b",
  ];
  for (const name of names) {
    const socket = JSON.stringify(`/srv/${name}/a.sock`);
    const { skipped, steps } = plan({
      config: `listeners: [{ socket: ${socket}, policy: full }]\n`,
    });
    assert.match(skipped!, /the recipes can name paths of letters, digits and/, name);
    assert.ok(skipped!.includes(JSON.stringify(`/srv/${name}`)), name);
    assert.deepEqual(steps, []);
  }
  for (const facts of [{ configFile: "/etc/a b/postern.yaml" }, { upstream: "/run/a b.sock" }]) {
    assert.match(plan({ facts }).skipped!, /a b/);
  }
});

Deno.test("a gate that listens on TCP is not put into a container without a network", () => {
  const config = "listeners: [{ listen: tcp://127.0.0.1:2375, policy: read-only }]\n";
  assert.match(plan({ config }).skipped!, /is on TCP, and the container has no network/);
});

Deno.test("a folder that is everybody's is not given to a container", () => {
  for (const folder of ["/run", "/tmp", "/var/run", "/var/log", "/etc"]) {
    const config = `listeners: [{ socket: ${folder}/gate.sock, policy: full }]\n`;
    assert.match(plan({ config }).skipped!, /folders of their own/, folder);
    assert.deepEqual(plan({ config }).steps, []);
  }
});

Deno.test("a listener that only root can give away is told of", () => {
  const config = "listeners: [{ socket: /run/postern/o.sock, user: ops, policy: full }]\n";
  assert.match(
    plan({ config }).notes.join("\n"),
    /listener o: only root can give its socket to user 1001/,
  );
  const files = { "/etc/passwd": "root:x:0:0::/:/bin/sh\npostern:x:1001:1::/:/bin/sh\n" };
  assert.doesNotMatch(plan({ config, files }).notes.join("\n"), /listener o:/);
});

Deno.test("without an engine's command line there is nothing to write recipes for", () => {
  assert.match(plan({ programs: [] }).skipped!, /neither docker nor podman/);
  assert.equal(plan({ programs: ["podman"] }).skipped, undefined);
});

Deno.test("the profile refuses what it does not name, other sockets and namespaces", () => {
  const { defaultAction, syscalls } = JSON.parse(seccompProfile());
  assert.equal(defaultAction, "SCMP_ACT_ERRNO");
  const allowed = (name: string) =>
    syscalls.filter((one: { names: string[]; action: string }) =>
      one.names.includes(name) && one.action === "SCMP_ACT_ALLOW"
    );
  for (
    const name of ["ptrace", "bpf", "mount", "unshare", "setns", "io_uring_setup", "init_module"]
  ) {
    assert.deepEqual(allowed(name), [], name);
  }
  assert.equal(allowed("clone")[0].args[0].value, 0x7e020000);
  assert.deepEqual(allowed("clone").length, 1);
  assert.equal(allowed("socket")[0].args[0].value, 1);
  assert.deepEqual(allowed("socket").length, 1);
});

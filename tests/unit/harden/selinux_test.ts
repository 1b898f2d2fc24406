import assert from "node:assert/strict";
import { selinux } from "../../../lib/harden/selinux.ts";
import { contextPath, nameInPolicy } from "../../../lib/harden/selinux_policy.ts";
import { Refused } from "../../../lib/harden/part.ts";
import { factsOf, type Host } from "./facts_of.ts";

const FOLDER = "/etc/selinux/default/contexts/files";
const base = {
  "/etc/selinux/config": "# one of\nSELINUX=enforcing\nSELINUXTYPE=default\n",
  [`${FOLDER}/file_contexts.subs_dist`]: "# aliases\n/var/run /run\n/usr/local/lib /usr/lib\n",
};
const taken = {
  [`${FOLDER}/file_contexts`]: "/run/docker\\.sock\t-s\tsystem_u:object_r:container_runtime_t:s0\n",
};

function plan(host: Host = {}) {
  const programs = ["semodule", ...(host.programs ?? [])];
  return selinux.plan(factsOf({ ...host, programs, files: { ...base, ...host.files } }));
}

function module(host: Host = {}): string {
  const [step] = plan(host).steps;
  assert.ok(step?.kind === "file", plan(host).skipped);
  return step.content(undefined);
}

const commands = (host: Host = {}) =>
  plan(host).steps.flatMap((step) => step.kind === "command" ? [step.command.join(" ")] : []);

Deno.test("the real socket has a type that is no file's, and one domain may write to it", () => {
  const text = module();
  assert.ok(
    text.includes(
      String
        .raw`(filecon "/run/docker\.sock" socket (system_u object_r postern_engine_t ((s0) (s0))))`,
    ),
  );
  assert.doesNotMatch(text, /typeattributeset file_type[^\n]*postern_engine_t/);
  const writers = text.split("\n").filter((line) =>
    /postern_engine_t \(sock_file \([^)]*\bwrite\b/.test(line)
  );
  assert.deepEqual(writers.map((line) => line.trim()), [
    "(allow postern_t postern_engine_t (sock_file (getattr write)))",
  ]);
});

Deno.test("every engine's socket has the type, by the name that the policy knows it by", () => {
  const config = `
listeners:
  - { socket: /run/postern/a.sock, policy: full }
  - { socket: /run/postern/b.sock, policy: full, upstream: /var/run/podman/podman.sock }
`;
  const older = { ...base, [`${FOLDER}/file_contexts.subs_dist`]: "/run /var/run\n" };
  assert.match(module({ config }), /filecon "\/run\/podman\/podman\\\.sock" socket/);
  assert.match(
    module({ config, files: older }),
    /filecon "\/var\/run\/podman\/podman\\\.sock" socket/,
  );
});

Deno.test("folders that have the labels of others are named by those", () => {
  const facts = factsOf({ files: base });
  assert.equal(nameInPolicy(facts, "/var/run/docker.sock"), "/run/docker.sock");
  assert.equal(nameInPolicy(facts, "/usr/local/lib/deno"), "/usr/lib/deno");
  assert.equal(nameInPolicy(facts, "/usr/local/library"), "/usr/local/library");
  assert.equal(nameInPolicy(facts, "/var/run"), "/run");
});

Deno.test("a line of another module about the real socket is gone before by semanage, not doubled", () => {
  assert.match(plan({ files: taken }).skipped!, /takes semanage/);
  const host = { files: taken, programs: ["semanage"] };
  assert.doesNotMatch(module(host), /filecon "\/run\/docker/);
  assert.ok(
    commands(host).includes(
      String.raw`semanage fcontext --add -t postern_engine_t -f s /run/docker\.sock`,
    ),
  );
  const ours = {
    [`${FOLDER}/file_contexts`]: taken[`${FOLDER}/file_contexts`]!.replace(
      "container_runtime_t",
      "postern_engine_t",
    ),
  };
  assert.match(module({ files: ours }), /filecon "\/run\/docker/, "after the first apply");
});

Deno.test("a path that a pattern or a string would read as more is refused, and the part left out", () => {
  for (
    const odd of ["a b", 'a"b', "a(b", "a{b", "a*b", "a\\b", "a;b", "é", "a[b", "a^b$"]
  ) {
    assert.throws(() => contextPath(`/srv/${odd}`), Refused, odd);
    const socket = JSON.stringify(`/srv/${odd}/x.sock`);
    const config = `listeners: [{ socket: ${socket}, policy: full }]\n`;
    assert.match(plan({ config }).skipped!, /file contexts cannot name/, odd);
  }
  assert.throws(() => contextPath("/srv/a\nb"), Refused);
  assert.equal(contextPath("/srv/a.b+c-d_e@f:g,h=i"), String.raw`/srv/a\.b\+c-d_e@f:g,h=i`);
});

Deno.test("folders of everybody's keep their labels", () => {
  const config = "listeners: [{ socket: /run/gate.sock, policy: full }]\n";
  assert.match(plan({ config }).skipped!, /folders of their own/);
  assert.match(plan({ facts: { configFile: "/srv/postern.yaml" } }).skipped!, /\/srv holds other/);
});

Deno.test("a configuration outside /etc is given a label that the gate may read", () => {
  assert.doesNotMatch(module(), /filecon[^\n]*postern_etc_t/);
  const text = module({ facts: { configFile: "/srv/gate/postern.yaml" } });
  assert.match(text, /filecon "\/srv\/gate\(\/\.\*\)\?" any \(system_u object_r postern_etc_t/);
});

Deno.test("capabilities and ports are given only where the configuration needs them", () => {
  assert.doesNotMatch(module(), /capability|tcp_socket/);
  const config =
    "run_as: { user: ops }\nlisteners: [{ listen: tcp://127.0.0.1:2375, policy: read-only }]\n";
  assert.match(module({ config }), /postern_t self \(capability \([^)]*setuid/);
  assert.match(module({ config }), /tcp_socket \(name_bind\)/);
});

Deno.test("a raw listener opens other programs' sockets to the gate, whose labels stay", () => {
  const config = `
listeners:
  - { socket: /run/postern/a.sock, policy: full }
  - { socket: /run/postern/pg.sock, protocol: raw, upstream: /run/pg/pg.sock, policy: full }
`;
  assert.match(module({ config }), /allow postern_t file_type \(sock_file \(getattr write\)\)/);
  assert.doesNotMatch(module({ config }), /pg\.sock|run\/pg/);
  assert.doesNotMatch(module(), /postern_t file_type \(sock_file/);
});

Deno.test("the module is installed, files get their labels, and a gate that runs begins anew", () => {
  const host = { programs: ["systemctl"], files: { "/run/systemd/system/x": "" } };
  assert.deepEqual(commands(host), [
    "semodule --install /etc/postern/selinux/postern.cil",
    "restorecon -R -i /usr/local/bin/postern /run/postern /run/docker.sock",
    "sh -c ! systemctl -q is-active postern.service || systemctl restart postern.service",
  ]);
});

Deno.test("without SELinux in the system or in the kernel the part says why it is left out", () => {
  const none = { ...factsOf({ files: base }), installed: () => false };
  assert.match(selinux.plan(none).skipped!, /SELinux is not installed/);
  assert.match(plan({ files: { "/sys/module/x": "" } }).skipped!, /kernel does not enforce/);
  assert.equal(
    plan({ files: { "/sys/module/x": "", "/sys/fs/selinux/enforce": "1" } }).skipped,
    undefined,
  );
});

Deno.test("what is behind a raw listener keeps its label, and the notes say so", () => {
  const config = `
listeners:
  - { socket: /run/postern/pg.sock, protocol: raw, upstream: /run/pg/pg.sock, policy: full }
  - { socket: /run/postern/a.sock, policy: full }
`;
  const { steps, notes } = plan({ config });
  const texts = steps.map((step) =>
    step.kind === "command" ? step.command.join(" ") : step.kind === "file" ? step.content("") : ""
  );
  assert.ok(!texts.join("\n").includes("/run/pg"));
  assert.match(notes.join("\n"), /^\/run\/pg\/pg\.sock, behind a raw listener, keeps its label/m);
});

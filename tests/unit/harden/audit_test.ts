import assert from "node:assert/strict";
import { audit } from "../../../lib/harden/audit.ts";
import { auditRules } from "../../../lib/harden/audit_rules.ts";
import type { FileStep } from "../../../lib/harden/part.ts";
import { factsOf, type Host } from "./facts_of.ts";

const files = { "/etc/audit/rules.d/audit.rules": "-D\n" };
const programs = ["auditctl"];
const plan = (host: Host = {}) => audit.plan(factsOf({ files, programs, ...host }));
const text = (host: Host = {}) => (plan(host).steps[0] as FileStep).content(undefined);
const exempt = { user: "postern", program: "/usr/local/bin/postern" };
const rulesOf = (text: string) => text.split("\n").filter((line) => line.startsWith("-a"));

Deno.test("the rules are about connect, for both kinds of programs, on the path that is no link", () => {
  assert.deepEqual(
    rulesOf(auditRules({ sockets: ["/run/docker.sock"], exempt: undefined, arch: "x86_64" })),
    [
      "-a always,exit -F arch=b64 -S connect -F path=/run/docker.sock -k docker_socket",
      "-a always,exit -F arch=b32 -S connect -F path=/run/docker.sock -k docker_socket",
      "-a always,exit -F arch=b32 -S socketcall -F a0=3 -F path=/run/docker.sock -k docker_socket",
    ],
  );
});

Deno.test("32-bit ARM has no socketcall, and a rule that names it would not load", () => {
  const scope = { sockets: ["/run/docker.sock"], exempt, arch: "aarch64" };
  assert.equal(auditRules(scope).includes("-S socketcall"), false);
  assert.equal(rulesOf(auditRules(scope)).length, 8);
});

Deno.test("the gate's user is left out in the gate's program, unless a login came before", () => {
  const fields = rulesOf(text()).map((rule) => /docker\.sock (.*) -k/.exec(rule)?.[1]);
  assert.deepEqual([...new Set(fields)], [
    "-F uid!=postern",
    "-F uid=postern -F auid!=unset",
    "-F uid=postern -F euid!=postern",
    "-F uid=postern -F exe!=/usr/local/bin/postern",
  ]);
});

Deno.test("a program or a user that no rule can name leaves nobody out", () => {
  for (
    const facts of [{ program: ["/opt/my gate/postern"] }, { program: ["/run/x/postern"] }, {
      user: "x$(id)",
    }]
  ) {
    assert.ok(rulesOf(text({ facts })).every((rule) => !rule.includes("uid")));
    assert.match(plan({ facts }).notes.join("\n"), /no rule can name .* recorded as well/);
  }
});

Deno.test("a gate that runs as root is recorded like everybody else, and the notes say so", () => {
  const facts = { user: "root" };
  assert.equal(text({ facts }).includes("uid"), text({ facts }).includes("auid"));
  assert.ok(rulesOf(text({ facts })).every((rule) => !rule.includes("uid")));
  assert.match(plan({ facts }).notes.join("\n"), /the gate runs as root/);
});

Deno.test("every upstream has its rules; one that is made after boot keeps no other from loading", () => {
  const config = `
listeners:
  - { socket: /run/postern/a.sock, policy: read-only }
  - { socket: /run/postern/b.sock, policy: read-only, upstream: /var/run/other.sock }
  - { socket: /run/postern/c.sock, policy: read-only, upstream: /run/podman/podman.sock }
`;
  const rules = text({ config });
  assert.match(rules, /path=\/run\/docker\.sock /);
  assert.match(rules, /path=\/run\/other\.sock /);
  assert.doesNotMatch(rules, /podman/);
  assert.match(
    plan({ config }).notes[0]!,
    /^\/run\/podman\/podman\.sock is not watched: .*auditctl -a/,
  );
});

Deno.test("a path that would be several words of a rule is not written into one", () => {
  const facts = { upstream: "/srv/my engine/docker.sock -F uid=0" };
  assert.match(plan({ facts }).skipped!, /takes no rule about a path with such characters/);
});

Deno.test("without auditd the part says what to install", () => {
  assert.match(plan({ programs: [] }).skipped!, /apt-get install auditd/);
  assert.match(plan({ files: {} }).skipped!, /rules\.d/);
});

Deno.test("a rule of somebody's that turns everything off is told of", () => {
  const off = { ...files, "/etc/audit/rules.d/10-no-audit.rules": "-a task,never\n" };
  assert.match(plan({ files: off }).notes.join("\n"), /nothing is recorded of any process/);
  assert.doesNotMatch(plan().notes.join("\n"), /nothing is recorded of any process/);
});

Deno.test("in a container the part is left out: only the outermost host has audit rules", () => {
  const { steps, skipped } = plan({ files: { ...files, "/run/systemd/container": "lxc\n" } });
  assert.deepEqual(steps, []);
  assert.match(skipped!, /^this host is a container itself \(lxc\)/);
});

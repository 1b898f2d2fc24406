import assert from "node:assert/strict";
import { apparmor } from "../../../lib/harden/apparmor.ts";
import { literalPath } from "../../../lib/harden/apparmor_path.ts";
import { Refused } from "../../../lib/harden/part.ts";
import { factsOf, type Host } from "./facts_of.ts";

const FEATURES = "/sys/kernel/security/apparmor/features";
const base = { "/etc/apparmor.d/abstractions/base": "", "/etc/apparmor.d/abi/3.0": "" };
const kernel = { "/sys/module/apparmor/parameters/enabled": "Y\n" };
const programs = ["apparmor_parser"];

function plan(host: Host = {}) {
  return apparmor.plan(
    factsOf({ programs, ...host, files: { ...base, ...kernel, ...host.files } }),
  );
}

function text(path: string, host: Host = {}): string {
  const step = plan(host).steps.find((step) => step.kind === "file" && step.path === path);
  assert.ok(step?.kind === "file", path);
  return step.content(undefined);
}

const gate = (host: Host = {}) => text("/etc/apparmor.d/postern", host);
const denial = (host: Host = {}) =>
  text("/etc/apparmor.d/abstractions/postern-deny-docker-socket", host);

Deno.test("a path in a profile is itself, whatever it would mean as a pattern", () => {
  assert.equal(literalPath("/run/docker.sock"), '"/run/docker.sock"');
  assert.equal(
    literalPath('/a b/"c"/[d]{e,f}*?^@{HOME}\\'),
    String.raw`"/a b/\"c\"/\[d\]\{e\,f\}\*\?\^\@\{HOME\}\\"`,
  );
});

Deno.test("a path with a line end would be two rules, and is refused", () => {
  for (const end of ["\n", "\r", "\t", "\0", "\x7f"]) {
    assert.throws(() => literalPath(`/run/a${end}/b`), Refused);
  }
  const facts = { upstream: "/run/a\nb.sock" };
  assert.match(plan({ facts }).skipped!, /characters that an AppArmor profile cannot name/);
});

Deno.test("the gate may connect to each of its engines, and nobody else's profile may", () => {
  const config = `
listeners:
  - { socket: /run/postern/a.sock, policy: full }
  - { socket: /run/postern/b.sock, policy: full, upstream: /var/run/podman/podman.sock }
`;
  for (const socket of ["/run/docker.sock", "/run/podman/podman.sock"]) {
    assert.ok(gate({ config }).includes(`  "${socket}" rw,\n`), socket);
    assert.ok(denial({ config }).includes(`deny "${socket}" rw,\n`), socket);
  }
  assert.match(
    text("/etc/apparmor.d/docker-postern-client"),
    /include <abstractions\/postern-deny-docker-socket>/,
  );
});

Deno.test("capabilities and a second start are for a gate that becomes another user only", () => {
  assert.doesNotMatch(gate(), /capability|environ/);
  const config = "run_as: { user: ops }\nlisteners: [{ socket: /run/p/a.sock, policy: full }]\n";
  assert.match(gate({ config }), /capability setuid,/);
  assert.match(gate({ config }), /"\/usr\/local\/bin\/postern" mrix,/);
});

Deno.test("a configuration in a folder of everybody's opens none of the others' files", () => {
  assert.match(gate(), /^ {2}"\/etc\/postern\/\{,\*\*\}" r,$/m);
  for (const [configFile, folder] of [["/etc/postern.yaml", "/etc/"], ["/postern.yaml", "/"]]) {
    const text = gate({ facts: { configFile: configFile! } });
    assert.ok(text.includes(`  "${configFile}" r,\n  "${folder}" r,\n`), configFile);
    assert.ok(!text.includes(`"${folder}{,**}"`), configFile);
  }
});

Deno.test("sockets are named as the kernel has them, which follows the link of /var/run", () => {
  const config = "listeners: [{ socket: /var/run/postern/a.sock, policy: full }]\n";
  assert.match(gate({ config }), /^ {2}"\/run\/postern\/a\.sock\{,\.new\}" rw,$/m);
  assert.doesNotMatch(gate({ config }), /"\/var\/run\/postern/);
});

Deno.test("nothing but a listener on TCP opens the network", () => {
  assert.doesNotMatch(gate(), /network inet/);
  const config = "listeners: [{ listen: tcp://127.0.0.1:2375, policy: read-only }]\n";
  assert.match(gate({ config }), /network inet stream,/);
});

Deno.test("the rules name the newest abi that the parser and they know", () => {
  assert.match(gate(), /^abi <abi\/3\.0>,$/m);
  assert.match(gate({ files: { "/etc/apparmor.d/abi/5.0": "" } }), /^abi <abi\/5\.0>,$/m);
});

Deno.test("a kernel that lets each connect pass is told of, and one that does not is not", () => {
  const passes = (files: Record<string, string>) =>
    /^the kernel lets each connect to a socket pass/.test(plan({ files }).notes[0]!);
  const v9 = { [`${FEATURES}/network_v9/af_unix`]: "yes\n" };
  assert.equal(passes({}), true);
  assert.equal(passes(v9), true, "the parser is too old");
  assert.equal(passes({ ...v9, "/etc/apparmor.d/abi/5.0": "" }), false);
  assert.equal(passes({ [`${FEATURES}/network/af_unix`]: "yes\n" }), false, "Ubuntu's");
});

Deno.test("systemd starts the gate in its profile, and begins one anew that runs", () => {
  const host = { programs: [...programs, "systemctl"], files: { "/run/systemd/system/x": "" } };
  assert.match(
    text("/etc/systemd/system/postern.service.d/apparmor.conf", host),
    /^AppArmorProfile=postern$/m,
  );
  const commands = plan(host).steps.flatMap((step) =>
    step.kind === "command" ? [step.command.slice(0, 2).join(" "), step.command.at(-1)!] : []
  );
  assert.deepEqual(commands, [
    "apparmor_parser --replace",
    "/etc/apparmor.d/docker-postern-client",
    "systemctl daemon-reload",
    "daemon-reload",
    "sh -c",
    "! systemctl -q is-active postern.service || systemctl restart postern.service",
  ]);
});

Deno.test("without AppArmor in the system or in the kernel the part says why it is left out", () => {
  assert.match(plan({ programs: [] }).skipped!, /apt-get install apparmor/);
  const off = { "/sys/module/apparmor/parameters/enabled": "N\n" };
  assert.match(plan({ files: off }).skipped!, /boot it with lsm=/);
});

Deno.test("the gate may connect to what is behind a raw listener, which others keep", () => {
  const config = `
listeners:
  - { socket: /run/postern/pg.sock, protocol: raw, upstream: /var/run/pg/pg.sock, policy: full }
  - { socket: /run/postern/a.sock, policy: full }
`;
  assert.match(gate({ config }), /^ {2}"\/run\/docker\.sock" rw,\n {2}"\/run\/pg\/pg\.sock" rw,$/m);
  assert.ok(!denial({ config }).includes("pg.sock"));
});

// The SELinux module of `harden`: put into Debian's whole policy, and enforced by Debian's kernel in a virtual machine.
import assert from "node:assert/strict";
import { which } from "../support/private_engine.ts";
import { compilePolicy, missingForSelinux, moduleFor } from "../support/selinux.ts";
import { runSelinux } from "../support/selinux_machine.ts";
import { missingForVm } from "../support/vm.ts";
import type { Host } from "../unit/harden/facts_of.ts";

const hosts: Readonly<Record<string, Host>> = {
  "one listener": { config: "listeners: [{ socket: /run/postern/ci.sock, policy: read-only }]\n" },
  "run_as, an audit file, a plugin, several engines": {
    config: `
upstream: /var/run/docker.sock
run_as: { user: ops }
listeners:
  - { socket: /run/postern/ci.sock, policy: read-only }
  - { socket: /srv/gates/podman.sock, policy: full, upstream: /run/podman/podman.sock }
audit: { file: /var/log/postern/audit.jsonl }
authz: { anonymous: full, users: {}, default: read-only }
`,
    facts: { program: ["/usr/local/bin/deno", "run", "--cached-only", "/opt/postern/main.ts"] },
  },
  "TCP, a raw listener, a configuration of its own folder, names with dots": {
    config: `
listeners:
  - { listen: tcp://127.0.0.1:2375, policy: read-only }
  - { socket: /srv/a.b+c/d-e.sock, policy: full, upstream: /srv/engine.d/x.sock }
  - { socket: /srv/gates/db.sock, upstream: /run/db/db.sock, protocol: raw, policy: full }
`,
    facts: { configFile: "/srv/gate.d/postern.yaml", upstream: "/srv/engine.d/x.sock" },
  },
};

const missing = missingForSelinux();
for (const [what, host] of Object.entries(hosts)) {
  const name = `secilc takes the module of a configuration with ${what} into Debian's policy`;
  Deno.test({
    name: missing === undefined ? name : `${name} (${missing})`,
    ignore: missing !== undefined,
    async fn() {
      const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "pse-" });
      try {
        const { contexts } = await compilePolicy(directory, [moduleFor(host)]);
        const lines = (await Deno.readTextFile(contexts)).split("\n");
        assert.ok(
          lines.some((line) => /^\/.*\t-s\tsystem_u:object_r:postern_engine_t:s0$/.test(line)),
        );
        assert.ok(lines.some((line) => /:postern_exec_t:s0$/.test(line)));
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    },
  });
}

const script = `
echo "GATE $(cat /proc/$gate/attr/current)"
UNCONFINED=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023
USER=user_u:user_r:user_t:s0
SERVICE=system_u:system_r:initrc_t:s0
for who in UNCONFINED USER SERVICE; do
  context=$(eval echo \\$$who)
  try "$who real" as $context /usr/bin/socat -t 10 - UNIX-CONNECT:/run/docker.sock
  try "$who other" as $context /usr/bin/socat -t 10 - UNIX-CONNECT:/run/other.sock
  try "$who gate" as $context /usr/bin/socat -t 10 - UNIX-CONNECT:/run/postern/docker.sock
done
GATE=system_u:system_r:postern_t:s0
try "GATE real" as $GATE /test/gate/socat -t 10 - UNIX-CONNECT:/run/docker.sock
try "GATE other" as $GATE /test/gate/socat -t 10 - UNIX-CONNECT:/run/other.sock
try "GATE secret" as $GATE /test/gate/socat -u OPEN:/etc/shadow -
try "GATE config" as $GATE /test/gate/socat -u OPEN:/etc/postern/postern.yaml -
try "GATE file" as $GATE /test/gate/socat -u OPEN:/etc/postern/postern.yaml CREATE:/etc/postern/x
try "GATE program" as $GATE /test/gate/socat -u EXEC:/bin/id -
try "GATE inet" as $GATE /test/gate/socat -t 10 - TCP:127.0.0.1:1
echo "MISSED $(dmesg | grep 'avc:  denied' | grep 'scontext=system_u:system_r:postern_t' | grep -v 'comm="socat"' | tr '\\n' '|')"
echo 0 >/sys/fs/selinux/enforce
try "PERMISSIVE real" as $UNCONFINED /usr/bin/socat -t 10 - UNIX-CONNECT:/run/docker.sock
echo 1 >/sys/fs/selinux/enforce
kill $gate; n=0; while [ -d /proc/$gate ] && [ $n -lt 60 ]; do sleep 1; n=$((n+1)); done
echo "RECORD $(head -n 1 /var/log/postern/audit.jsonl)"
[ -e /run/postern/docker.sock ] && echo "LEFT a socket"
`;
const absent = missing ?? missingForVm() ??
  ["socat", "setfiles"].filter((name) => which(name) === undefined).map((name) =>
    `${name} not found`
  )[0];
const enforced =
  "the kernel keeps everybody but the gate from the real socket, root too, by the module's rules";
Deno.test({
  name: absent === undefined ? enforced : `${enforced} (${absent})`,
  ignore: absent !== undefined,
  async fn(t) {
    const { tries, said, output } = await runSelinux(script);
    const goes = (name: string) =>
      assert.match(tries.get(name) ?? output, /^HTTP\/1\.1 200 OK/, name);
    const isRefused = (name: string) =>
      assert.match(tries.get(name) ?? output, /Permission denied/, name);
    await t.step(
      "the policy is enforced, and restorecon's list gives the real socket its type",
      () => {
        assert.match(said("ENFORCE"), /^1 system_u:system_r:kernel_t:s0/);
        assert.match(said("RELABELED"), /to system_u:object_r:postern_engine_t:s0$/);
      },
    );
    await t.step("root, a user and a service have the gate, and not the real socket", () => {
      for (const who of ["UNCONFINED", "USER", "SERVICE"]) {
        isRefused(`${who} real`);
        goes(`${who} gate`);
      }
      for (const who of ["UNCONFINED", "SERVICE"]) goes(`${who} other`);
      goes("PERMISSIVE real");
    });
    await t.step(
      "the gate serves in its domain, which systemd's transition gives it, and misses nothing",
      () => {
        assert.equal(said("GATE"), "system_u:system_r:postern_t:s0");
        assert.equal(said("MISSED"), "");
        const record = JSON.parse(said("RECORD"));
        assert.deepEqual([record.decision, record.peer.exe], ["allow", "/usr/bin/socat"]);
        assert.equal(said("LEFT"), "");
      },
    );
    await t.step("what runs in the gate's domain has nothing that the gate does not need", () => {
      goes("GATE real");
      assert.match(tries.get("GATE config")!, /listeners:/);
      for (const what of ["other", "secret", "file", "program", "inet"]) isRefused(`GATE ${what}`);
    });
  },
});

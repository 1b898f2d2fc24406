// The complete example with nothing left out: a fresh Debian on a kernel of its own, where audit and AppArmor are the host's to set.
import assert from "node:assert/strict";
import { missingForDebianMachine, runDebian } from "../support/debian_machine.ts";

const missing = missingForDebianMachine();
const reason = missing === undefined ? "" : ` (${missing})`;

const script = `
systemctl is-active docker auditd apparmor
useradd --groups docker alice
alice() { echo "$1: $(shift; HOME=/ setpriv --reuid=alice --regid=alice --init-groups "$@" 2>&1)"; }
records() { ausearch -k docker_socket -ui "$1" 2>/dev/null | grep -c type=SYSCALL; }
sums() { find /etc -type f ! -name '*.cache' -exec sha256sum {} + | sort; }
sums >/root/before
postern harden apply; echo "apply: $?"
postern harden apply | grep '^nothing to do'
alice direct docker ps
alice gate docker -H unix:///run/postern/docker.sock ps
echo "label: $(cat /proc/$(systemctl show -p MainPID --value postern.service)/attr/current)"
echo "records of alice: $(records alice)"
echo "records of the gate: $(records postern)"
postern harden revert; echo "revert: $?"
stat -c 'real socket: %a %U:%G' /run/docker.sock
sums >/root/after
diff /root/before /root/after && echo "as it was"
`;

Deno.test({
  name: `a Debian on its own kernel: audit, AppArmor, doctor, the gate, and back again${reason}`,
  ignore: missing !== undefined,
  async fn() {
    const { output, ended } = await runDebian(script, 900);
    assert.ok(ended, output);
    assert.match(output, /^active\nactive\nactive$/m, output);
    assert.match(output, /^apply: 0$/m, output);
    assert.doesNotMatch(output, /WRONG|(?:apparmor|audit) left out/, output);
    assert.match(output, /^\d+ advice.*\d+ fine$/m, output);
    assert.match(output, /^nothing to do$/m, output);
    // The docker group lost the real socket, and has the gate.
    assert.match(output, /^direct: .*permission denied/im, output);
    assert.match(output, /^gate: CONTAINER ID/m, output);
    assert.match(output, /^label: postern \(enforce\)$/m, output);
    // Her connect was refused, and recorded; the gate's were not.
    assert.match(output, /^records of alice: [1-9]/m, output);
    assert.match(output, /^records of the gate: 0$/m, output);
    assert.match(output, /^revert: 0\nreal socket: 660 root:docker\nas it was$/m, output);
  },
});

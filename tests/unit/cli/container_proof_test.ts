import assert from "node:assert/strict";
import { containerProof } from "../../../lib/cli/container_proof.ts";
import { load } from "../config/fakes.ts";

const root = { effective: "000001ffffffffff" };
const none = { effective: "0000000000000000" };

/** What is said to a gate with these threads and rules, on a port and a socket. */
function said(clients: string, threads: readonly { effective: string }[]): string[] {
  const result = load(
    "listeners: [{ listen: 'tcp://127.0.0.1:2375', name: port }, { socket: /run/a.sock }]\n" +
      `clients: [${clients}]\n`,
  );
  assert.ok(result.ok);
  return containerProof(result.config, threads).map(({ level, text }) => `${level}: ${text}`);
}

const label = "{ label: a=b, policy: full }";

Deno.test("a gate that may not see others' processes says that rules about containers deny", () => {
  for (const threads of [[none], [root, none], [{ effective: "000001fffff7ffff" }]]) {
    const [warning, ...more] = said(label, threads);
    assert.match(warning!, /^warning: client rule postern.yaml:2 .*CAP_SYS_PTRACE.*get deny$/);
    assert.deepEqual(more, []);
  }
  assert.match(said(`${label}, { container: x, policy: full }`, [none])[0]!, /client rules about/);
});

Deno.test("it says nothing to who may, and where no rule asks", () => {
  assert.deepEqual(said(label, [root, root]), []);
  assert.deepEqual(said(label, [{ effective: "0000000000080000" }]), []);
  assert.deepEqual(said("{ address: 127.0.0.1, policy: full }", [none]), []);
  assert.deepEqual(said("{ label: a=b, listener: a, policy: full }", [none]), []);
});

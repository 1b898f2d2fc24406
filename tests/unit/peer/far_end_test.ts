import assert from "node:assert/strict";
import { holdsConnection, isListed } from "../../../lib/peer/far_end.ts";
import type { TcpEnd } from "../../../lib/linux/tcp.ts";
import { missingIpv6 } from "../../support/ipv6.ts";
import { parseAddress } from "../../../lib/policy/address.ts";

const end = (address: string, port: number): TcpEnd => ({ address: parseAddress(address)!, port });
const ends = (client: string, gate: string) => ({
  client: end(client, 0x8f1c),
  gate: end(gate, 2375),
});

/** A line as the kernel writes it (Linux 6.1). */
const line = (local: string, remote: string, state: string) =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 02:000A79B1 00000000     0        0 19871 2\n`;

Deno.test("a connection is found in what the kernel lists", () => {
  const between = ends("172.18.0.4", "172.18.0.1");
  const table = line("040012AC:8F1C", "010012AC:0947", "01");
  assert.ok(isListed(table, between, "tcp"));
  const mapped = "0000000000000000FFFF0000";
  const wide = line(`${mapped}040012AC:8F1C`, `${mapped}010012AC:0947`, "01");
  assert.ok(isListed(wide, between, "tcp6"));
  assert.ok(!isListed(wide, between, "tcp"));
  const six = line(
    "000000FD000000000000000009000000:8F1C",
    "000000FD000000000000000001000000:0947",
    "01",
  );
  assert.ok(isListed(six, ends("fd00::9", "fd00::1"), "tcp6"));
});

Deno.test("another port, another gate, another state is another connection", () => {
  const between = ends("172.18.0.4", "172.18.0.1");
  for (
    const other of [
      line("040012AC:8F1D", "010012AC:0947", "01"),
      line("040012AC:8F1C", "010012AC:0948", "01"),
      line("040012AC:8F1C", "020012AC:0947", "01"),
      line("010012AC:0947", "040012AC:8F1C", "01"),
      // SYN_SENT, TIME_WAIT, LISTEN
      line("040012AC:8F1C", "010012AC:0947", "02"),
      line("040012AC:8F1C", "010012AC:0947", "06"),
      line("040012AC:8F1C", "010012AC:0947", "0A"),
    ]
  ) {
    assert.ok(!isListed(other, between, "tcp"), other);
  }
});

for (const [what, host] of [["IPv4", "127.0.0.1"], ["IPv6", "::1"]] as const) {
  Deno.test({
    name: `the kernel shows a connection of ${what} to whoever holds it, and no other`,
    ignore: what === "IPv6" && missingIpv6 !== undefined,
    fn: async () => {
      using listener = Deno.listen({ hostname: host, port: 0 });
      using conn = await Deno.connect({ hostname: host, port: listener.addr.port });
      using _accepted = await listener.accept();
      const { port } = conn.localAddr;
      const here = { container: await cgroup(), pid: Deno.pid };
      const gate = end(host, listener.addr.port);
      assert.equal(await holdsConnection({ ...here, client: end(host, port), gate }), true);
      const strange = { ...here, client: end(host, port ^ 1), gate };
      assert.equal(await holdsConnection(strange), false);
    },
  });
}

Deno.test("of a process that is not the container's nothing is known", async () => {
  const between = ends("127.0.0.1", "127.0.0.1");
  const container = "c".repeat(64);
  assert.equal(await holdsConnection({ container, pid: Deno.pid, ...between }), undefined);
  const nobody = { container: await cgroup(), pid: 0, ...between };
  assert.equal(await holdsConnection(nobody), undefined);
});

/** What stands for a container's id: the folder that this process is in. */
async function cgroup(): Promise<string> {
  return (await Deno.readTextFile("/proc/self/cgroup")).trim();
}

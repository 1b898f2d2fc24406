import assert from "node:assert/strict";
import { isOwnAddress } from "../../../lib/linux/tcp.ts";
import { parseAddress } from "../../../lib/policy/address.ts";

Deno.test("the addresses of this machine's interfaces are its own", () => {
  // A link-local one needs its interface to be reached.
  const addresses = Deno.networkInterfaces().map(({ address }) => address)
    .filter((address) => !address.startsWith("fe80:"));
  assert.ok(addresses.includes("127.0.0.1"));
  for (const address of addresses) assert.ok(isOwnAddress(parseAddress(address)!), address);
});

Deno.test("other addresses are not, whether this machine may bind them or not", () => {
  // TEST-NET-3 (RFC 5737) and a neighbour on loopback's network, to which this machine goes by 127.0.0.1.
  for (const address of [[203, 0, 113, 9], [127, 9, 9, 9]]) {
    assert.equal(isOwnAddress(address), !hasRouteTo(address), address.join("."));
  }
});

/** Without a route nothing is told of an address. */
function hasRouteTo([first]: readonly number[]): boolean {
  return first === 127 || Deno.readTextFileSync("/proc/net/route").includes("\t00000000\t");
}

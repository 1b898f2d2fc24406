import assert from "node:assert/strict";
import {
  formatAddress,
  isLinkLocal,
  isLoopback,
  isWithin,
  parseAddress,
  parseRange,
} from "../../../lib/policy/address.ts";

const text = (address: string) => formatAddress(parseAddress(address)!);

Deno.test("an address is written in the one way of RFC 5952", () => {
  for (
    const [written, canonical] of [
      ["172.18.0.4", "172.18.0.4"],
      ["::ffff:172.18.0.4", "172.18.0.4"],
      ["::FFFF:ac12:4", "172.18.0.4"],
      ["0:0:0:0:0:0:0:1", "::1"],
      ["::", "::"],
      ["2001:0DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
      ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
      ["fe80::", "fe80::"],
      ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ] as const
  ) assert.equal(text(written), canonical);
});

Deno.test("what is no address is none", () => {
  for (
    const wrong of [
      ...[
        "",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "1.2.3.4 ",
        "0x7f.0.0.1",
        "2130706433",
      ],
      ...[":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::12345", "g::"],
      ...["1:2:3:4:5:6:7::8", "fe80::1%eth0", "[::1]", "::1.2.3", "::1.2.3.4:5", "localhost"],
    ]
  ) assert.equal(parseAddress(wrong), undefined, wrong);
});

Deno.test("a range holds what begins with its bits, and nothing of the other family", () => {
  const within = (address: string, range: string) =>
    isWithin(parseAddress(address)!, parseRange(range)!);
  assert.ok(within("172.18.255.255", "172.18.0.0/16"));
  assert.ok(!within("172.19.0.0", "172.18.0.0/16"));
  assert.ok(within("172.18.0.4", "172.18.0.4"));
  assert.ok(!within("172.18.0.5", "172.18.0.4"));
  assert.ok(within("10.1.2.3", "0.0.0.0/0"));
  assert.ok(!within("10.1.2.3", "::/0"));
  assert.ok(within("::ffff:10.1.2.3", "10.0.0.0/8"));
  assert.ok(within("10.1.2.3", "::ffff:10.0.0.0/104"));
  assert.ok(within("fd00::1", "fd00::/9"));
  assert.ok(!within("fe00::1", "fd00::/9"));
  assert.ok(within("172.18.0.7", "172.18.0.6/31"));
  assert.ok(!within("172.18.0.8", "172.18.0.6/31"));
});

Deno.test("a range with bits behind its prefix, or a prefix that is none, is a mistake", () => {
  for (
    const wrong of [
      "172.18.0.4/16",
      "10.0.0.0/33",
      "10.0.0.0/",
      "10.0.0.0/08",
      "fd00::1/64",
      "::/129",
      "::ffff:0.0.0.0/90",
      "10.0.0.0/-1",
      "/8",
      "10.0.0.0/8/8",
    ]
  ) assert.equal(parseRange(wrong), undefined, wrong);
});

Deno.test("loopback and link-local addresses are known as such", () => {
  const all = (addresses: string[], is: typeof isLoopback) =>
    addresses.map((address) => is(parseAddress(address)!));
  const some = ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "128.0.0.1", "::", "fe80::1"];
  assert.deepEqual(all(some, isLoopback), [true, true, true, true, false, false, false]);
  const links = ["fe80::1", "febf::1", "fec0::1", "169.254.1.1", "169.253.1.1", "::1"];
  assert.deepEqual(all(links, isLinkLocal), [true, true, false, true, false, false]);
});

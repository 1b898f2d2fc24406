import assert from "node:assert/strict";
import { holderIn, residentsAt } from "../../../lib/peer/residents.ts";

const id = (digit: string) => digit.repeat(64);

interface Network {
  readonly IPAddress?: string;
  readonly Gateway?: string;
  readonly IPPrefixLen?: number;
  readonly GlobalIPv6Address?: string;
  readonly GlobalIPv6PrefixLen?: number;
}

/** An entry of the engine's list, as Docker 20.10 and 28 write it. */
function entry(digit: string, name: string, mode: string, networks: Record<string, Network> = {}) {
  return {
    Id: id(digit),
    Names: [`/${name}`],
    Labels: { team: name },
    HostConfig: { NetworkMode: mode },
    NetworkSettings: { Networks: networks },
  };
}

const on = (address: string): Record<string, Network> => ({
  front: { IPAddress: address, Gateway: "172.18.0.1", IPPrefixLen: 16 },
});
/** As GET /networks tells. */
const front = {
  Name: "front",
  IPAM: { Config: [{ Subnet: "172.18.0.0/16", Gateway: "172.18.0.1" }] },
};
const six = { Name: "six", IPAM: { Config: [{ Subnet: "fd00::/64" }] } };
const noAddresses = { Name: "none", IPAM: { Driver: "default", Config: null } };

/** Names of those who may be at an address that is not this machine's. */
function named(
  address: string,
  containers: unknown,
  { networks = [front, six, noAddresses], isOwn = false }: { networks?: unknown; isOwn?: boolean } =
    {},
) {
  const found = residentsAt(address, { containers, networks }, isOwn);
  if (typeof found === "string") return found;
  return "unknown" in found
    ? found.unknown
    : found.inside.map((one) => one === "none" ? "none" : one.name);
}

const web = entry("a", "web", "front", on("172.18.0.4"));
const db = entry("b", "db", "front", on("172.18.0.5"));

Deno.test("an address that the engine gave to a container is that container", () => {
  const told = { containers: [web, db], networks: [front] };
  assert.deepEqual(residentsAt("172.18.0.4", told, false), {
    inside: [{ id: id("a"), name: "web", labels: { team: "web" } }],
  });
});

Deno.test("an address outside of all networks is no container's", () => {
  assert.deepEqual(named("192.0.2.7", [web, db]), ["none"]);
  assert.deepEqual(named("192.0.2.7", []), ["none"]);
});

Deno.test("an address of this machine can be that of every process in its network", () => {
  for (
    const own of [
      named("192.0.2.7", [web], { isOwn: true }),
      named("127.0.0.1", []),
      named("::1", []),
    ]
  ) {
    assert.match(`${own}`, /^\S+ is this machine's own/);
  }
});

Deno.test("a gateway's address can be anybody behind it", () => {
  const gateway = /^172.18.0.1 is a network's gateway/;
  assert.match(`${named("172.18.0.1", [web, db])}`, gateway);
  assert.match(`${named("172.18.0.1", [])}`, gateway);
  assert.match(`${named("172.18.0.1", [web], { networks: [] })}`, gateway);
});

Deno.test("an address of a network that no container has is not listed yet, or was taken", () => {
  assert.equal(named("172.18.77.7", [web]), "unlisted");
  assert.equal(named("172.18.0.4", []), "unlisted");
  assert.equal(named("172.18.77.7", [web], { networks: [] }), "unlisted");
  assert.equal(named("fd00::10", []), "unlisted");
});

Deno.test("a link-local address can be taken by everybody on the link", () => {
  assert.match(`${named("fe80::42", [web])}`, /can be taken by everybody/);
  assert.match(`${named("169.254.1.1", [web])}`, /can be taken by everybody/);
});

Deno.test("containers that share an address are all named", () => {
  const sidecar = entry("c", "sidecar", `container:${id("a")}`);
  const other = entry("d", "other", `container:${id("b")}`);
  assert.deepEqual(named("172.18.0.4", [web, db, sidecar, other]), ["web", "sidecar"]);
  const lost = entry("e", "lost", `container:${id("f")}`);
  assert.deepEqual(named("172.18.0.4", [web, db, lost]), ["web", "lost"]);
});

Deno.test("guests of guests share the address, too, however they are listed", () => {
  const side = entry("c", "side", "container:web");
  const evil = entry("d", "evil", `container:${id("c")}`);
  const worse = entry("e", "worse", `container:${id("d").slice(0, 12)}`);
  for (const others of [[side, evil, worse], [worse, evil, side]]) {
    const found = named("172.18.0.4", [...others, web, db]);
    assert.deepEqual([...found!].sort(), ["evil", "side", "web", "worse"]);
  }
  // A ring of guests, which ends, too.
  const [one, other] = [entry("8", "one", "container:other"), entry("9", "other", "container:one")];
  assert.deepEqual(named("172.18.0.4", [one, other, web]), ["web"]);
});

Deno.test("a container that joined a network by its namespace can be in any", () => {
  const joined = entry("c", "joined", "ns:/proc/77/ns/net");
  assert.deepEqual(named("172.18.0.4", [web, joined]), ["web", "joined"]);
});

Deno.test("a network whose subnet was written with an address in it is that subnet", () => {
  const odd = { IPAM: { Config: [{ Subnet: "10.88.8.7/24", Gateway: "10.88.8.1" }] } };
  assert.deepEqual(named("172.18.0.4", [web], { networks: [front, odd] }), ["web"]);
  assert.equal(named("10.88.8.99", [web], { networks: [odd] }), "unlisted");
});

Deno.test("an address elsewhere can be one that a container in the host's network has taken", () => {
  const agent = entry("c", "agent", "host", { host: { IPAddress: "", Gateway: "" } });
  assert.deepEqual(named("192.0.2.7", [web, agent]), ["none", "agent"]);
  assert.deepEqual(named("172.18.0.4", [web, agent]), ["web"]);
});

Deno.test("a container whose address the engine does not tell can be at any", () => {
  const silent = entry("c", "silent", "front", { front: {} });
  assert.deepEqual(named("172.18.0.4", [web, silent]), ["web", "silent"]);
  assert.deepEqual(named("192.0.2.7", [web, silent]), ["none", "silent"]);
});

Deno.test("two containers with one address in two networks are both named", () => {
  const twin = entry("c", "twin", "back", { back: { IPAddress: "172.18.0.4", IPPrefixLen: 16 } });
  assert.deepEqual(named("172.18.0.4", [web, twin]), ["web", "twin"]);
});

Deno.test("IPv6 and the IPv4 in it are found, too", () => {
  const both = entry("c", "both", "front", {
    front: {
      IPAddress: "172.18.0.9",
      IPPrefixLen: 16,
      GlobalIPv6Address: "fd00::9",
      GlobalIPv6PrefixLen: 64,
    },
  });
  assert.deepEqual(named("fd00:0::0009", [both]), ["both"]);
  assert.deepEqual(named("::ffff:172.18.0.9", [both]), ["both"]);
  assert.equal(named("fd00::10", [both], { networks: [] }), "unlisted");
});

Deno.test("names that links give are no names of the container", () => {
  const linked = { ...web, Names: ["/db/alias", "/web"] };
  assert.deepEqual(named("172.18.0.4", [linked]), ["web"]);
});

Deno.test("an answer that is not understood says nothing", () => {
  const strange = /^the engine's lists .* are not understood$/;
  for (
    const answer of [undefined, {}, "x", [{}], [web, { ...db, Id: 5 }], [{ ...web, Names: [] }]]
  ) {
    assert.match(`${named("172.18.0.4", answer)}`, strange, JSON.stringify(answer));
  }
  for (
    const networks of [
      undefined,
      {},
      [{ IPAM: { Config: [{}] } }],
      [{ IPAM: { Config: [{ Subnet: "172.18.0.0/x" }] } }],
      [{ IPAM: { Config: [{ Subnet: "172.18.0.0/33" }] } }],
    ]
  ) {
    const told = { containers: [web], networks };
    const found = residentsAt("172.18.0.4", told, false);
    assert.ok(typeof found === "object" && "unknown" in found, JSON.stringify(networks));
  }
});

Deno.test("a container has an address only while it runs, and in a network of its own", () => {
  const answer = (running: unknown, address: unknown, pid: unknown = 77) => ({
    State: { Running: running, Pid: pid },
    NetworkSettings: { Networks: { front: { IPAddress: address, GlobalIPv6Address: "fd00::9" } } },
  });
  assert.equal(holderIn(answer(true, "172.18.0.4"), "172.18.0.4"), 77);
  assert.equal(holderIn(answer(true, "172.18.0.4"), "::ffff:172.18.0.4"), 77);
  assert.equal(holderIn(answer(true, "172.18.0.4"), "fd00::9"), 77);
  assert.equal(holderIn(answer(true, "172.18.0.4", "1/../../2"), "fd00::9"), 0);
  for (
    const other of [
      answer(false, "172.18.0.4"),
      answer("true", "172.18.0.4"),
      answer(true, "172.18.0.5"),
      answer(true, ""),
      undefined,
      {},
    ]
  ) {
    assert.equal(holderIn(other, "172.18.0.4"), undefined, JSON.stringify(other));
  }
});

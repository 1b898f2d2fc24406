import assert from "node:assert/strict";
import { residentsAt } from "../../../lib/peer/residents.ts";

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
const named = (address: string, list: unknown) =>
  residentsAt(address, list)?.map((one) => one === "none" ? "none" : one.name);

const web = entry("a", "web", "front", on("172.18.0.4"));
const db = entry("b", "db", "front", on("172.18.0.5"));

Deno.test("an address that the engine gave to a container is that container", () => {
  assert.deepEqual(residentsAt("172.18.0.4", [web, db]), [
    { id: id("a"), name: "web", labels: { team: "web" } },
  ]);
});

Deno.test("an address outside of all networks is no container's", () => {
  assert.deepEqual(named("192.0.2.7", [web, db]), ["none"]);
  assert.deepEqual(named("127.0.0.1", []), ["none"]);
});

Deno.test("a gateway's address can be anybody behind it", () => {
  assert.equal(named("172.18.0.1", [web, db]), undefined);
});

Deno.test("an address that a container can take by itself is nobody's that is known", () => {
  assert.equal(named("172.18.77.7", [web]), undefined);
  assert.equal(named("fe80::42", [web]), undefined);
});

Deno.test("containers that share an address are all named", () => {
  const sidecar = entry("c", "sidecar", `container:${id("a")}`);
  const other = entry("d", "other", `container:${id("b")}`);
  assert.deepEqual(named("172.18.0.4", [web, db, sidecar, other]), ["web", "sidecar"]);
  const lost = entry("e", "lost", `container:${id("f")}`);
  assert.deepEqual(named("172.18.0.4", [web, db, lost]), ["web", "lost"]);
});

Deno.test("a host's address can be that of a container in the host's network", () => {
  const agent = entry("c", "agent", "host", { host: { IPAddress: "", Gateway: "" } });
  assert.deepEqual(named("192.0.2.7", [web, agent]), ["none", "agent"]);
  assert.deepEqual(named("127.0.0.1", [web, agent]), ["none", "agent"]);
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
  const six = entry("c", "six", "front", {
    front: {
      IPAddress: "172.18.0.9",
      IPPrefixLen: 16,
      GlobalIPv6Address: "fd00::9",
      GlobalIPv6PrefixLen: 64,
    },
  });
  assert.deepEqual(named("fd00:0::0009", [six]), ["six"]);
  assert.deepEqual(named("::ffff:172.18.0.9", [six]), ["six"]);
  assert.equal(named("fd00::10", [six]), undefined);
});

Deno.test("names that links give are no names of the container", () => {
  const linked = { ...web, Names: ["/db/alias", "/web"] };
  assert.deepEqual(named("172.18.0.4", [linked]), ["web"]);
});

Deno.test("an answer that is not understood says nothing", () => {
  for (
    const answer of [undefined, {}, "x", [{}], [web, { ...db, Id: 5 }], [{ ...web, Names: [] }]]
  ) {
    assert.equal(named("172.18.0.4", answer), undefined, JSON.stringify(answer));
  }
});

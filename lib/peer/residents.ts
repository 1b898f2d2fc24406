import {
  type AddressBytes,
  type AddressRange,
  isLinkLocal,
  isLoopback,
  isWithin,
  parseAddress,
} from "../policy/address.ts";
import type { Peer, PeerContainer } from "../policy/types.ts";

/** An engine's answer to GET /containers/json: what of it tells who is at an address. */
interface Listed {
  readonly container: PeerContainer;
  /** `host`, `container:ID`, or the name of a network. */
  readonly mode: string;
  readonly ends: readonly End[];
}

/** A container's place in a network; without an address where the engine did not tell. */
interface End {
  readonly address: AddressBytes | undefined;
  readonly gateway: AddressBytes | undefined;
  readonly bits: number;
}

/** What the engine tells of where containers are. */
export interface Told {
  /** GET /containers/json. */
  readonly containers: unknown;
  /** GET /networks. */
  readonly networks: unknown;
}

/** Who may be at an address (`Peer.inside`), or why the engine cannot tell, in words. */
export type Residents =
  | { readonly inside: NonNullable<Peer["inside"]> }
  | { readonly unknown: string };

/**
 * Who may be at an address. Unknown is:
 *
 * - one of this machine's own (`isOwn`), which every local user and every container in the host's network has;
 * - a gateway's, which whatever is behind it shares (published ports, masquerading);
 * - a link-local one, which everybody on the link can take;
 * - an answer that is not understood.
 *
 * `unlisted` where it belongs to a network, and no container that is listed was given it: one that has just started is not in the
 * list yet, and one with NET_ADMIN can take an address by itself. A container may share its address with others (`--network
 * container:…`, `host`): then all of them are named, the one that was given it first.
 */
export function residentsAt(
  text: string,
  { containers, networks }: Told,
  isOwn: boolean,
): Residents | "unlisted" {
  const address = parseAddress(text);
  const listed = readList(containers);
  const pools = readPools(networks);
  if (address === undefined || listed === undefined || pools === undefined) {
    return { unknown: "the engine's lists of containers and networks are not understood" };
  }
  const ends = listed.flatMap(({ ends }) => ends);
  const isSame = (other: AddressBytes | undefined) =>
    other !== undefined && isWithin(address, { bytes: other, bits: other.length * 8 });
  const gateways = [...ends.map(({ gateway }) => gateway), ...pools.map(({ gateway }) => gateway)];
  if (gateways.some(isSame)) {
    return { unknown: `${text} is a network's gateway, which others speak from, too` };
  }

  const owners = listed.filter(({ ends }) => ends.some((end) => isSame(end.address)));
  // Podman does not tell the addresses of every container.
  const elsewhere = listed.filter(({ ends }) => ends.some((end) => end.address === undefined));
  if (owners.length > 0) {
    return { inside: containersOf([...withGuests(owners, listed), ...elsewhere]) };
  }
  if (isOwn || isLoopback(address)) {
    return { unknown: `${text} is this machine's own, which all of its programs speak from` };
  }
  if (isLinkLocal(address)) return { unknown: `${text} can be taken by everybody on the link` };
  const inNetwork = pools.some(({ range }) => isWithin(address, range)) ||
    ends.some(({ address: other, bits }) =>
      other !== undefined && isWithin(address, { bytes: other, bits })
    );
  if (inNetwork) return "unlisted";
  const others = [...listed.filter(({ mode }) => mode === "host"), ...elsewhere];
  return { inside: ["none", ...containersOf(others)] };
}

/**
 * The process id of a container's first process, by GET /containers/ID/json, where it runs and has the address now: the list is a
 * moment older, and a container that has ended is still in it when its address is another's. 0 where the engine tells no id.
 */
export function holderIn(answer: unknown, text: string): number | undefined {
  const address = parseAddress(text);
  const { Running: running, Pid: pid } = record(record(answer)["State"]);
  const networks = record(record(record(answer)["NetworkSettings"])["Networks"]);
  const has = address !== undefined && running === true &&
    Object.values(networks).flatMap(endsIn).some(({ address: other }) =>
      other !== undefined && isWithin(address, { bytes: other, bits: other.length * 8 })
    );
  if (!has) return undefined;
  return typeof pid === "number" && Number.isSafeInteger(pid) ? pid : 0;
}

/** The addresses of a network. */
interface Pool {
  readonly range: AddressRange;
  readonly gateway: AddressBytes | undefined;
}

function readPools(answer: unknown): Pool[] | undefined {
  if (!Array.isArray(answer)) return undefined;
  const configs = answer.flatMap((network) => {
    const config = record(record(network)["IPAM"])["Config"];
    return Array.isArray(config) ? config.map(record) : [];
  });
  const pools = configs.map(({ Subnet: subnet, Gateway: gateway }) => {
    const range = typeof subnet === "string" ? subnetIn(subnet) : undefined;
    return range && { range, gateway: addressIn(gateway) };
  });
  return pools.every((pool) => pool !== undefined) ? pools : undefined;
}

/** Docker takes `10.88.8.7/24` for 10.88.8.0/24, and tells it as it was written. */
function subnetIn(text: string): AddressRange | undefined {
  const [, address, prefix] = /^(.*)\/([0-9]{1,3})$/.exec(text) ?? [];
  const bytes = address === undefined ? undefined : parseAddress(address);
  const bits = Number(prefix);
  return bytes !== undefined && bits <= bytes.length * 8 ? { bytes, bits } : undefined;
}

/** Those who are in the network of one of `owners`, or of one that nobody knows: guests, guests of guests, and so on. */
function withGuests(owners: readonly Listed[], listed: readonly Listed[]): Listed[] {
  const inside = [...owners];
  // Whoever is found is asked for guests of his own, too.
  for (let before = 0; before < inside.length;) {
    before = inside.length;
    inside.push(...listed.filter((one) => !inside.includes(one) && isGuest(one, inside, listed)));
  }
  return inside;
}

function isGuest(
  { mode, ends }: Listed,
  owners: readonly Listed[],
  listed: readonly Listed[],
): boolean {
  // Podman's way to name a network by its namespace: it can be anybody's.
  if (mode.startsWith("ns:")) return ends.length === 0;
  if (!mode.startsWith("container:")) return false;
  const host = mode.slice("container:".length);
  const isCalled = ({ container: { id, name } }: Listed) =>
    name === host || (host.length >= 12 && id.startsWith(host));
  return owners.some(isCalled) || !listed.some(isCalled);
}

function containersOf(listed: readonly Listed[]): PeerContainer[] {
  return [...new Set(listed)].map(({ container }) => container);
}

type Loose = Readonly<Record<string, unknown>>;

function readList(answer: unknown): Listed[] | undefined {
  if (!Array.isArray(answer)) return undefined;
  const listed = answer.map((entry) => readEntry(record(entry)));
  return listed.every((entry) => entry !== undefined) ? listed : undefined;
}

function readEntry(entry: Loose): Listed | undefined {
  const { Id: id, Names: names, Labels: labels } = entry;
  const mode = record(entry["HostConfig"])["NetworkMode"];
  const networks = record(record(entry["NetworkSettings"])["Networks"]);
  // Links give a container further names, with the other's in front: `/other/alias`.
  const own = Array.isArray(names)
    ? names.filter((name) => typeof name === "string").map((name) => name.replace(/^\//, ""))
      .filter((name) => !name.includes("/"))
    : [];
  if (typeof id !== "string" || typeof mode !== "string" || own.length !== 1) return undefined;
  const labelled = Object.entries(record(labels)).filter((pair): pair is [string, string] =>
    typeof pair[1] === "string"
  );
  return {
    container: { id, name: own[0]!, labels: Object.fromEntries(labelled) },
    mode,
    ends: mode === "host" || mode === "none" ? [] : Object.values(networks).flatMap(endsIn),
  };
}

function endsIn(network: unknown): End[] {
  const settings = record(network);
  const end = (address: string, gateway: string, bits: string): End => ({
    address: addressIn(settings[address]),
    gateway: addressIn(settings[gateway]),
    bits: typeof settings[bits] === "number" ? settings[bits] : 0,
  });
  const v4 = end("IPAddress", "Gateway", "IPPrefixLen");
  const v6 = end("GlobalIPv6Address", "IPv6Gateway", "GlobalIPv6PrefixLen");
  return v6.address === undefined ? [v4] : v4.address === undefined ? [v6] : [v4, v6];
}

function addressIn(value: unknown): AddressBytes | undefined {
  return typeof value === "string" ? parseAddress(value) : undefined;
}

function record(value: unknown): Loose {
  return typeof value === "object" && value !== null ? value as Loose : {};
}

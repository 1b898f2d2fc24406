// Networks, and who joins them.
import { type Call, create, type Escape, escape, post } from "./table.ts";

const network = (fields: Record<string, unknown>) =>
  post("/v1.41/networks/create", { Name: "$name", ...fields });
const connect = (where: string, Container = "$name") =>
  post(`/v1.41/networks/${where}/connect`, { Container });
const plugged: Call = { ...create({ Labels: { team: "ci" } }), direct: true };

export const networkEscapes: readonly Escape[] = [
  escape(
    "a network is on a card of the host",
    "network_drivers",
    network({ Driver: "macvlan", Options: { parent: "lo" } }),
    network({ Driver: "bridge" }),
    { notHere: "elsewhere" },
  ),
  escape(
    "a network shares the address of a card of the host",
    "network_drivers",
    network({ Driver: "ipvlan", Options: { parent: "eth0" } }),
    network({ Driver: "bridge", Internal: true }),
    { notHere: "elsewhere" },
  ),
  escape(
    "a second network of the host's own is made",
    "network_drivers",
    network({ Driver: "host" }),
    network({}),
    { notHere: "refused" },
  ),
  escape(
    "a network is made by a plugin",
    "network_drivers",
    network({ Driver: "weaveworks/net-plugin:latest_release" }),
    network({ Labels: { a: "b" } }),
    { notHere: "elsewhere" },
  ),
  escape(
    "a network's driver is spelt in small letters",
    "unknown_fields",
    network({ driver: "macvlan", options: { parent: "lo" } }),
    network({ Attachable: false }),
    { notHere: "elsewhere" },
  ),
  ...([
    ["the host's network", "host", "refused"],
    ["the host's network by its id", "$hostnet_id", "refused"],
    ["a network that is not the team's", "$network"],
    ["a network that is not the team's by its id", "$network_id"],
    ["a network that is not the team's by twelve digits of its id", "$network_12"],
  ] as const).map(([what, where, notHere]) =>
    escape(
      `a container joins ${what} later`,
      "networks",
      connect(where),
      connect("$cinetwork"),
      {
        policy: "team",
        before: [plugged],
        twinBefore: [plugged],
        ...(notHere === undefined ? {} : { notHere }),
      },
    )
  ),
  escape(
    "somebody else's container is brought into the team's network",
    "containers",
    connect("$cinetwork", "$linker"),
    connect("$cinetwork"),
    { policy: "team", twinBefore: [plugged] },
  ),
];

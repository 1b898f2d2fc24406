import { type Commands, listing, MANY } from "./command.ts";
import type { Flags } from "./flags.ts";
import { CommandError, filtersOf, inPath, mapOf, request } from "./request.ts";
import { given } from "./resources.ts";

export const networkCommands: Commands = {
  "network create": {
    bool: "attachable internal ipv6 ingress config-only",
    text: "driver|d ipam-driver scope config-from",
    list: "opt|o label subnet gateway ip-range aux-address ipam-opt",
    usage: "NETWORK",
    takes: [1, 1],
    requests: (flags) => [request(
      "POST",
      "/networks/create",
      {},
      given({
        Name: flags.arguments[0],
        CheckDuplicate: true,
        Driver: flags.text("driver") ?? "bridge",
        Scope: flags.text("scope"),
        EnableIPv6: flags.bool("ipv6"),
        IPAM: ipam(flags),
        Internal: flags.bool("internal"),
        Attachable: flags.bool("attachable"),
        Ingress: flags.bool("ingress"),
        ConfigOnly: flags.bool("config-only"),
        ConfigFrom: given({ Network: flags.text("config-from") }),
        Options: mapOf(flags.list("opt")),
        Labels: mapOf(flags.list("label")),
      }),
    )],
  },
  "network connect": {
    text: "ip ip6 gw-priority",
    list: "alias link driver-opt link-local-ip",
    usage: "NETWORK CONTAINER",
    takes: [2, 2],
    requests(flags) {
      const [network, container] = flags.arguments;
      const endpoint = given({
        IPAMConfig: given({
          IPv4Address: flags.text("ip"),
          IPv6Address: flags.text("ip6"),
          LinkLocalIPs: flags.list("link-local-ip"),
        }),
        Links: flags.list("link"),
        Aliases: flags.list("alias"),
        DriverOpts: mapOf(flags.list("driver-opt")),
      });
      const body = given({ Container: container, EndpointConfig: endpoint });
      return [request("POST", `/networks/${inPath(network!)}/connect`, {}, body)];
    },
  },
  "network disconnect": {
    bool: "force|f",
    usage: "NETWORK CONTAINER",
    takes: [2, 2],
    requests(flags) {
      const [network, container] = flags.arguments;
      const body = given({ Container: container, Force: flags.bool("force") });
      return [request("POST", `/networks/${inPath(network!)}/disconnect`, {}, body)];
    },
  },
  "network ls": listing("/networks"),
  "network inspect": {
    bool: "verbose|v",
    ignoredText: "format|f",
    usage: "NETWORK [NETWORK...]",
    takes: [1, MANY],
    requests: (flags) =>
      flags.arguments.map((name) =>
        request("GET", `/networks/${inPath(name)}`, {
          verbose: flags.bool("verbose") ? "true" : undefined,
        })
      ),
  },
  "network rm": {
    ignoredBool: "force|f",
    usage: "NETWORK [NETWORK...]",
    takes: [1, MANY],
    requests: (flags) =>
      flags.arguments.map((name) => `/networks/${inPath(name)}`)
        .flatMap((path) => [request("GET", path), request("DELETE", path)]),
  },
  "network prune": {
    list: "filter",
    ignoredBool: "force|f",
    usage: "",
    takes: [0, 0],
    requests: (flags) => [
      request("POST", "/networks/prune", { filters: filtersOf(flags.list("filter")) }),
    ],
  },
};

/** One pool a subnet; which range and gateway belong to which subnet is for the engine's eyes, not for a policy's. */
function ipam(flags: Flags): Record<string, unknown> {
  const subnets = flags.list("subnet");
  const auxiliary = mapOf(flags.list("aux-address"));
  const several = ["gateway", "ip-range", "aux-address"].some((name) => flags.has(name));
  if (subnets.length === 0 && several) {
    throw new CommandError("--gateway and --ip-range need a --subnet");
  }
  if (subnets.length > 1 && several) {
    throw new CommandError("several subnets with gateways or ranges: write the request instead");
  }
  return given({
    Driver: flags.text("ipam-driver") ?? "default",
    Options: mapOf(flags.list("ipam-opt")),
    Config: subnets.map((Subnet) =>
      given({
        Subnet,
        IPRange: flags.list("ip-range")[0],
        Gateway: flags.list("gateway")[0],
        AuxiliaryAddresses: auxiliary,
      })
    ),
  });
}

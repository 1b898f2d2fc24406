import { bool, int, list, map, since, string, stringMap, strings, struct } from "./shape.ts";

/** moby network.EndpointSettings; what the engine only tells, clients send back to it. */
const endpointSettings = struct({
  IPAMConfig: struct({ IPv4Address: string, IPv6Address: string, LinkLocalIPs: strings }),
  Links: strings,
  Aliases: strings,
  DriverOpts: since(32, stringMap),
  GwPriority: since(48, int),
  NetworkID: string,
  EndpointID: string,
  Gateway: string,
  IPAddress: string,
  MacAddress: string,
  IPPrefixLen: int,
  IPv6Gateway: string,
  GlobalIPv6Address: string,
  GlobalIPv6PrefixLen: int,
  DNSNames: since(44, strings),
});

export const networkingConfig = struct({ EndpointsConfig: map(endpointSettings) });

const ipam = struct({
  Driver: string,
  Options: stringMap,
  Config: list(struct({
    Subnet: string,
    IPRange: string,
    Gateway: string,
    AuxiliaryAddresses: stringMap,
  })),
});

export const networkCreate = struct({
  Name: string,
  CheckDuplicate: bool,
  Driver: string,
  Scope: since(30, string),
  EnableIPv4: since(47, bool),
  EnableIPv6: bool,
  IPAM: ipam,
  Internal: bool,
  Attachable: since(27, bool),
  Ingress: since(29, bool),
  ConfigOnly: since(30, bool),
  ConfigFrom: since(30, struct({ Network: string })),
  Options: stringMap,
  Labels: stringMap,
});

export const networkConnect = struct({ Container: string, EndpointConfig: endpointSettings });

export const networkDisconnect = struct({ Container: string, Force: bool });

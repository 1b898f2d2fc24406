import { keyAndValue } from "./request.ts";
import type { Flags } from "./flags.ts";
import { commaSeparated, wrong } from "./units.ts";

interface Attachment {
  readonly name: string;
  readonly endpoint: Record<string, unknown>;
}

/** What `--network` and its relatives make: NetworkMode is the first network, every one that is not built in has an endpoint. */
export function networking(flags: Flags) {
  const attachments = flags.list("network").map(attachment);
  const first = attachments[0];
  // docker 28 gives the default network an endpoint of its own, empty, when nothing is said.
  if (first === undefined) {
    return { mode: "default", endpoints: { default: common(flags) } };
  }
  Object.assign(first.endpoint, common(flags), { ...first.endpoint });
  const endpoints = attachments.filter(({ name }) => isUserDefined(name))
    .map(({ name, endpoint }) => [name, endpoint]);
  return { mode: first.name, endpoints: Object.fromEntries(endpoints) };
}

/** The flags that are about the first network; those that are about none by name. */
function common(flags: Flags): Record<string, unknown> {
  const endpoint: Record<string, unknown> = {};
  const [ip, ip6] = [flags.text("ip"), flags.text("ip6")];
  const addresses = flags.list("link-local-ip");
  if (ip !== undefined || ip6 !== undefined || addresses.length > 0) {
    endpoint["IPAMConfig"] = ipam(ip, ip6, addresses);
  }
  const attached = flags.has("network");
  if (attached && flags.has("link")) endpoint["Links"] = flags.list("link");
  if (flags.has("network-alias")) endpoint["Aliases"] = flags.list("network-alias");
  return endpoint;
}

function ipam(ip: string | undefined, ip6: string | undefined, local: readonly string[]) {
  return {
    ...(ip === undefined ? {} : { IPv4Address: ip }),
    ...(ip6 === undefined ? {} : { IPv6Address: ip6 }),
    ...(local.length === 0 ? {} : { LinkLocalIPs: local }),
  };
}

/** `front`, or `name=front,alias=a,ip=10.1.2.3`. */
function attachment(flag: string): Attachment {
  if (!flag.includes("=")) return { name: flag, endpoint: {} };
  let name = "";
  const aliases: string[] = [];
  const options: Record<string, string> = {};
  const endpoint: Record<string, unknown> = {};
  let [ip, ip6]: (string | undefined)[] = [];
  const local: string[] = [];
  for (const field of commaSeparated("--network", flag)) {
    const [key, value] = keyAndValue(field);
    if (value === undefined) throw wrong("--network", "NAME, or name=NAME,alias=…", flag);
    switch (key.toLowerCase()) {
      case "name":
        name = value;
        break;
      case "alias":
        aliases.push(value);
        break;
      case "ip":
        ip = value;
        break;
      case "ip6":
        ip6 = value;
        break;
      case "link-local-ip":
        local.push(value);
        break;
      case "mac-address":
        endpoint["MacAddress"] = value;
        break;
      case "gw-priority":
        endpoint["GwPriority"] = Number(value);
        break;
      case "driver-opt": {
        const [option, setting] = keyAndValue(value);
        options[option] = setting ?? "";
        break;
      }
      default:
        throw wrong("--network", "name, alias, ip, ip6, mac-address, driver-opt", flag);
    }
  }
  if (name === "") throw wrong("--network", "a name", flag);
  if (ip !== undefined || ip6 !== undefined || local.length > 0) {
    endpoint["IPAMConfig"] = ipam(ip, ip6, local);
  }
  if (aliases.length > 0) endpoint["Aliases"] = aliases;
  if (Object.keys(options).length > 0) endpoint["DriverOpts"] = options;
  return { name, endpoint };
}

function isUserDefined(name: string): boolean {
  return !["default", "bridge", "host", "none"].includes(name) && !name.startsWith("container:");
}

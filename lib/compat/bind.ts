import { type AccountKind, resolveAccount } from "../config/accounts.ts";
import { got } from "../config/got.ts";
import { stemOf } from "../config/listener.ts";
import { DEFAULT_MODE, parseMode } from "../config/mode.ts";
import { formatTcpPlace, isOpenToOthers, type TcpPlace } from "../config/tcp.ts";
import { DEFAULT_BACKLOG, type ListenerConfig, type NameService } from "../config/types.ts";
import { type Parsed, parseName, parseSocketPath } from "../config/values.ts";
import { parseAddress } from "../policy/address.ts";

/** Where the sockets of BIND_CONFIG are, and whose; without the engine behind. */
export type Bound = Omit<ListenerConfig, "upstream">;

const EXAMPLE = "unix@/run/postern/docker.sock mode 660 group docker";

/** Where HAProxy's `bind` listens: a path, or an address and a port. */
type Place = { readonly socket: string } | { readonly tcp: TcpPlace };

/**
 * Reads `unix@/run/x.sock mode 660 user root group docker` or `[::]:2375 v4v6`, what HAProxy's `bind` takes (configuration.txt 4.2
 * and 5.1), several addresses with commas. Without a mode, HAProxy's sockets are their owner's alone, and so are these: 0600. A port
 * is open to whoever reaches it, as it is there: who writes it here means that.
 */
export function parseBind(
  text: string,
  names: NameService,
  report: (problem: string, hint?: string) => void,
): Bound[] {
  const [addresses = "", ...words] = text.trim().split(/\s+/);
  const options = readOptions(words, report);
  const account = (kind: AccountKind, number: "uid" | "gid") => {
    const value = options.get(kind) ?? options.get(number);
    if (value === undefined) return undefined;
    const found = resolveAccount(names, kind, value);
    if ("value" in found) return found.value;
    return void report(found.problem, found.hint);
  };
  const uid = account("user", "uid");
  const gid = account("group", "gid");
  const mode = modeOf(options.get("mode"), report);
  const backlog = numberOf("backlog", options, 65_535, report);
  const maxConnections = numberOf("maxconn", options, 1_000_000, report);
  const bound: Bound[] = [];
  for (const address of addresses.split(",")) {
    const place = take(placeOf(address), report);
    if (place === undefined) continue;
    const tcp = "tcp" in place ? place.tcp : undefined;
    const socket = "tcp" in place ? formatTcpPlace(place.tcp) : place.socket;
    const name = nameOf(options.get("name"), socket, tcp && bound);
    if (bound.some((other) => other.socket === socket || other.name === name)) {
      report(`has ${name} twice: ${got(text)}`);
    }
    bound.push({
      name,
      socket,
      ...(tcp === undefined
        // As in HAProxy, mode and owner mean nothing to an address.
        ? { mode, ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) }
        : { tcp, mode: DEFAULT_MODE, ...(isOpenToOthers(tcp) ? { insecure: true as const } : {}) }),
      protocol: "http",
      backlog: backlog ?? DEFAULT_BACKLOG,
      ...(maxConnections === undefined ? {} : { maxConnections }),
      origin: "BIND_CONFIG",
    });
  }
  return bound;
}

type Report = (problem: string, hint?: string) => void;

function take<T>(parsed: Parsed<T>, report: Report): T | undefined {
  if ("value" in parsed) return parsed.value;
  return void report(parsed.problem, parsed.hint);
}

function placeOf(address: string): Parsed<Place> {
  const [, family, rest] = /^(?:([a-z0-9]+)@)?(.*)$/.exec(address)!;
  if (family === "unix" || (family === undefined && rest!.startsWith("/"))) {
    const parsed = parseSocketPath(rest!);
    return "value" in parsed ? { value: { socket: parsed.value } } : parsed;
  }
  const tcp = ["ipv4", "ipv6", "tcp", "tcp4", "tcp6", undefined].includes(family)
    ? tcpPlaceOf(rest!, family?.endsWith("6") === true)
    : undefined;
  if (tcp !== undefined) return { value: { tcp } };
  return {
    problem: `names neither a unix socket nor an IP address with one port: ${got(address)}`,
    hint: `write BIND_CONFIG="${EXAMPLE}", or BIND_CONFIG="127.0.0.1:2375"`,
  };
}

/** `:2375`, `*:2375`, `127.0.0.1:2375`, `[::]:2375` and, what is the same to HAProxy, `:::2375`. */
export function tcpPlaceOf(text: string, six = false): TcpPlace | undefined {
  const [, host, digits] = /^(.*):([0-9]{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  const everywhere = host === "" || host === "*";
  const address = parseAddress(
    everywhere ? (six ? "::" : "0.0.0.0") : host.replace(/^\[(.*)\]$/, "$1"),
  );
  return address && { address, port };
}

/** Several addresses may have one port; sockets are told apart by their names. */
function nameOf(
  written: string | undefined,
  place: string,
  others: readonly Bound[] | undefined,
): string {
  const parsed = parseName(written ?? stemOf(place));
  const name = "value" in parsed ? parsed.value : "listener";
  if (others?.some((other) => other.name === name) !== true) return name;
  return `${name}-${others.length + 1}`;
}

const KNOWN = ["mode", "user", "uid", "group", "gid", "backlog", "maxconn", "name"];

function readOptions(words: readonly string[], report: Report): Map<string, string> {
  const options = new Map<string, string>();
  for (let at = 0; at < words.length; at += 2) {
    const [key, value] = [words[at]!, words[at + 1]];
    // At [::], clients of IPv4 are taken here without being asked for.
    if (key === "v4v6") {
      at--;
      continue;
    }
    if (!KNOWN.includes(key)) {
      report(`has an option that Postern does not have: ${got(key)}`, `it has ${KNOWN.join(", ")}`);
      return options;
    }
    if (value === undefined) report(`has ${key} without a value`);
    else options.set(key, value);
  }
  return options;
}

function modeOf(text: string | undefined, report: Report): number {
  if (text === undefined) return DEFAULT_MODE;
  const parsed = parseMode(text);
  if ("mode" in parsed) return parsed.mode;
  report(`has a mode that ${parsed.problem}`);
  return DEFAULT_MODE;
}

function numberOf(
  key: string,
  options: ReadonlyMap<string, string>,
  most: number,
  report: Report,
): number | undefined {
  const text = options.get(key);
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,7}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  return void report(`has a ${key} that must be a whole number from 1 to ${most}: ${got(text)}`);
}

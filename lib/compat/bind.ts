import { type AccountKind, resolveAccount } from "../config/accounts.ts";
import { got } from "../config/got.ts";
import { stemOf } from "../config/listener.ts";
import { DEFAULT_MODE, parseMode } from "../config/mode.ts";
import { DEFAULT_BACKLOG, type ListenerConfig, type NameService } from "../config/types.ts";
import { type Parsed, parseName, parseSocketPath } from "../config/values.ts";

/** Where the sockets of BIND_CONFIG are, and whose; without the engine behind. */
export type Bound = Omit<ListenerConfig, "upstream">;

const EXAMPLE = "unix@/run/postern/docker.sock mode 660 group docker";

/**
 * Reads `unix@/run/x.sock mode 660 user root group docker`, what HAProxy's `bind` takes for unix sockets (configuration.txt 5.1),
 * several addresses with commas. Without a mode, HAProxy's sockets are their owner's alone, and so are these: 0600.
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
    const socket = take(socketOf(address), report);
    const name = socket === undefined ? undefined : nameOf(options.get("name"), socket);
    if (socket === undefined || name === undefined) continue;
    if (bound.some((other) => other.socket === socket || other.name === name)) {
      report(`has ${name} twice: ${got(text)}`);
    }
    bound.push({
      name,
      socket,
      mode,
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
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

function socketOf(address: string): Parsed<string> {
  const [, family, rest] = /^(?:([a-z0-9]+)@)?(.*)$/.exec(address)!;
  if (family === "unix" || (family === undefined && rest!.startsWith("/"))) {
    return parseSocketPath(rest!);
  }
  return {
    problem: `names no unix socket, and Postern listens on no other: ${got(address)}`,
    hint: `write BIND_CONFIG="${EXAMPLE}", and give clients that socket instead of a port`,
  };
}

function nameOf(written: string | undefined, socket: string): string | undefined {
  const parsed = parseName(written ?? stemOf(socket));
  return "value" in parsed ? parsed.value : "listener";
}

const KNOWN = ["mode", "user", "uid", "group", "gid", "backlog", "maxconn", "name"];

function readOptions(words: readonly string[], report: Report): Map<string, string> {
  const options = new Map<string, string>();
  for (let at = 0; at < words.length; at += 2) {
    const [key, value] = [words[at]!, words[at + 1]];
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

import { resolve } from "node:path";
import { builtinPolicies } from "../policy/builtin.ts";
import { closest } from "../policy/suggest.ts";
import { type AccountKind, resolveAccount } from "./accounts.ts";
import { got } from "./got.ts";
import { stemOf } from "./listener.ts";
import { DEFAULT_MODE, parseMode } from "./mode.ts";
import type { Overriding } from "./overrides.ts";
import { parseAddress, readOptions, type SocatAddress } from "./socat_address.ts";
import {
  type Config,
  DEFAULT_BACKLOG,
  DEFAULT_DRAIN,
  DEFAULT_LOG,
  DEFAULT_RELOAD,
  type NameService,
} from "./types.ts";
import { type Parsed, parseName, parseSocketPath } from "./values.ts";

/** A gate with one listener, or every mistake, one a line. */
export type SocatResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly message: string };

const LISTEN = ["unix-listen", "unix-l"];
const CONNECT = ["unix-connect", "unix-client", "unix", "local"];
const USAGE =
  "only UNIX-LISTEN:PATH[,option…] UNIX-CONNECT:PATH is supported, in this order and nothing else";

/**
 * Reads `UNIX-LISTEN:PATH[,options] UNIX-CONNECT:PATH` as socat(1) does, with `policy=` added. Where socat would open the
 * socket to all that the umask lets, the mode is 0600. Relative paths begin at `cwd`.
 */
export function parseSocat(
  args: readonly string[],
  names: NameService,
  cwd: string,
  overriding: Pick<Overriding, "audit" | "workers"> = {},
): SocatResult {
  const problems: string[] = [];
  const report = (problem: string) => void problems.push(problem);
  const [listen, connect] = readAddresses(args, report);
  if (listen === undefined || connect === undefined) return failed(problems);

  function take<T>(parsed: Parsed<T> | undefined, what: string): T | undefined {
    if (parsed === undefined || "value" in parsed) return parsed?.value;
    report([`${what} ${parsed.problem}`, parsed.hint].filter(Boolean).join("; "));
    return undefined;
  }
  const options = readOptions(listen, report);
  const pathOf = ({ path }: SocatAddress) =>
    parseSocketPath(path === "" || path.endsWith("/") ? path : resolve(cwd, path));
  const socket = take(pathOf(listen), "UNIX-LISTEN's path");
  const upstream = take(pathOf(connect), "UNIX-CONNECT's path");
  for (const { name } of connect.options) {
    report(`UNIX-CONNECT takes no options here: remove ${JSON.stringify(name)}`);
  }
  if (socket !== undefined && socket === upstream) {
    report("UNIX-LISTEN and UNIX-CONNECT name the same socket");
  }
  const account = (kind: AccountKind) => {
    const value = options.get(kind);
    if (value === undefined) return undefined;
    const found = resolveAccount(names, kind, value);
    if ("value" in found) return found.value;
    return void report([found.problem, found.hint].filter(Boolean).join("; "));
  };
  const uid = account("user");
  const gid = account("group");
  const mode = modeOf(options, report);
  const backlog = numberOf(options, "backlog", 65_535, report);
  const maxConnections = numberOf(options, "max-children", 1_000_000, report);
  const policy = options.get("policy") ?? "read-only";
  if (!Object.hasOwn(builtinPolicies, policy)) {
    const known = Object.keys(builtinPolicies);
    const near = closest(policy, known);
    const hint = near === undefined
      ? `the policies are ${known.join(", ")}`
      : `did you mean ${near}`;
    report(`unknown policy ${JSON.stringify(policy)}: ${hint}`);
  }
  if (problems.length > 0 || socket === undefined || upstream === undefined) {
    return failed(problems);
  }
  const stem = parseName(stemOf(socket));
  const name = "value" in stem ? stem.value : "listener";
  return {
    ok: true,
    warnings: options.has("fork")
      ? []
      : ["without fork socat serves one client and ends; Postern goes on and serves many"],
    config: {
      listeners: [{
        name,
        socket,
        mode,
        ...(uid === undefined ? {} : { uid }),
        ...(gid === undefined ? {} : { gid }),
        protocol: "http",
        upstream,
        backlog: backlog ?? DEFAULT_BACKLOG,
        ...(maxConnections === undefined ? {} : { maxConnections }),
        origin: "command line",
      }],
      policyFiles: [],
      presets: [],
      gate: {
        clients: [],
        listenerPolicies: { [name]: policy },
        defaultPolicy: "deny",
        policies: builtinPolicies,
      },
      audit: overriding.audit ?? { to: "stderr" },
      workers: overriding.workers ?? 1,
      log: DEFAULT_LOG,
      reload: DEFAULT_RELOAD,
      drain: DEFAULT_DRAIN,
    },
  };
}

function failed(problems: readonly string[]): SocatResult {
  return { ok: false, message: problems.join("\n") };
}

function readAddresses(
  args: readonly string[],
  report: (problem: string) => void,
): SocatAddress[] {
  const flags = args.filter((arg) => arg.startsWith("-"));
  if (flags.length > 0) {
    report(`socat's own options are not supported: remove ${flags.join(" ")}`);
  }
  const addresses = args.filter((arg) => !arg.startsWith("-"));
  if (addresses.length !== 2) {
    report(`socat's form takes two addresses, got ${addresses.length}: ${USAGE}`);
    return [];
  }
  return addresses.flatMap((arg, index) => {
    const address = parseAddress(arg);
    if ("problem" in address) return report(address.problem) ?? [];
    const wanted = index === 0 ? LISTEN : CONNECT;
    if (wanted.includes(address.type)) return [address];
    const near = closest(address.type, wanted);
    const hint = near === undefined ? "" : `; did you mean ${near.toUpperCase()}`;
    return report(`unsupported address ${JSON.stringify(arg)}: ${USAGE}${hint}`) ?? [];
  });
}

function modeOf(
  options: ReadonlyMap<string, string | undefined>,
  report: (problem: string) => void,
): number {
  const read = (option: "mode" | "umask") => {
    const text = options.get(option);
    if (text === undefined) return undefined;
    const parsed = parseMode(text);
    if ("mode" in parsed) return parsed.mode;
    return void report(`${option} ${parsed.problem}`);
  };
  const mode = read("mode");
  const umask = read("umask");
  return mode ?? (umask === undefined ? DEFAULT_MODE : 0o777 & ~umask);
}

function numberOf(
  options: ReadonlyMap<string, string | undefined>,
  option: string,
  most: number,
  report: (problem: string) => void,
): number | undefined {
  const text = options.get(option);
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,7}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  report(`${option} must be a whole number from 1 to ${most}: ${got(text)}`);
  return undefined;
}

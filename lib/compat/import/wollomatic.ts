import { parseRange } from "../../policy/address.ts";
import { tcpPlaceOf } from "../bind.ts";
import { matchPatterns, type PatternRule } from "./patterns.ts";
import { readSettings, type Settings } from "./settings.ts";
import {
  folderPatterns,
  type Source,
  type SourceConstraints,
  type SourceListener,
} from "./source.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE", "OPTIONS"];

/** Flags that take a value, beside `-allow<METHOD>`, and the variables that stand for them. */
const FLAGS = [
  ...["allowfrom", "listenip", "loglevel", "proxyport", "shutdowngracetime", "socketpath"],
  ...["watchdoginterval", "proxysocketendpoint", "proxysocketendpointfilemode"],
  ...["allowbindmountfrom", "dockerlabelprefix", "proxycontainername"],
];

/** Imports wollomatic/socket-proxy 1.x: its command line, its variables, or a compose file with either. Throws an ImportError. */
export function importWollomatic(texts: readonly string[], service?: string): Source {
  const all = texts.map((text) =>
    readSettings(text, { image: /wollomatic\/socket-proxy/, service })
  );
  const flags = readFlags(all.flatMap(({ args }) => args));
  const env: Settings["env"] = Object.assign({}, ...all.map(({ env }) => env));
  const one = (name: string) =>
    flags.get(name)?.at(-1) ?? (env[`SP_${name.toUpperCase()}`] || undefined);
  const rules = METHODS.flatMap((method) => rulesFor(method, flags, env));
  const { warnings, ...matched } = matchPatterns(rules);
  const folders = one("allowbindmountfrom")?.split(",").map((folder) => folder.trim());
  const clients = clientsIn(one("allowfrom"));
  const listener = listenerOf(one("proxysocketendpoint"), one("proxysocketendpointfilemode")) ??
    portOf(one("listenip"), one("proxyport"), clients.ranges);
  const upstream = one("socketpath");
  return {
    name: "wollomatic",
    ...matched,
    ...(listener === undefined ? {} : { listener }),
    ...(upstream === undefined ? {} : { upstream }),
    constraints: folders === undefined ? "none" : bindMounts(folders),
    warnings: [
      ...all.flatMap(({ warnings }) => warnings),
      ...warnings,
      ...(listener !== undefined && "tcp" in listener && clients.names.length > 0
        ? [
          `allowfrom=${
            clients.names.join(",")
          }: names are not looked up here, and let nobody in; for a container of that name ` +
          "write a client rule with container: NAME",
        ]
        : []),
      ...(listener === undefined
        ? ["listenip and proxyport are no address and port; a socket is written instead"]
        : []),
      ...(folders === undefined ? [] : [
        "allowbindmountfrom looks at bind mounts alone; here the safe defaults hold as well, and refuse what would get " +
        "around it: privileged containers, devices, capabilities, namespaces of the host",
      ]),
      ...(one("proxycontainername") === undefined ? [] : [
        "proxycontainername: rules in labels of containers are not translated; give those containers listeners of their own",
      ]),
    ],
  };
}

/** Where the source takes clients from: ranges, and names that it looks up at each request. */
function clientsIn(from = "127.0.0.1/32"): { ranges: string[]; names: string[] } {
  const words = from.split(",").map((word) => word.trim()).filter((word) => word !== "");
  const isRange = (word: string) => parseRange(word) !== undefined;
  return { ranges: words.filter(isRange), names: words.filter((word) => !isRange(word)) };
}

function portOf(
  ip = "127.0.0.1",
  port = "2375",
  from: readonly string[],
): SourceListener | undefined {
  const tcp = tcpPlaceOf(
    ip.includes(":") ? `[${ip.replace(/^\[|\]$/g, "")}]:${port}` : `${ip}:${port}`,
  );
  return tcp && { tcp, from };
}

/** Flags as Go's package flag reads them: one or two dashes, the value behind = or as the next word. */
function readFlags(args: readonly string[]): Map<string, string[]> {
  const flags = new Map<string, string[]>();
  for (const [index, arg] of args.entries()) {
    const [, name, value] = /^--?([A-Za-z]+)(?:=(.*))?$/s.exec(arg) ?? [];
    const known = name !== undefined && (FLAGS.includes(name) ||
      METHODS.some((method) => name === `allow${method}`));
    const written = value ?? args[index + 1];
    if (known && written !== undefined) flags.set(name, [...flags.get(name) ?? [], written]);
  }
  return flags;
}

/** Flags beat variables, method by method. */
function rulesFor(
  method: string,
  flags: ReadonlyMap<string, readonly string[]>,
  env: Settings["env"],
): PatternRule[] {
  const byFlag = flags.get(`allow${method}`);
  const byVariable = Object.entries(env).filter(([name]) =>
    name.startsWith("SP_ALLOW_") && name.slice("SP_ALLOW_".length).split("_")[0] === method
  );
  const written = byFlag?.map((pattern) => [`-allow${method}`, pattern] as const) ?? byVariable;
  return written.filter(([, pattern]) => pattern !== "")
    .map(([name, pattern]) => ({ methods: [method], pattern, text: `${name}=${pattern}` }));
}

function listenerOf(
  socket: string | undefined,
  mode: string | undefined,
): SourceListener | undefined {
  if (socket === undefined) return undefined;
  return { socket, ...(mode === undefined ? {} : { mode: mode.replace(/^0o/, "0") }) };
}

function bindMounts(folders: readonly string[]): SourceConstraints {
  const host_mounts = folders.flatMap(folderPatterns);
  return Object.fromEntries(
    ["containers.create", "services.create", "services.update"].map((
      name,
    ) => [name, { host_mounts }]),
  );
}

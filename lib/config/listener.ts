import { basename, extname } from "node:path";
import { resolveAccount } from "./accounts.ts";
import type { Diagnostic, DiagnosticCode } from "./diagnostics.ts";
import type { Path, YamlFile } from "./document.ts";
import type { ConfigFs } from "./fs.ts";
import { parseDuration } from "./limits.ts";
import { DEFAULT_MODE, parseMode } from "./mode.ts";
import { listenerKeys as known, type LooseListener } from "./schema.ts";
import { formatTcpPlace, isOpenToOthers, parseTcpPlace, type TcpPlace } from "./tcp.ts";
import { resolveTls } from "./tls.ts";
import { DEFAULT_BACKLOG, type ListenerConfig, type NameService } from "./types.ts";
import { type Parsed, parseName, parseSocketPath } from "./values.ts";

/** What a listener is resolved against. */
export interface ListenerScope {
  readonly names: NameService;
  readonly fs: ConfigFs;
  /** The common upstream. */
  readonly upstream: string;
  report(diagnostic: Diagnostic): void;
}

/** A listener's name when it is given none: `ci` for `/run/postern/ci.sock`, `tcp-2375` for `tcp://127.0.0.1:2375`. */
export function stemOf(socket: string): string {
  const [, port] = /^tcp:\/\/.*:([0-9]+)\/?$/s.exec(socket) ?? [];
  return port === undefined ? basename(socket, extname(socket)) : `tcp-${Number(port)}`;
}

/** The listener at `path`; undefined when it has no usable socket, address or name. */
export function resolveListener(
  yaml: YamlFile,
  path: Path,
  listener: LooseListener,
  scope: ListenerScope,
): ListenerConfig | undefined {
  const { report, names } = scope;
  const at = (key: string): Path => [...path, key];
  function take<T>(
    key: string,
    parsed: Parsed<T>,
    code: DiagnosticCode = "bad-path",
  ): T | undefined {
    if ("value" in parsed) return parsed.value;
    report(yaml.atValue(code, at(key), `${key} ${parsed.problem}`, parsed.hint));
    return undefined;
  }
  const owner = (kind: "user" | "group"): number | undefined => {
    const value = listener[kind];
    if (value === undefined) return undefined;
    const found = resolveAccount(names, kind, value);
    if ("value" in found) return found.value;
    report(yaml.atValue(`unknown-${kind}`, at(kind), found.problem, found.hint));
    return undefined;
  };

  const isTcp = listener.listen !== undefined;
  const tcp = listener.listen === undefined
    ? undefined
    : take("listen", parseTcpPlace(listener.listen), "bad-address");
  const socket = isTcp
    ? tcp && formatTcpPlace(tcp)
    : listener.socket && take("socket", parseSocketPath(listener.socket));
  requirePlace(yaml, path, listener, tcp, report);
  const tls = listener.tls === undefined || !isTcp
    ? undefined
    : resolveTls(yaml, at("tls"), listener.tls, scope.fs, report);
  const name = listener.name === undefined
    ? socket === undefined
      ? undefined
      : nameFromSocket(yaml, at(isTcp ? "listen" : "socket"), socket, report)
    : take("name", parseName(listener.name), "bad-name");
  const upstream = listener.upstream === undefined
    ? undefined
    : take("upstream", parseSocketPath(listener.upstream));
  const mode = modeOf(yaml, at("mode"), listener, report);
  const uid = owner("user");
  const gid = owner("group");
  const protocol = listener.protocol ?? "http";
  if (protocol === "raw" && listener.upstream === undefined) {
    const message = "a raw listener needs an upstream of its own: it does not speak to the engine";
    report(yaml.atValue("raw-upstream", at("protocol"), message, "add upstream: PATH"));
  }
  const rotate = listener.rotate === undefined
    ? undefined
    : take("rotate", parseDuration(listener.rotate), "wrong-value");
  if (socket === undefined || name === undefined) return undefined;
  return {
    name,
    socket,
    ...(tcp === undefined ? {} : { tcp }),
    ...(tls === undefined ? {} : { tls }),
    ...(listener.insecure === true && tcp !== undefined ? { insecure: true } : {}),
    mode,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    protocol,
    upstream: upstream ?? scope.upstream,
    backlog: listener.backlog ?? DEFAULT_BACKLOG,
    ...(listener.max_connections === undefined ? {} : { maxConnections: listener.max_connections }),
    ...(rotate === undefined ? {} : { rotate }),
    origin: yaml.origin(path),
  };
}

const unixOnly = ["mode", "user", "group", "rotate"] as const;

/** Reports what does not go together; whether there is one place, and whether it may be as open as it is. */
function requirePlace(
  yaml: YamlFile,
  path: Path,
  { socket, listen, tls, insecure }: LooseListener,
  tcp: TcpPlace | undefined,
  report: (diagnostic: Diagnostic) => void,
): void {
  const written = yaml.keys(path);
  const at = (key: string): Path => [...path, key];
  if (!written.includes("listen")) {
    for (const key of ["tls", "insecure"].filter((key) => written.includes(key))) {
      const message = `${key} is for listeners on TCP: who may use a socket, mode and group say`;
      report(
        yaml.atKey("conflict", at(key), message, "write listen: tcp://ADDRESS:PORT, or remove it"),
      );
    }
    // Under a key with a typo in it there may be a socket; that was reported.
    if (socket !== undefined || written.some((key) => !known.includes(key))) return;
    const message = 'missing key "socket": the absolute path of a unix socket';
    if (!written.includes("socket")) report(yaml.atValue("missing-key", at("socket"), message));
    return;
  }
  if (written.includes("socket")) {
    const message = "socket and listen are two places, and a listener has one";
    report(yaml.atKey("conflict", at("listen"), message, "write two listeners"));
  }
  for (const key of unixOnly.filter((key) => written.includes(key))) {
    const message = `${key} is for unix sockets: an address has none`;
    const hint = "who may connect there, tls and client rules say";
    report(yaml.atKey("conflict", at(key), message, hint));
  }
  if (tls !== undefined && insecure === true) {
    const message = "insecure means without TLS, and there is tls";
    report(yaml.atKey("conflict", at("insecure"), message, "remove one of them"));
  }
  if (listen === undefined || tcp === undefined || written.includes("tls") || insecure === true) {
    return;
  }
  if (!isOpenToOthers(tcp)) return;
  const message =
    `${formatTcpPlace(tcp)} can be reached by others than this machine, and nobody has ` +
    "to prove who he is";
  const hint =
    "add tls: {cert: FILE, key: FILE, client_ca: FILE}, or insecure: true if that is meant";
  report(yaml.atValue("insecure", at("listen"), message, hint));
}

function nameFromSocket(
  yaml: YamlFile,
  path: Path,
  socket: string,
  report: (diagnostic: Diagnostic) => void,
): string | undefined {
  const parsed = parseName(stemOf(socket));
  if ("value" in parsed) return parsed.value;
  const message = `the listener's name, taken from its socket, ${parsed.problem}`;
  report(yaml.atValue("bad-name", path, message, "give it one with name: NAME"));
  return undefined;
}

function modeOf(
  yaml: YamlFile,
  path: Path,
  listener: LooseListener,
  report: (diagnostic: Diagnostic) => void,
): number {
  if (listener.mode === undefined) return DEFAULT_MODE;
  const parsed = parseMode(yaml.sourceText(path) ?? String(listener.mode));
  if ("mode" in parsed) return parsed.mode;
  report(yaml.atValue("bad-mode", path, `mode ${parsed.problem}`));
  return DEFAULT_MODE;
}

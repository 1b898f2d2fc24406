import { basename, extname } from "node:path";
import { resolveAccount } from "./accounts.ts";
import type { Diagnostic, DiagnosticCode } from "./diagnostics.ts";
import type { Path, YamlFile } from "./document.ts";
import { parseDuration } from "./limits.ts";
import { DEFAULT_MODE, parseMode } from "./mode.ts";
import type { LooseListener } from "./schema.ts";
import { DEFAULT_BACKLOG, type ListenerConfig, type NameService } from "./types.ts";
import { type Parsed, parseName, parseSocketPath } from "./values.ts";

/** What a listener is resolved against. */
export interface ListenerScope {
  readonly names: NameService;
  /** The common upstream. */
  readonly upstream: string;
  report(diagnostic: Diagnostic): void;
}

/** A listener's name when it is given none: `ci` for `/run/postern/ci.sock`. */
export function stemOf(socket: string): string {
  return basename(socket, extname(socket));
}

/** The listener at `path`; undefined when it has no usable socket or name. */
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

  const socket = listener.socket === undefined
    ? undefined
    : take("socket", parseSocketPath(listener.socket));
  const name = listener.name === undefined
    ? socket === undefined ? undefined : nameFromSocket(yaml, at("socket"), socket, report)
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

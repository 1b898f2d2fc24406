import { basename, dirname, join } from "node:path";
import type { Diagnostic } from "./diagnostics.ts";
import type { Path, YamlFile } from "./document.ts";
import type { ConfigFs } from "./fs.ts";
import { type ListenerScope, resolveListener } from "./listener.ts";
import type { LooseListener } from "./schema.ts";
import type { ListenerConfig } from "./types.ts";

/** A listener and where it was written. */
export interface Placed {
  readonly listener: ListenerConfig;
  /** The policy for clients that no client rule names. */
  readonly policy: string | undefined;
  readonly path: Path;
}

/** The listeners of a config file; one that has no usable socket is reported and left out. */
export function resolveListeners(
  yaml: YamlFile,
  listeners: readonly (LooseListener | undefined)[],
  fs: ConfigFs,
  scope: ListenerScope,
): Placed[] {
  const placed = listeners.flatMap((entry, index): Placed[] => {
    const path = ["listeners", index];
    const listener = entry && resolveListener(yaml, path, entry, scope);
    return listener === undefined ? [] : [{ listener, policy: entry?.policy, path }];
  });
  reportRepeated(yaml, placed, fs, scope.report);
  reportLoops(yaml, placed, fs, scope.report);
  return placed;
}

/** The listener whose socket this is, whichever symbolic links lead to its folder (`/var/run` is `/run`). */
export function listenerAt(
  listeners: readonly ListenerConfig[],
  socket: string,
  fs: ConfigFs,
): ListenerConfig | undefined {
  const wanted = canonical(fs, socket);
  return listeners.find((listener) => canonical(fs, listener.socket) === wanted);
}

function canonical(fs: ConfigFs, path: string): string {
  if (path.startsWith("tcp://")) return path;
  return join(fs.realPath(dirname(path)) ?? dirname(path), basename(path));
}

function reportRepeated(
  yaml: YamlFile,
  placed: readonly Placed[],
  fs: ConfigFs,
  report: (diagnostic: Diagnostic) => void,
): void {
  const earlier: ListenerConfig[] = [];
  for (const { listener, path } of placed) {
    const sameSocket = listenerAt(earlier, listener.socket, fs);
    const sameName = earlier.find(({ name }) => name === listener.name);
    if (sameSocket !== undefined) {
      const key = placeKey(listener);
      const message = `${key === "socket" ? "socket " : ""}${listener.socket} already belongs to ` +
        `the listener at ${sameSocket.origin}`;
      report(yaml.atValue("duplicate-listener", [...path, key], message));
    } else if (sameName !== undefined) {
      const message = `a listener named ${listener.name} stands at ${sameName.origin} already`;
      const hint = "give one of them another name with name: NAME";
      const named = yaml.sourceText([...path, "name"]) !== undefined;
      const place = [...path, named ? "name" : placeKey(listener)];
      report(yaml.atValue("duplicate-listener", place, message, hint));
    }
    earlier.push(listener);
  }
}

function placeKey({ tcp }: ListenerConfig): "listen" | "socket" {
  return tcp === undefined ? "socket" : "listen";
}

function reportLoops(
  yaml: YamlFile,
  placed: readonly Placed[],
  fs: ConfigFs,
  report: (diagnostic: Diagnostic) => void,
): void {
  const listeners = placed.map(({ listener }) => listener);
  for (const { listener, path } of placed) {
    const place = [...path, "upstream"];
    if (yaml.sourceText(place) === undefined) continue;
    const behind = listenerAt(listeners, listener.upstream, fs);
    if (behind !== undefined) report(yaml.atValue("upstream-loop", place, loopMessage(behind)));
  }
}

/** Why a listener cannot be an upstream. */
export function loopMessage({ name, origin }: ListenerConfig): string {
  return `upstream must not be one of Postern's own sockets: this is the listener ${name} ` +
    `(${origin}), and requests would go round in circles`;
}

import { dirname } from "node:path";
import { everyUpstream } from "../config/engine_sockets.ts";
import type { Facts } from "./part.ts";
import { withoutLink } from "./real_sockets.ts";

/** Where the recipes are written. */
export const CONTAINERS = "/etc/postern/containers";

/** What is the same in each of the recipes: a container with nothing but what the gate needs. */
export interface Container {
  readonly image: string;
  /** What the image's entry point is given. */
  readonly command: readonly string[];
  /** Source on the host and place inside, `ro` or `rw`. */
  readonly volumes: readonly (readonly [source: string, place: string, access: "ro" | "rw"])[];
  /** Folders that must be there, and the gate's user's own. */
  readonly owned: readonly string[];
  /** Groups beside the engine's that listeners are given to. */
  readonly groups: readonly number[];
  readonly seccomp: string;
}

/** The container for a configuration. */
export function containerFor(facts: Facts): Container {
  const { config, configFile } = facts;
  const { audit, authz, listeners, policyFiles } = config;
  const read = [dirname(configFile), ...policyFiles.map(({ file }) => dirname(file))]
    .filter((folder) => folder.startsWith("/"));
  const owned = unique([
    ...listeners.map(({ socket }) => dirname(socket)),
    ...(authz === undefined ? [] : [dirname(authz.socket)]),
    ...(audit.to === "file" ? [dirname(audit.path)] : []),
  ]);
  return {
    image: "postern",
    command: ["serve", "-c", configFile],
    volumes: [
      ...unique(read).map((folder) => [folder, folder, "ro"] as const),
      // Users and groups in the configuration are the host's, and so are the names in denials.
      ["/etc/passwd", "/etc/passwd", "ro"],
      ["/etc/group", "/etc/group", "ro"],
      ...owned.map((folder) => [folder, folder, "rw"] as const),
      ...upstreams(facts).map(([source, place]) => [source, place, "ro"] as const),
    ],
    owned,
    groups: [...new Set(listeners.flatMap(({ gid }) => gid ?? []))],
    seccomp: `${CONTAINERS}/seccomp.json`,
  };
}

/** Folders that are no one's own: a container that could write there could be anybody. */
const shared =
  /^\/(?:[^/]*|(?:run|var|etc|usr|var\/run|run\/user)\/(?:run|log|lib|tmp|local|systemd))$/;

/** Whether a folder is one that every system has, and many programs write to. */
export function isShared(folder: string): boolean {
  return shared.test(folder);
}

/** Sockets, and files of the audit log, that are in a folder which cannot be given to a container. */
export function inSharedFolders({ owned }: Container): string[] {
  return owned.filter(isShared);
}

/**
 * Names that the recipes cannot say: a colon ends a path in `--volume`, a quadlet takes quotes as characters, systemd and compose
 * read `%` and `$`, and a line end would begin another setting.
 */
export function unsayable({ command, volumes }: Container): string[] {
  const words = [...command, ...volumes.flatMap(([source, place]) => [source, place])];
  return unique(words.filter((word) => !/^[\w/.@+,=-]+$/.test(word)));
}

/** The first upstream may be a link, and is resolved; a link in the image leads its place there, too. */
function upstreams({ config, upstream }: Facts): (readonly [source: string, place: string])[] {
  // The engines' come first.
  return everyUpstream(config)
    .map((place, i) => [i === 0 ? upstream : withoutLink(place), withoutLink(place)]);
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

import { basename, dirname } from "node:path";
import type { Facts } from "../../../lib/harden/part.ts";
import { load } from "../config/fakes.ts";

/** What a host with these files has, and a configuration with this text. */
export interface Host {
  readonly config?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly programs?: readonly string[];
  readonly facts?: Partial<Facts>;
}

/** The facts of a made-up host, whose real socket is /run/docker.sock and whose gate is the user postern. */
export function factsOf({ config = plain, files = {}, programs = [], facts }: Host = {}): Facts {
  const loaded = load({ "postern.yaml": config, ...files });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  return {
    config: loaded.config,
    configFile: "/etc/postern/postern.yaml",
    upstream: "/run/docker.sock",
    program: ["/usr/local/bin/postern"],
    user: "postern",
    group: "docker",
    ids: { uid: 997, gid: 997 },
    read: (path) => files[path],
    look: () => ({ mode: 0o777, uid: 997, gid: 997 }),
    list: (folder) =>
      Object.keys(files).filter((file) => dirname(file) === folder).map((file) => basename(file))
        .sort(),
    engineWords: [],
    exists: (path) =>
      Object.keys(files).some((file) => file === path || file.startsWith(`${path}/`)),
    installed: (program) => programs.includes(program),
    ...facts,
  };
}

export const plain = "listeners: [{ socket: /run/postern/ci.sock, policy: read-only }]\n";

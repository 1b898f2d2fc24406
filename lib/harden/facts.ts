import { engineSockets } from "../config/engine_sockets.ts";
import { type ConfigFs, denoFs } from "../config/fs.ts";
import { loadConfig, type LoadResult } from "../config/load.ts";
import { requireTrustedWay } from "../config/trust.ts";
import type { Config, NameService } from "../config/types.ts";
import { userName } from "../linux/nss.ts";
import { systemNames } from "../peer/names.ts";
import type { Disk } from "./disk.ts";
import { ENGINE_GROUP, GATE_USER, PLAIN_NAME } from "./names.ts";
import { type Facts, Refused } from "./part.ts";
import { resolve } from "./resolve.ts";
import { engineWords } from "./running_engine.ts";
import { rootedFs } from "./root_fs.ts";
import { namesOf } from "./root_names.ts";
import { LOGS } from "./service_unit.ts";
import { CONFIG_FILE, starterConfig } from "./starter.ts";

/** What the facts are gathered from. */
export interface Scene {
  /** "" for this host. */
  readonly root: string;
  readonly disk: Disk;
  /** Absolute; undefined: where a gate has it, made anew when there is none. */
  readonly configFile: string | undefined;
  readonly program: readonly string[];
  /** The folders in which programs stand. */
  readonly programFolders: readonly string[];
}

/** The host's users and groups, or those of the tree below the root. */
export function namesFor({ root, disk }: Pick<Scene, "root" | "disk">): NameService & {
  userName(uid: number): string | undefined;
} {
  if (root === "") return { ...systemNames, userName };
  return namesOf((path) => readText(disk, root, path));
}

/** Everything that a plan is made from, or what is wrong with the configuration. */
export function gatherFacts(scene: Scene): Facts | Extract<LoadResult, { ok: false }> {
  const { root, disk, program, programFolders } = scene;
  const read = (path: string) => readText(disk, root, path);
  const configFile = scene.configFile ?? CONFIG_FILE;
  const starter = scene.configFile === undefined && disk.look(CONFIG_FILE) === undefined;
  const given: Record<string, string> = starter
    ? { [CONFIG_FILE]: starterConfig(read("/etc/group")) }
    : {};
  const names = namesFor(scene);
  // The environment and flags are not the service's: what it reads is the file.
  const loaded = loadConfig({
    file: configFile,
    env: {},
    overrides: {},
    names,
    // systemd makes that one when the service starts.
    fs: rootedFs(root, given, [LOGS]),
  });
  if (!loaded.ok) return loaded;
  const { config } = loaded;
  const user = config.runAs === undefined
    ? GATE_USER
    : names.userName(config.runAs.uid) ?? String(config.runAs.uid);
  requirePlainName(user);
  return {
    config,
    configFile,
    upstream: realSocket(root, config),
    program,
    user,
    group: ENGINE_GROUP,
    ids: config.runAs ?? { uid: names.uidOf(user), gid: names.gidOf(user) },
    read,
    look: (path) => disk.look(resolve(root, path, true).named),
    list: (folder) => listed(root, folder),
    engineWords: root === "" ? engineWords() : [],
    exists: (path) => denoFs.realPath(resolve(root, path, true).real) !== undefined,
    installed: (name) =>
      programFolders.some((folder) => {
        const found = denoFs.stat(resolve(root, `${folder}/${name}`, true).real);
        return !("failure" in found) && found.kind === "file";
      }),
  };
}

/** The name of the gate's account goes into units, rules and commands that root runs. */
function requirePlainName(user: string): void {
  if (PLAIN_NAME.test(user)) return;
  throw new Refused(
    `the gate's user is called ${
      JSON.stringify(user)
    }, which not everything can name that has to: ` +
      "give the gate a user with a name of letters, digits and _ . @ -",
  );
}

/** /var/run is a link to /run on every system of today, also on one that has none of them yet. */
function realSocket(root: string, config: Config): string {
  const [path] = engineSockets(config);
  if (path === undefined) {
    throw new Refused(
      "the configuration names no socket of an engine: what a raw listener leads to is another " +
        "program's, and is left as it is",
    );
  }
  const named = resolve(root, path, true).named.replace(/^\/var\/run\//, "/run/");
  // A user's own engine is left as it is, in that user's own folder.
  if (!named.startsWith("/run/user/")) requireOwnWay(rootedFs(root, {}), path);
  return named;
}

/** What somebody else has put there, or a link to it, would be given the rights that the real socket gets. */
function requireOwnWay(fs: ConfigFs, path: string): void {
  const problems: string[] = [];
  requireTrustedWay(fs, path, ({ message }) => problems.push(message));
  if (problems.length > 0) throw new Refused(`${path}: ${problems.join("; ")}`);
}

function readText(disk: Disk, root: string, path: string): string | undefined {
  const { named } = resolve(root, path, true);
  return disk.look(named)?.kind === "file" ? new TextDecoder().decode(disk.read(named)) : undefined;
}

function listed(root: string, folder: string): readonly string[] {
  const names = denoFs.list(resolve(root, folder, true).real);
  return "failure" in names ? [] : [...names].sort();
}

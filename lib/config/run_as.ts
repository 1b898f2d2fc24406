import { resolveAccount } from "./accounts.ts";
import type { Diagnostic } from "./diagnostics.ts";
import type { Path, YamlFile } from "./document.ts";
import type { ConfigFs, FileStat } from "./fs.ts";
import type { LooseConfig } from "./schema.ts";
import type { NameService, RunAs } from "./types.ts";
import { walk } from "./walk.ts";

/** What `run_as` is resolved against. */
export interface RunAsScope {
  readonly names: NameService;
  readonly fs: ConfigFs;
  /** The sockets behind all listeners. */
  readonly upstreams: readonly string[];
  report(diagnostic: Diagnostic): void;
}

const KEY = "run_as";

/** Who Postern becomes when its sockets are open; undefined when nobody is named, or there is a mistake. */
export function resolveRunAs(
  yaml: YamlFile,
  data: LooseConfig["run_as"],
  scope: RunAsScope,
): RunAs | undefined {
  if (data?.user === undefined) return undefined;
  const { names, report } = scope;
  const account = (kind: "user" | "group", value: string | number): number | undefined => {
    const found = resolveAccount(names, kind, value);
    if ("value" in found) return found.value;
    report(yaml.atValue(`unknown-${kind}`, [KEY, kind], found.problem, found.hint));
    return undefined;
  };
  const uid = account("user", data.user);
  const named = data.group === undefined ? undefined : account("group", data.group);
  if (uid === undefined || (data.group !== undefined && named === undefined)) return undefined;
  if (uid === 0) {
    const message = "run_as cannot be root: there would be nothing to give up";
    const hint = "make a user: useradd --system --shell /usr/sbin/nologin postern";
    report(yaml.atValue("not-allowed", [KEY, "user"], message, hint));
    return undefined;
  }
  const login = names.loginGroups(uid);
  const gid = named ?? login?.gid;
  if (gid === undefined) {
    const message = `uid ${uid} has no name here, so nobody knows its group`;
    report(yaml.atValue("missing-key", [KEY, "user"], message, "add group: NAME"));
    return undefined;
  }
  const groups = groupsFor(yaml, [KEY, "user"], { uid, gid }, login?.groups ?? [], scope);
  return groups && { uid, gid, groups };
}

/**
 * The supplementary groups that lead to every upstream, and no others. While one of them is not there, nobody knows which it
 * will need: then they are those that the user has anyway, `own`.
 */
function groupsFor(
  yaml: YamlFile,
  path: Path,
  { uid, gid }: { readonly uid: number; readonly gid: number },
  own: readonly number[],
  { fs, upstreams, report }: RunAsScope,
): number[] | undefined {
  const groups = new Set<number>();
  let reached = true;
  for (const upstream of new Set(upstreams)) {
    const way = wayTo(fs, upstream, { uid, gids: new Set([gid, ...groups]) });
    if ("missing" in way) own.forEach((group) => groups.add(group));
    else if ("groups" in way) way.groups.forEach((group) => groups.add(group));
    else {
      reached = false;
      const { path: place, stat } = way.barred;
      const mode = stat.mode.toString(8).padStart(4, "0");
      const what = stat.kind === "directory" ? "enter the folder" : "connect to the socket";
      const message = `uid ${uid} cannot reach upstream ${upstream}: it may not ${what} ` +
        `${place}, which belongs to ${stat.uid}:${stat.gid} with mode ${mode}`;
      const hint = stat.kind === "directory"
        ? "let a group or everybody enter it (chmod g+x), or run as its owner"
        : "let a group write it (SocketGroup= in docker.socket, --group of dockerd), or run as " +
          "its owner";
      report(yaml.atValue("unreachable", path, message, hint));
    }
  }
  groups.delete(gid);
  return reached ? [...groups].sort((a, b) => a - b) : undefined;
}

type Way =
  | { readonly groups: readonly number[] }
  | { readonly missing: true }
  | { readonly barred: { readonly path: string; readonly stat: FileStat } };

/**
 * The groups that somebody needs beside his own to connect to a socket: to enter every folder on the way, and to write the socket
 * itself (unix(7), path_resolution(7)). Of owner, group and others only the first that fits counts (inode(7)).
 */
function wayTo(
  fs: ConfigFs,
  socket: string,
  { uid, gids }: { readonly uid: number; readonly gids: ReadonlySet<number> },
): Way {
  const steps = walk(fs, socket);
  const groups = new Set<number>();
  for (const { path, stat } of steps) {
    if ("failure" in stat) return { missing: true };
    if (stat.target !== undefined) continue;
    const wanted = stat.kind === "directory" ? 0o1 : 0o2;
    const may = (shift: number) => ((stat.mode >> shift) & wanted) !== 0;
    const isIn = gids.has(stat.gid) || groups.has(stat.gid);
    if (stat.uid === uid ? may(6) : may(isIn ? 3 : 0)) continue;
    if (stat.uid === uid || isIn || !may(3)) return { barred: { path, stat } };
    groups.add(stat.gid);
  }
  return { groups: [...groups] };
}

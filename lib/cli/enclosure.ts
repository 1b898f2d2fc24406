import { dirname } from "node:path";
import type { Sources } from "../config/recording.ts";
import type { Config } from "../config/types.ts";
import { carryOver } from "../linux/capabilities.ts";
import { variable } from "../linux/environment.ts";
import { beginAnew } from "../linux/execute.ts";
import { isRestricted, landlockVersion, restrictThread } from "../linux/landlock.ts";
import { homeOf } from "../linux/nss.ts";

/** Where libraries, name services, devices and what the kernel tells stand (hier(7), nss(5)). */
const system = [
  ...["/etc", "/lib", "/lib64", "/usr", "/nix/store", "/dev", "/proc", "/sys"],
  ...["/run/nscd", "/run/systemd/userdb", "/var/cache/nscd", "/var/lib/extrausers", "/var/lib/sss"],
];

/** What opening sockets, giving them away and becoming another takes: CAP_CHOWN, the two CAP_DAC_, CAP_FOWNER, CAP_SETGID, CAP_SETUID. */
const opening: ReadonlySet<number> = new Set([0, 1, 2, 3, 6, 7]);

/**
 * Begins Postern anew where no thread can open a file that is not its own (landlock(7)), with the capabilities that opening its
 * sockets takes. Landlock holds for one thread and for what comes from it, and the runtime has others from its start: only
 * execve(2), which ends them, makes it hold for all. Returns where the process is enclosed already, or the kernel cannot do it.
 */
export function enclose(config: Config, sources: Sources): void {
  if (isRestricted() || landlockVersion() === 0) return;
  const { read, write } = needs(config, sources);
  // Beneath it is everything.
  if ([...read, ...write].some((path) => realPath(path) === "/")) return;
  carryOver(opening);
  restrictThread(read, write);
  // Else it would go on for ever.
  if (isRestricted()) beginAnew();
}

/** What must be open to a gate of this configuration, until the next one is taken up. */
function needs(
  { audit, listeners, authz }: Config,
  { files, folders }: Sources,
): { readonly read: string[]; readonly write: string[] } {
  const program = new URL("../../", import.meta.url).pathname;
  const cache = cacheFolder();
  return {
    read: [
      ...system,
      program,
      dirname(Deno.execPath()),
      ...[...files].flatMap(foldersOf),
      ...folders,
    ],
    write: [
      "/dev/null",
      ...(cache === undefined ? [] : [cache]),
      ...listeners.filter(({ tcp }) => tcp === undefined).map(({ socket }) => dirname(socket)),
      ...(authz === undefined ? [] : [dirname(authz.socket)]),
      ...(audit.to === "file" ? foldersOf(audit.path) : []),
    ],
  };
}

/** The folder of a file, and of what it leads to. */
function foldersOf(path: string): string[] {
  return [dirname(path), dirname(realPath(path))];
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

/** Where the runtime keeps what it has made of the program (DENO_DIR); a compiled one keeps nothing. */
function cacheFolder(): string | undefined {
  const named = variable("DENO_DIR");
  if (named !== undefined) return named;
  const caches = variable("XDG_CACHE_HOME");
  if (caches !== undefined) return `${caches}/deno`;
  const home = variable("HOME") ?? homeOf(Deno.uid() ?? 0);
  return home === undefined ? undefined : `${home}/.cache/deno`;
}

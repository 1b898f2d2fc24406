import { which } from "./private_engine.ts";

/** What a fresh host has: Debian's base, and what its administrator installed before Postern. */
const packages = ["systemd-sysv", "dbus", "docker.io", "auditd", "apparmor"];
/** What nothing here looks at. */
const left = ["man", "doc", "locale", "info", "zoneinfo"].map((name) => `/usr/share/${name}/*`);
const folder = Deno.env.get("POSTERN_DEBIAN") ?? "/var/tmp/postern-debian";
const decoder = new TextDecoder();

/**
 * Why no Debian can be laid out here, or undefined. It is made once, of packages that are downloaded from where this host gets its
 * own, into /var/tmp/postern-debian or where $POSTERN_DEBIAN says.
 */
export function missingForDebian(): string | undefined {
  if (Deno.uid() !== 0) return "a Debian of its own needs root";
  const absent = ["mmdebstrap", "unshare", "chroot"].filter((name) => which(name) === undefined);
  if (absent.length > 0) return `${absent.join(", ")} not found (apt-get install mmdebstrap)`;
  try {
    made ??= make();
    return undefined;
  } catch (error) {
    return `no Debian for a chroot: ${(error as Error).message}`;
  }
}

/** Copies it to a folder that is not there yet, with every owner, mode and time. */
export function copyDebian(to: string): void {
  run("cp", "-a", made ??= make(), to);
}

let made: string | undefined;

function make(): string {
  if (exists(`${folder}/etc/debian_version`)) return folder;
  const [, suite] = /^VERSION_CODENAME=(\w+)$/m.exec(text("/etc/os-release")) ?? [];
  if (suite === undefined) throw new Error("this host is no Debian");
  const fresh = Deno.makeTempDirSync({ dir: "/var/tmp", prefix: "postern-debian-" });
  try {
    run(
      ...["mmdebstrap", "--quiet", "--variant=minbase", `--include=${packages.join(",")}`] as const,
      ...left.map((path) => `--dpkgopt=path-exclude=${path}`),
      ...[suite, `${fresh}/root`, ...sources(suite)],
    );
    run("rm", "-rf", folder);
    Deno.renameSync(`${fresh}/root`, folder);
  } finally {
    run("rm", "-rf", fresh);
  }
  return folder;
}

/** The lists of this host's own apt that are about Debian, mirrors and keys as they stand there. */
function sources(suite: string): string[] {
  const more = exists("/etc/apt/sources.list.d")
    ? [...Deno.readDirSync("/etc/apt/sources.list.d")].map(({ name }) => name).sort()
      .map((name) => `/etc/apt/sources.list.d/${name}`)
    : [];
  return ["/etc/apt/sources.list", ...more].filter((path) =>
    /\.(list|sources)$/.test(path) && exists(path) &&
    text(path).split("\n").some((line) => !line.startsWith("#") && line.includes(suite))
  );
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function text(path: string): string {
  return Deno.readTextFileSync(path);
}

function run(program: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command(which(program) ?? program, { args, stdin: "null" })
    .outputSync();
  if (success) return;
  throw new Error(`${program}: ${decoder.decode(stderr).trim().split("\n").slice(-3).join("; ")}`);
}

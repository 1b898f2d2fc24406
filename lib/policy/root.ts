import type { Allowed, Constraints, Limits } from "./constraints/types.ts";
import { isOpen } from "./constraints/patterns.ts";
import { operations } from "./operations.ts";
import type { Policy, Verdict } from "./types.ts";

/** Operations that hand out the host where nothing about them is judged. */
const powerful: ReadonlySet<string> = new Set([
  "containers.create",
  "containers.update",
  "containers.exec",
  "images.build",
  "builder.grpc",
  "volumes.create",
  "services.create",
  "services.update",
  "plugins.pull",
  "plugins.create",
  "plugins.set",
  "plugins.upgrade",
  "swarm.init",
  "swarm.join",
  "swarm.update",
  "podman-containers.create",
  "podman-containers.update",
  "podman-containers.exec",
  "podman-containers.mount",
  "podman-containers.restore",
  "podman-images.build",
  "podman-images.build-local",
  "podman-images.scp",
  "podman-pods.create",
  "podman-kube.play",
  "podman-kube.apply",
  "podman-quadlets.install",
  "podman-volumes.create",
]);

/** Capabilities that are as good as root on the host when a container has them (capabilities(7)), beside ALL. */
const rootlyCapabilities: readonly string[] = [
  "ALL",
  "BPF",
  "DAC_READ_SEARCH",
  "MAC_ADMIN",
  "MKNOD",
  "PERFMON",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_MODULE",
  "SYS_PTRACE",
  "SYS_RAWIO",
];

/** The host's memory and its disks, or all devices (Linux, admin-guide/devices.txt). */
const rootlyDevice =
  /^\/dev(?:\/?\*+|\/(?:mem|kmem|port|dm-|mapper|disk|block|loop|md|mmcblk|nbd|nvme|[hsv]d|xvd).*)?$/;

/** Everything below these is root's, too. */
const rootlyTrees: readonly string[] = [
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/lib",
  "/lib64",
  "/proc",
  "/root",
  "/sbin",
  "/sys",
  "/usr",
  "/var/lib/docker",
  "/var/spool/cron",
];

/** Folders that hold the engine's socket: it is written to through a mount that cannot be. */
const socketFolders: readonly string[] = [
  "/",
  "/run",
  "/run/podman",
  "/var",
  "/var/run",
  "/var/run/podman",
];

/** Folders of the host whose writers are root, and `/` above them all. */
const rootlyFolders: readonly string[] = [
  "/",
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/home",
  "/lib",
  "/lib64",
  "/proc",
  "/root",
  "/run",
  "/run/docker.sock",
  "/sbin",
  "/sys",
  "/usr",
  "/var/lib",
  "/var/lib/docker",
  "/var/run",
  "/var/run/docker.sock",
  "/var/spool/cron",
];

/**
 * How a policy gives root on the host away, `containers.create (privileged: true)`; none when it does not, as far as constraints
 * tell: what is in an image, a folder or a network that it opens is not looked into.
 */
export function givesRoot({ mode, verdicts }: Policy): string[] {
  if (mode === "warn") return ["mode: warn"];
  return operations.flatMap(({ name }) => {
    const verdict = verdicts[name];
    return verdict?.allow === true ? rootThrough(name, verdict) : [];
  });
}

function rootThrough(operation: string, { constraints }: Verdict): string[] {
  if (constraints === undefined) return powerful.has(operation) ? [operation] : [];
  return wide(constraints).map((limit) => `${operation} (${limit})`);
}

/** Written limits only: the safe defaults give nothing away. */
function wide({ limits, origins }: Constraints): string[] {
  const open = (Object.keys(origins) as (keyof Limits)[]).flatMap((key) => {
    const how = opened(key, limits);
    return how === undefined ? [] : [`${key}: ${how}`];
  });
  return open;
}

function opened(key: keyof Limits, limits: Limits): string | undefined {
  switch (key) {
    case "privileged":
    case "device_cgroup_rules":
    case "unmasked_paths":
    case "unjudged":
      return limits[key] === true ? "true" : undefined;
    case "host_mounts":
      return openedMounts(limits.host_mounts);
    case "pid_mode":
    case "userns_mode":
      return listed(limits[key], ["host"]);
    case "capabilities":
      return listed(limits.capabilities, rootlyCapabilities);
    case "devices":
      return openedDevices(limits.devices);
    case "volume_types":
      return isOpen(limits.volume_types) ? "any" : undefined;
    case "runtimes":
    case "cgroup_parents":
    case "plugins":
    case "volume_drivers":
      return listed(limits[key], []);
    case "security_options":
      return listed(limits.security_options, ["*", "**"]);
    case "unknown_fields":
      return limits.unknown_fields === "allow" ? "allow" : undefined;
    default:
      return undefined;
  }
}

/** `any`, or the listed values that are among those that matter. */
function listed(allowed: Allowed | undefined, matter: readonly string[]): string | undefined {
  if (allowed === undefined || allowed === "any") return "any";
  const found = allowed.filter((value) => value.startsWith("*") || matter.includes(value));
  return found.length === 0 ? undefined : found.join(", ");
}

function openedDevices(allowed: Allowed | undefined): string | undefined {
  if (isOpen(allowed)) return "any";
  const found = allowed.filter((path) => path.startsWith("*") || rootlyDevice.test(path));
  return found.length === 0 ? undefined : found.join(", ");
}

function openedMounts(mounts: Limits["host_mounts"]): string | undefined {
  if (mounts === undefined || mounts === "any") return "any";
  const found = mounts.filter(({ path, read_only }) => {
    const folder = path.replace(/\/?\*.*$/, "") || "/";
    // Reading the disk as a whole shows every secret.
    return socketFolders.includes(folder) || /\/(?:docker|podman)\.sock$/.test(folder) ||
      (read_only !== true && (rootlyFolders.includes(folder) ||
        rootlyTrees.some((tree) => folder.startsWith(`${tree}/`))));
  });
  return found.length === 0 ? undefined : found.map(({ path }) => path).join(", ");
}

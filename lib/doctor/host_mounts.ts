import type { Engine } from "./engine.ts";
import type { Container } from "./engine_answers.ts";
import type { Host } from "./host.ts";
import { isUnder, realPath } from "./paths.ts";
import { attempt } from "./processes.ts";

/** What a container has of the host: with `takes` it is root there, with `less` it knows or changes more than others. */
export interface Reach {
  readonly takes: readonly string[];
  readonly less: readonly string[];
}

/** Sockets whose servers do for root what it says: container engines, and systemd, which runs programs. A mount that is read-only keeps nobody from connecting. */
const servers = [
  "/run/containerd/containerd.sock",
  "/run/crio/crio.sock",
  "/run/dbus/system_bus_socket",
  "/run/docker/containerd/containerd.sock",
  "/run/docker.sock",
  "/run/libvirt/libvirt-sock",
  "/run/podman/podman.sock",
  "/run/systemd/private",
  "/var/lib/incus/unix.socket",
  "/var/lib/lxd/unix.socket",
  "/var/snap/lxd/common/lxd/unix.socket",
];

/** Whatever is written there, root runs or believes (hier(7)). */
const trusted = [
  ...["/bin", "/boot", "/lib", "/lib32", "/lib64", "/proc", "/root", "/sbin", "/sys"],
  ...["/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/sbin"],
  ...["/usr/local/bin", "/usr/local/lib", "/usr/local/sbin", "/usr/share/polkit-1"],
  ...["/var/lib/containerd", "/var/lib/containers/storage", "/var/lib/docker", "/var/spool/cron"],
];

/** Of /etc, where other programs than the system's have their settings, too. */
const ofSystem = new RegExp(
  "^/etc/(?:anacrontab|apt|at\\..*|bash.*|cron.*|dbus-1|dnf|docker|environment|fstab|g?shadow-?|group-?|" +
    "init.*|kernel|ld\\.so.*|logrotate.*|modprobe\\.d|modules-load\\.d|network|NetworkManager|nsswitch\\.conf|" +
    "pam.*|passwd-?|polkit-1|postern|profile.*|rc.*|security|skel|ssh|sub[ug]id-?|sudo.*|sysctl.*|systemd|" +
    "tmpfiles\\.d|udev|update-motd\\.d|yum.*)(?:/|$)",
);

/** Judges the folders and files of the host that a container mounts. */
export function mountsOfHost(host: Host, { binds }: Engine, { mounts }: Container): Reach {
  const [takes, less]: [string[], string[]] = [[], []];
  for (const { Name, Source, Destination, RW } of mounts) {
    const bind = Name === undefined ? undefined : binds?.get(Name);
    // An engine's own volume is nobody else's.
    const from = Name === undefined ? Source : bind;
    if (!from?.startsWith("/")) continue;
    const path = attempt(() => realPath(host, from)) ?? from;
    const told = `-v ${from}:${Destination}${RW ? "" : ":ro"}`;
    const server = servers.find((socket) => isUnder(socket, path));
    if (server !== undefined) {
      takes.push(`${told}: ${server} does for root whatever it says`);
    } else if (!isVolume(path) && isTrusted(path)) {
      if (RW) takes.push(`${told}: root runs or believes what is in there`);
      else less.push(`${told}: it reads what is in there`);
    } else if (RW && (isUnder(path, "/etc") || isUnder("/home", path) || isUnder(path, "/dev"))) {
      less.push(`${told}: it changes the host's`);
    }
  }
  return { takes, less };
}

/** Such a place, in one, or around one. */
function isTrusted(path: string): boolean {
  return path === "/etc" || ofSystem.test(path) ||
    trusted.some((place) => isUnder(path, place) || isUnder(place, path));
}

/** A volume's files are its containers' alone. */
function isVolume(path: string): boolean {
  return /^\/var\/lib\/(?:docker|containers\/storage)\/volumes\/[^/]+(?:\/|$)/.test(path);
}

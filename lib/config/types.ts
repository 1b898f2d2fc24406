import type { AuditTarget } from "../audit/target.ts";
import type { TlsMaterial } from "../linux/tls_context.ts";
import type { Gate } from "../policy/types.ts";
import type { TcpPlace } from "./tcp.ts";

export type { AuditTarget };

/** A configuration that has been checked: nothing in it is left to resolve. */
export interface Config {
  /** The config file, as it was named; absent when everything came from the command line. */
  readonly file?: string;
  readonly listeners: readonly ListenerConfig[];
  /** The policy files that were read. */
  readonly policyFiles: readonly { readonly file: string; readonly policy: string }[];
  /** The presets that are named, or that others extend. */
  readonly presets: readonly string[];
  readonly gate: Gate;
  readonly audit: AuditTarget;
  /** Threads that relay. */
  readonly workers: number;
  readonly log: LogSettings;
  readonly reload: ReloadSettings;
  /** Who Postern becomes when its sockets are open; absent: who it was started as. */
  readonly runAs?: RunAs;
  /** Clients connected at once, at all listeners together; absent: as many as come. */
  readonly maxConnections?: number;
  /** The same for each uid, and for each address. */
  readonly maxConnectionsPerUid?: number;
  /** How long requests and streams may go on when the gate is told to end, in seconds. */
  readonly drain: number;
  /** Absent: the engine has nobody to ask. */
  readonly authz?: AuthzSettings;
}

/** Who gets which policy from the engine's authorization plugin. */
export interface AuthzSettings {
  /** The plugin's own socket: absolute and normalised. */
  readonly socket: string;
  /** For who has no certificate. */
  readonly anonymous: string;
  /** By the common name of a certificate. */
  readonly users: readonly AuthzUser[];
  /** For certificates with other names. */
  readonly defaultPolicy: string;
  /** The socket of the engine that asks. */
  readonly upstream: string;
  /** What the gate relays carries a secret, and passes; only what does not is judged by these policies. */
  readonly seal: boolean;
  /** While this file is there, and root's alone, who has no certificate passes without a seal. */
  readonly breakGlass: string;
}

/** A user as the engine knows one. */
export interface AuthzUser {
  readonly name: string;
  readonly policy: string;
  /** Where it was written, `postern.yaml:17`. */
  readonly origin: string;
}

/** One intercept socket, or an address and a port of TCP. */
export interface ListenerConfig {
  readonly name: string;
  /** An absolute and normalised path; with `tcp`, its address and port as `tcp://[::1]:2375`. */
  readonly socket: string;
  /** Absent: a unix socket, which mode, uid, gid and rotate are about. */
  readonly tcp?: TcpPlace;
  /** With `tcp`: clients must show a certificate. Its bytes are secret, and nothing for messages. */
  readonly tls?: TlsMaterial;
  /** With `tcp`: the configuration says in so many words that it is open to whoever reaches it. */
  readonly insecure?: true;
  /** Permission bits, never more than 0o777. */
  readonly mode: number;
  /** Absent: as created. */
  readonly uid?: number;
  /** Absent: as created. */
  readonly gid?: number;
  readonly protocol: "http" | "raw";
  /** The absolute path of the socket behind. */
  readonly upstream: string;
  /** Connections that the kernel lets wait, as listen(2) takes it. */
  readonly backlog: number;
  /** Clients served at once; absent: as many as come. */
  readonly maxConnections?: number;
  /** How often the socket is made anew, in seconds; absent: never. */
  readonly rotate?: number;
  /** Where it was written, `postern.yaml:4`. */
  readonly origin: string;
}

/** A user that is not root, its group, and the supplementary groups that lead to the upstreams. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** The operator's log. */
export interface LogSettings {
  readonly level: "debug" | "info" | "warning" | "error";
  readonly format: "text" | "json";
}

/** How changes of the files are taken up. */
export interface ReloadSettings {
  /** At once, without waiting for SIGHUP. */
  readonly watch: boolean;
  /** What becomes of streams that the new policies do not allow. */
  readonly revoke: "close" | "keep";
}

/** Users and groups by name; the lists are for suggestions and need not be complete. */
export interface NameService {
  uidOf(name: string): number | undefined;
  gidOf(name: string): number | undefined;
  /** What a login would give to a user; undefined for one without a name. */
  loginGroups(uid: number):
    | { readonly gid: number; readonly groups: readonly number[] }
    | undefined;
  userNames(): string[];
  groupNames(): string[];
}

/** The log when nothing is said about it. */
export const DEFAULT_LOG: LogSettings = { level: "info", format: "text" };

/** Reloading when nothing is said about it. */
export const DEFAULT_RELOAD: ReloadSettings = { watch: true, revoke: "close" };

/** Seconds that are left to what runs, when nothing is said about it. */
export const DEFAULT_DRAIN = 10;

/** Audit files that are kept when nothing is said about it. */
export const DEFAULT_KEEP = 8;

/** The file that lets the administrator in around a seal. */
export const DEFAULT_BREAK_GLASS = "/etc/postern/break-glass";

/** Where dockerd finds a plugin's socket by itself. */
export const DEFAULT_PLUGIN_SOCKET = "/run/docker/plugins/postern.sock";

/** The engine's own socket, when no upstream is given. */
export const DEFAULT_UPSTREAM = "/var/run/docker.sock";

/** listen(2)'s queue; the kernel cuts it down to net.core.somaxconn. socat's 5 drops clients in a burst. */
export const DEFAULT_BACKLOG = 1024;

import type { Edit, JsonDocument } from "../../json/value.ts";
import type { Target } from "../../http/target.ts";

/** Everything, or what one of the patterns matches (`*` stops at a slash, `**` does not). */
export type Allowed = "any" | readonly string[];

/** A folder or file of the host; a pattern without `read_only` covers writing, too. */
export interface HostMount {
  readonly path: string;
  /** Only mounts that cannot be written through. */
  readonly read_only?: boolean;
}

/** Which existing containers: all that is given must hold. */
export interface ContainerSelector {
  /** Patterns for the name, without its slash. */
  readonly name?: readonly string[];
  /** `team=ci` or `team` for any value; all of them. */
  readonly label?: readonly string[];
  /** Patterns for the image that it was made from. */
  readonly image?: readonly string[];
}

/**
 * What a request may ask for, by the words that policies use. A key that is absent here limits nothing; what a policy leaves out
 * is filled in from `safeLimits` when it is compiled, so that absent means that somebody wrote `any` or `none`.
 */
export interface Limits {
  // What a container may be (containers.create, services.create, services.update; some in update, exec, build).
  readonly privileged?: boolean;
  readonly host_mounts?: "any" | readonly HostMount[];
  /** Names of volumes. */
  readonly volumes?: Allowed;
  readonly volume_drivers?: Allowed;
  /** File systems that the options of a local volume may mount: nfs, tmpfs. A bind is a host mount instead. */
  readonly volume_types?: Allowed;
  /** Containers, by name, whose volumes may be taken over; their mounts are judged as the container's own. */
  readonly volumes_from?: Allowed;
  /** Without CAP_, upper case. */
  readonly capabilities?: Allowed;
  /** Paths of the host's devices. */
  readonly devices?: Allowed;
  readonly device_requests?: boolean;
  readonly device_cgroup_rules?: boolean;
  /** `host`, `container:NAME` and the like, as the API spells them; "" (the engine's default) is always allowed. */
  readonly pid_mode?: Allowed;
  readonly ipc_mode?: Allowed;
  readonly uts_mode?: Allowed;
  readonly userns_mode?: Allowed;
  readonly cgroupns_mode?: Allowed;
  /** Networks by name; `host` and `container:NAME` only where they are written, no pattern and no `any` includes them. */
  readonly networks?: Allowed;
  readonly security_options?: Allowed;
  readonly runtimes?: Allowed;
  readonly sysctls?: Allowed;
  /** MaskedPaths and ReadonlyPaths other than the engine's own. */
  readonly unmasked_paths?: boolean;
  readonly cgroup_parents?: Allowed;
  readonly restart_policies?: Allowed;
  /** At most so many bytes, and a limit must be there. */
  readonly memory?: number;
  /** At most so many processors, and a limit must be there. */
  readonly cpus?: number;
  /** At most so many processes, and a limit must be there. */
  readonly pids?: number;
  /** `non-root`: a number other than 0 must be there. Else patterns for the User field. */
  readonly user?: "non-root" | Allowed;
  /** Image references, normalised: `docker.io/library/alpine:3.20`; in patterns the parts that are left out are filled in alike. */
  readonly images?: Allowed;
  /** Labels that must be there, name → pattern for the value. */
  readonly required_labels?: Readonly<Record<string, string>>;
  readonly refused_labels?: readonly string[];
  /** `8000-8999`, `127.0.0.1:8080`, `[::1]:80-90`. */
  readonly ports?: Allowed;
  readonly refused_env?: readonly string[];
  /** Containers that may be linked, by name. */
  readonly links?: Allowed;
  readonly log_drivers?: Allowed;
  readonly log_options?: Allowed;
  readonly annotations?: Allowed;
  /** A negative OomScoreAdj, or OomKillDisable. */
  readonly oom_protection?: boolean;
  /** Names that what is created may have. */
  readonly names?: Allowed;

  // exec
  /** Argument vectors: a word a pattern, a last `**` for whatever follows. */
  readonly commands?: Allowed;

  // images.build, images.import
  /** The engine may fetch a context or an image from a URL. */
  readonly remote?: boolean;
  readonly extra_hosts?: boolean;
  /** Builds through BuildKit (version=2), which takes secrets and ssh from the client's session. */
  readonly buildkit?: boolean;

  // networks.create
  readonly network_drivers?: Allowed;
  /** Interfaces of the host that a network may use: `parent` of macvlan and ipvlan, the bridge driver's bridges by name. */
  readonly host_interfaces?: Allowed;

  // plugins.*
  readonly plugins?: Allowed;

  /** checkpoints in a directory of the host (`checkpoint-dir`). */
  readonly checkpoint_dirs?: Allowed;

  /** What nobody can judge (swarm.init, swarm.join, …): false denies it. */
  readonly unjudged?: boolean;

  // operations on an existing container
  readonly containers?: readonly ContainerSelector[];

  // bodies
  readonly unknown_fields?: "deny" | "allow";
  /** Bytes of a body that is judged. */
  readonly body_limit?: number;
}

/** What is filled in where the client left it out (containers.create). */
export interface Additions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly no_new_privileges?: true;
  readonly memory?: number;
  readonly cpus?: number;
  readonly pids?: number;
  readonly user?: string;
}

/** The conditions on one allowed operation, as compiled into a policy. Plain data. */
export interface Constraints {
  readonly limits: Limits;
  /** Key → where it was written, `policies/team-ci.yaml:14`; a key that is not here comes from the safe defaults. */
  readonly origins: Readonly<Partial<Record<keyof Limits, string>>>;
  readonly set?: Additions;
}

/** Something to ask before a request can be judged. Names are as the client wrote them. */
export type Lookup =
  /** GET /containers/{name}/json, /exec/{name}/json, /images/{name}/json, /volumes/{name}, /networks/{name}. */
  | {
    readonly kind: "container" | "exec" | "image" | "volume" | "network";
    readonly name: string;
  }
  /** The real path of the longest part that exists on this host, symbolic links resolved, with the rest behind it. */
  | { readonly kind: "path"; readonly path: string };

/** What came of a lookup. */
export type Answer =
  /** The engine's object, as JSON.parse gives it; for a path, the string. */
  | { readonly found: unknown }
  /** The engine's own words: `No such container: x`. */
  | { readonly absent: string }
  /** The engine could not be asked, or gave an answer that cannot be used. */
  | { readonly failed: string };

/** An allowed request that has to be looked into. */
export interface Scrutinised {
  /** Its stable name. */
  readonly operation: string;
  readonly target: Target;
  /** Content-Type as sent, "" when absent. */
  readonly contentType: string;
  /** Absent when there was none. */
  readonly body?: Uint8Array;
}

/** What came of looking into a request. */
export type Finding =
  | {
    readonly ok: true;
    /** To be made in the body's text before it goes on; none: the same bytes. */
    readonly document?: Pick<JsonDocument, "text">;
    readonly edits: readonly Edit[];
    /** What goes to the engine instead of the target, where a name was replaced by the id that was judged. */
    readonly target?: string;
    /** What was filled in, for the record: `memory=1073741824`. */
    readonly added: readonly string[];
  }
  | {
    readonly ok: false;
    /**
     * 403 for what is not allowed, 400 for a body that has more than one reading, 413 for one that is too long, 404 and 502 from
     * lookups, 503 where there is no room to hold it.
     */
    readonly status: 400 | 403 | 404 | 413 | 502 | 503;
    /** The key that failed, `host_mounts`; absent where the status is not 403. */
    readonly constraint?: keyof Limits;
    /** Without a final period: `/etc is not under /srv/ci/**`. */
    readonly reason: string;
    /** The smallest change that would allow it, without a final period; "" where none does. */
    readonly hint: string;
  };

/** A judgement in progress: it asks, is answered, and ends with a finding. Pure: whoever runs it does the asking. */
export type Scrutiny = Generator<Lookup, Finding, Answer>;

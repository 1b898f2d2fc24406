import type { Edit, JsonString } from "../../json/value.ts";

/** Another object's name in a body, and how to put its full id in its place. */
export interface Mention {
  readonly name: string;
  /** Absent where the place takes no id. */
  readonly replace?: (id: string) => Edit;
}

/** Puts a text in the place of a string of the body. */
export function inPlaceOf(string: JsonString, text: string): Edit {
  return { start: string.start, end: string.end, text: JSON.stringify(text) };
}

export interface Volume {
  readonly kind: "volume";
  /** "" for one that the engine names. */
  readonly name: string;
  readonly readOnly: boolean;
  /** "" for the engine's default, local. */
  readonly driver: string;
  readonly options: Pairs;
}

/** A mount, whatever way it was asked for. */
export type Mount =
  | {
    readonly kind: "bind";
    readonly source: string;
    readonly readOnly: boolean;
    /** What is mounted inside the container shows on the host. */
    readonly shared: boolean;
  }
  | Volume
  /** Memory, counted as the container's. */
  | { readonly kind: "tmpfs" }
  | { readonly kind: "image"; readonly reference: string }
  /** Of a type that cannot be judged, or in no form that the engine takes. */
  | { readonly kind: "other"; readonly what: string };

export interface Inherited extends Mention {
  readonly readOnly: boolean;
  /** Options are given, but not to read only: to Podman they replace those that the other container has. */
  readonly writable: boolean;
}

/** A namespace's mode as it is written. */
export interface Mode {
  readonly value: string;
  /** For `container:NAME`: puts an id in the place of the name. */
  readonly replace?: (id: string) => Edit;
}

export interface Published {
  readonly address: string;
  /** `8080`, `8080-8090`; "" and 0 for one that the engine chooses. */
  readonly port: string;
}

export type Pairs = readonly (readonly [name: string, value: string])[];

/** What a container is asked to be, in the words of no particular API: Docker's, swarm's and libpod's are read into this. */
export interface ContainerSpec {
  readonly image: string;
  readonly user: string;
  readonly env: readonly string[];
  readonly labels: Pairs;
  readonly annotations: Pairs;
  readonly privileged: boolean;
  readonly mounts: readonly Mount[];
  /** For volumes that do not say which they want. */
  readonly volumeDriver: string;
  readonly volumesFrom: readonly Inherited[];
  readonly capabilities: readonly string[];
  readonly devices: readonly string[];
  readonly deviceRequests: boolean;
  readonly deviceCgroupRules: readonly string[];
  readonly pid: Mode;
  readonly ipc: Mode;
  readonly uts: Mode;
  readonly userns: Mode;
  readonly cgroupns: Mode;
  readonly networks: readonly Mode[];
  readonly links: readonly Mention[];
  readonly securityOptions: readonly string[];
  readonly runtime: string;
  readonly isolation: string;
  readonly sysctls: Pairs;
  /** Absent for the engine's own. */
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  readonly cgroupParent: string;
  /** Another container's cgroup, `container:NAME`. */
  readonly cgroup: string;
  /** `on-failure:5`; "" for none. */
  readonly restart: string;
  readonly resources: Resources;
  readonly published: readonly Published[];
  readonly publishAll: boolean;
  readonly logDriver: string;
  readonly logOptions: Pairs;
  readonly oomProtected: boolean;
}

/** Limits as they are written; absent where they are not. */
export interface Resources {
  readonly memory?: bigint | undefined;
  /** Memory and swap together. */
  readonly memorySwap?: bigint | undefined;
  readonly nanoCpus?: bigint | undefined;
  readonly cpuQuota?: bigint | undefined;
  readonly cpuPeriod?: bigint | undefined;
  readonly pids?: bigint | undefined;
}

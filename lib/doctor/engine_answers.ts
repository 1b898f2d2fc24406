/** The fields of GET /info that are looked at. */
export interface Info {
  readonly SecurityOptions: readonly string[];
  /** It runs as a user of its own, whose rights are all that it has to give. */
  readonly isRootless: boolean;
  readonly LiveRestoreEnabled?: boolean;
  /** Plugins.Authorization. */
  readonly authorization: readonly string[];
  /** Podman tells its Buildah's version there; it has no daemon.json, no plugins and nothing to restore. */
  readonly isPodman: boolean;
}

/** The fields of GET /containers/ID/json that are looked at. */
export interface Container {
  readonly Id: string;
  readonly Name: string;
  readonly image: string;
  readonly running: boolean;
  readonly HostConfig: HostConfig;
  readonly mounts: readonly ContainerMount[];
}

export interface HostConfig {
  readonly Privileged: boolean;
  readonly PidMode?: string;
  readonly NetworkMode?: string;
  readonly IpcMode?: string;
  readonly UsernsMode?: string;
  readonly CapAdd: readonly string[];
  readonly CapDrop: readonly string[];
  readonly SecurityOpt: readonly string[];
  /** Paths on the host. */
  readonly Devices: readonly string[];
  readonly DeviceCgroupRules: readonly string[];
  /** Whether nothing of /proc and /sys is hidden or read-only, though it is not privileged. */
  readonly isUnmasked: boolean;
}

export interface ContainerMount {
  /** A volume's. */
  readonly Name?: string;
  readonly Source?: string;
  readonly Destination?: string;
  readonly RW: boolean;
}

// What answers may be another program than an engine, or none that one knows: what is not of the right type is not there.

export function infoOf(answer: unknown): Info {
  const info = record(answer);
  const live = info["LiveRestoreEnabled"];
  const options = texts(info["SecurityOptions"]);
  return {
    SecurityOptions: options,
    // dockerd's way to say it, and Podman's.
    isRootless: options.includes("name=rootless") || info["Rootless"] === true,
    ...(typeof live === "boolean" ? { LiveRestoreEnabled: live } : {}),
    authorization: texts(record(info["Plugins"])["Authorization"]),
    isPodman: text(info["BuildahVersion"]) !== undefined,
  };
}

/** The full ids of GET /containers/json; undefined when that is no list of containers. */
export function idsOf(answer: unknown): string[] | undefined {
  if (!Array.isArray(answer)) return undefined;
  const ids = answer.map((one) => text(record(one)["Id"]));
  return ids.every((id) => id !== undefined) ? ids : undefined;
}

/** Undefined when that is no container. */
export function containerOf(answer: unknown): Container | undefined {
  const one = record(answer);
  const [id, name] = [text(one["Id"]), text(one["Name"])];
  if (id === undefined || name === undefined) return undefined;
  const host = record(one["HostConfig"]);
  const mode = <K extends string>(key: K) => optional(key, text(host[key]));
  return {
    Id: id,
    Name: name,
    image: text(record(one["Config"])["Image"]) ?? "?",
    running: record(one["State"])["Running"] === true,
    HostConfig: {
      Privileged: host["Privileged"] === true,
      ...mode("PidMode"),
      ...mode("NetworkMode"),
      ...mode("IpcMode"),
      ...mode("UsernsMode"),
      CapAdd: texts(host["CapAdd"]),
      CapDrop: texts(host["CapDrop"]),
      SecurityOpt: texts(host["SecurityOpt"]),
      Devices: list(host["Devices"]).flatMap((one) => text(record(one)["PathOnHost"]) ?? []),
      DeviceCgroupRules: texts(host["DeviceCgroupRules"]),
      isUnmasked: [host["MaskedPaths"], host["ReadonlyPaths"]].some((paths) =>
        Array.isArray(paths) && paths.length === 0
      ),
    },
    mounts: list(one["Mounts"]).map((value) => {
      const mount = record(value);
      const part = <K extends string>(key: K) => optional(key, text(mount[key]));
      return {
        ...part("Name"),
        ...part("Source"),
        ...part("Destination"),
        RW: mount["RW"] !== false,
      };
    }),
  };
}

/** By name, what each volume of GET /volumes is a bind mount of: made with `-o o=bind -o device=/run`. */
export function bindsOf(answer: unknown): Map<string, string> {
  return new Map(
    list(record(answer)["Volumes"]).flatMap((value): [string, string][] => {
      const volume = record(value);
      const options = record(volume["Options"]);
      const [name, device] = [text(volume["Name"]), text(options["device"])];
      const isBind = text(options["o"])?.split(",").some((one) =>
        one === "bind" || one === "rbind"
      );
      return isBind && name !== undefined && device !== undefined ? [[name, device]] : [];
    }),
  );
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function texts(value: unknown): readonly string[] {
  return list(value).filter((item) => typeof item === "string");
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

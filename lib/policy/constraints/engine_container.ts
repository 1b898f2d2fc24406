import type { Json, JsonString } from "../../json/value.ts";
import { readBind, readMount } from "./mount_forms.ts";
import {
  flagAt,
  integerAt,
  itemsAt,
  member,
  namesAt,
  objectAt,
  pairsAt,
  stringAt,
  stringsAt,
  textAt,
  textsAt,
} from "./reading.ts";
import {
  type ContainerSpec,
  type Inherited,
  inPlaceOf,
  type Mention,
  type Mode,
  type Mount,
  type Pairs,
  type Published,
  type Resources,
} from "./spec.ts";

/** What a body of POST /containers/create asks for (moby container.CreateRequest). */
export function readEngineContainer(root: Json): ContainerSpec {
  const host = objectAt(root, "HostConfig");
  const log = objectAt(host, "LogConfig");
  const volumeDriver = textAt(host, "VolumeDriver");
  return {
    image: textAt(root, "Image"),
    user: textAt(root, "User"),
    env: textsAt(root, "Env"),
    labels: pairsAt(root, "Labels"),
    annotations: pairsAt(host, "Annotations"),
    privileged: flagAt(host, "Privileged"),
    mounts: [
      ...textsAt(host, "Binds").map((bind) => readBind(bind, volumeDriver)),
      ...itemsAt(host, "Mounts").map((mount) => readMount(mount)),
      // The engine makes an anonymous volume of each; Podman reads `/etc:/x` there as it does in Binds.
      ...namesAt(root, "Volumes").map((bind) => readBind(bind, volumeDriver)),
      // Podman fills it with those of its own variables that begin so (podman pkg/env).
      ...textsAt(root, "Env").filter((entry) => /^[^=]*\*$/.test(entry)).map((entry): Mount => ({
        kind: "other",
        what: `the engine's environment (${entry})`,
      })),
    ],
    volumeDriver,
    volumesFrom: stringsAt(host, "VolumesFrom").map(readVolumesFrom),
    // Engines 19.03 took Capabilities for the whole set.
    capabilities: [...textsAt(host, "CapAdd"), ...textsAt(host, "Capabilities")],
    ...readDevices(host),
    pid: readMode(host, "PidMode"),
    ipc: readMode(host, "IpcMode"),
    uts: readMode(host, "UTSMode"),
    userns: readMode(host, "UsernsMode"),
    cgroupns: readMode(host, "CgroupnsMode"),
    networks: readNetworks(root, host),
    links: [...stringsAt(host, "Links").map(readLink), ...endpoints(root).flatMap(readAliases)],
    securityOptions: textsAt(host, "SecurityOpt"),
    runtime: textAt(host, "Runtime"),
    isolation: textAt(host, "Isolation"),
    sysctls: [...pairsAt(host, "Sysctls"), ...endpoints(root).flatMap(endpointSysctls)],
    ...paths(host, "MaskedPaths", "maskedPaths"),
    ...paths(host, "ReadonlyPaths", "readonlyPaths"),
    cgroupParent: textAt(host, "CgroupParent"),
    cgroup: textAt(host, "Cgroup"),
    restart: readRestart(host),
    resources: readResources(host),
    published: readPublished(host),
    publishAll: flagAt(host, "PublishAllPorts"),
    logDriver: textAt(log, "Type"),
    logOptions: pairsAt(log, "Config"),
    oomProtected: isOomProtected(host),
  };
}

/** The devices of a HostConfig or an update. */
export function readDevices(host: Json | undefined) {
  return {
    devices: itemsAt(host, "Devices").map((device) => textAt(device, "PathOnHost")),
    deviceRequests: itemsAt(host, "DeviceRequests").length > 0,
    deviceCgroupRules: textsAt(host, "DeviceCgroupRules"),
  };
}

/** The limits of a HostConfig or an update. */
export function readResources(host: Json | undefined): Resources {
  return {
    memory: integerAt(host, "Memory"),
    memorySwap: integerAt(host, "MemorySwap"),
    nanoCpus: integerAt(host, "NanoCpus"),
    cpuQuota: integerAt(host, "CpuQuota"),
    cpuPeriod: integerAt(host, "CpuPeriod"),
    pids: integerAt(host, "PidsLimit"),
  };
}

/** `on-failure:5`; `no` is "". */
export function readRestart(host: Json | undefined): string {
  const policy = objectAt(host, "RestartPolicy");
  const name = textAt(policy, "Name");
  const count = integerAt(policy, "MaximumRetryCount") ?? 0n;
  return name === "no" ? "" : count === 0n ? name : `${name}:${count}`;
}

export function isOomProtected(host: Json | undefined): boolean {
  return flagAt(host, "OomKillDisable") || (integerAt(host, "OomScoreAdj") ?? 0n) < 0n;
}

function readMode(host: Json | undefined, name: string): Mode {
  const string = stringAt(host, name);
  if (string === undefined) return { value: "" };
  return { value: string.value, replace: (id) => inPlaceOf(string, `container:${id}`) };
}

/** `name`, `name:ro` (moby volumes.ParseVolumesFrom). */
function readVolumesFrom(string: JsonString): Inherited {
  const { head, tail } = cut(string.value);
  const readOnly = tail.slice(1).split(",").includes("ro");
  return {
    name: head,
    readOnly,
    writable: tail !== "" && !readOnly,
    replace: (id) => inPlaceOf(string, id + tail),
  };
}

/** `name:alias`, `name`, or, as inspect tells it, `/name:/own/alias` (docker opts.ParseLink). */
function readLink(string: JsonString): Mention {
  const { head, tail } = cut(string.value);
  const alias = tail === "" ? head : tail.slice(1);
  const inspected = head.startsWith("/");
  const name = inspected ? head.slice(1) : head;
  const last = inspected ? alias.slice(alias.lastIndexOf("/") + 1) : alias;
  return { name, replace: (id) => inPlaceOf(string, `${id}:${last}`) };
}

/** In an endpoint a link is another name for one that the network's own DNS answers for: no id goes there. */
function readAliases(endpoint: Json): Mention[] {
  return textsAt(endpoint, "Links").map((link) => {
    const { head } = cut(link);
    return { name: head.startsWith("/") ? head.slice(1) : head };
  });
}

function cut(text: string): { head: string; tail: string } {
  const colon = text.indexOf(":");
  return colon < 0
    ? { head: text, tail: "" }
    : { head: text.slice(0, colon), tail: text.slice(colon) };
}

function endpoints(root: Json): readonly Json[] {
  const config = objectAt(objectAt(root, "NetworkingConfig"), "EndpointsConfig");
  return [...config?.members.values() ?? []];
}

/**
 * NetworkMode, the keys of EndpointsConfig, and their NetworkID, which the engine prefers to the key (moby daemon getNetworkID).
 * With endpoints the default mode adds no network of its own.
 */
function readNetworks(root: Json, host: Json | undefined): Mode[] {
  const mode = readMode(host, "NetworkMode");
  const names = namesAt(objectAt(root, "NetworkingConfig"), "EndpointsConfig");
  const ids = endpoints(root).map((endpoint) => textAt(endpoint, "NetworkID"));
  const given = [...names, ...ids.filter((id) => id !== "")].map((value) => ({ value }));
  const unsaid = mode.value === "" || mode.value === "default";
  return unsaid && given.length > 0 ? given : [mode, ...given];
}

/** Sysctls by interface, since engine 28: `net.ipv4.conf.IFNAME.log_martians=1,…`. */
export function endpointSysctls(endpoint: Json): Pairs {
  return pairsAt(endpoint, "DriverOpts")
    .filter(([name]) => name === "com.docker.network.endpoint.sysctls")
    .flatMap(([, value]) => value.split(","))
    .map((pair) => {
      const equals = pair.indexOf("=");
      return equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    });
}

function paths<K extends string>(host: Json | undefined, name: string, as: K) {
  const own = member(host, name) === undefined ? {} : { [as]: textsAt(host, name) };
  return own as { readonly [P in K]?: readonly string[] };
}

/** An empty list of bindings is one that the engine fills in, up to API 1.52. */
function readPublished(host: Json | undefined): Published[] {
  const ports = objectAt(host, "PortBindings");
  return [...ports?.members.keys() ?? []].flatMap((port) => {
    const bindings = itemsAt(ports, port);
    if (bindings.length === 0) return [{ address: "", port: "" }];
    return bindings.map((binding) => ({
      address: textAt(binding, "HostIp"),
      port: textAt(binding, "HostPort"),
    }));
  });
}

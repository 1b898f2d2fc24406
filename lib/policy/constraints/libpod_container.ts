import type { Json } from "../../json/value.ts";
import { readLibpodMounts, readLibpodVolumesFrom } from "./libpod_mounts.ts";
import {
  flagAt,
  integerAt,
  itemsAt,
  namesAt,
  objectAt,
  pairsAt,
  stringAt,
  textAt,
  textsAt,
} from "./reading.ts";
import {
  type ContainerSpec,
  inPlaceOf,
  type Mode,
  type Pairs,
  type Published,
  type Resources,
} from "./spec.ts";

/** What a body of POST /libpod/containers/create asks for (Podman's specgen.SpecGenerator), in the words that constraints use. */
export function readLibpodContainer(root: Json): ContainerSpec {
  const log = objectAt(root, "log_configuration");
  return {
    image: textAt(root, "image"),
    user: textAt(root, "user"),
    env: [...pairsAt(root, "env").map(joined), ...textsAt(root, "envmerge")],
    labels: pairsAt(root, "labels"),
    annotations: pairsAt(root, "annotations"),
    privileged: flagAt(root, "privileged"),
    mounts: readLibpodMounts(root),
    volumeDriver: "",
    volumesFrom: readLibpodVolumesFrom(root),
    capabilities: textsAt(root, "cap_add"),
    ...readDevices(root),
    pid: readMode(root, "pidns"),
    ipc: readMode(root, "ipcns", ["private", "none", "shareable"]),
    uts: readMode(root, "utsns"),
    userns: readMode(root, "userns", ["keep-id", "nomap", "no-map"]),
    cgroupns: readMode(root, "cgroupns", ["private"]),
    networks: readNetworks(root),
    links: textsAt(root, "dependencyContainers").map((name) => ({ name })),
    securityOptions: readSecurity(root),
    runtime: textAt(root, "oci_runtime"),
    isolation: "",
    sysctls: pairsAt(root, "sysctl"),
    ...(textsAt(root, "unmask").length === 0 ? {} : { maskedPaths: [] }),
    cgroupParent: textAt(root, "cgroup_parent"),
    // Without cgroups, or in the engine's own, no limit holds.
    cgroup: ["", "enabled"].includes(textAt(root, "cgroups_mode"))
      ? ""
      : textAt(root, "cgroups_mode"),
    restart: readRestart(root),
    resources: readResources(root),
    published: itemsAt(root, "portmappings").map(readPort),
    publishAll: flagAt(root, "publish_image_ports"),
    logDriver: textAt(log, "driver"),
    logOptions: pairsAt(log, "options"),
    oomProtected: (integerAt(root, "oom_score_adj") ?? 0n) < 0n ||
      flagAt(objectAt(objectAt(root, "resource_limits"), "memory"), "disableOOMKiller"),
  };
}

const joined = ([name, value]: readonly [string, string]) => `${name}=${value}`;

/** `/dev/fuse:/dev/x:rwm` in `path`; numbers of a device open it as a rule of the device cgroup would. */
function readDevices(root: Json) {
  const devices = [...itemsAt(root, "devices"), ...itemsAt(root, "host_device_list")];
  const numbered = devices.filter((device) =>
    (integerAt(device, "major") ?? 0n) !== 0n || (integerAt(device, "minor") ?? 0n) !== 0n
  );
  const rules = [
    ...itemsAt(root, "device_cgroup_rule"),
    ...itemsAt(objectAt(root, "resource_limits"), "devices"),
    ...numbered,
  ];
  return {
    devices: [
      ...devices.map((device) => textAt(device, "path").split(":", 1)[0]!),
      ...textsAt(root, "devices_from").map((name) => `devices of ${name}`),
    ],
    deviceRequests: textsAt(root, "gpus").length > 0,
    deviceCgroupRules: rules.map((rule) =>
      `${textAt(rule, "type")} ${integerAt(rule, "major") ?? "*"}:${
        integerAt(rule, "minor") ?? "*"
      }`
    ),
  };
}

/**
 * A namespace as Docker would write it: `host`, `container:NAME`, `ns:/proc/1/ns/pid`. What shares nothing is "", unless policies
 * have a word for it (`own`). A pod's namespaces are judged by its name, as a network.
 */
function readMode(root: Json, name: string, own: readonly string[] = []): Mode {
  const namespace = objectAt(root, name);
  const mode = textAt(namespace, "nsmode");
  const value = stringAt(namespace, "value");
  if (own.includes(mode)) return { value: mode };
  switch (mode) {
    case "":
    case "default":
    case "private":
    case "auto":
      return { value: "" };
    case "pod":
      return { value: textAt(root, "pod") === "" ? "pod" : "" };
    case "container":
      return {
        value: `container:${value?.value ?? ""}`,
        ...(value === undefined ? {} : { replace: (id: string) => inPlaceOf(value, id) }),
      };
    case "path":
      return { value: `ns:${value?.value ?? ""}` };
    default:
      return { value: mode };
  }
}

const STACKS = ["slirp4netns", "pasta"];

/** The mode, networks by name, the pod, and options of a network stack, which can open the host's loopback interface. */
function readNetworks(root: Json): Mode[] {
  const mode = readMode(root, "netns", ["none", "bridge", ...STACKS]);
  const names = [...namesAt(root, "Networks"), ...textsAt(root, "cni_networks")];
  const pod = textAt(root, "pod");
  const stackValue = STACKS.includes(mode.value) ? textAt(objectAt(root, "netns"), "value") : "";
  const options = [
    ...(objectAt(root, "network_options")?.members ?? new Map<string, Json>()),
  ].flatMap(([stack]) =>
    textsAt(objectAt(root, "network_options"), stack).map((option) => `${stack}:${option}`)
  );
  const given: Mode[] = [
    ...names.map((value) => ({ value })),
    ...(pod === "" ? [] : [{ value: `pod:${pod}` }]),
    ...(stackValue === "" ? [] : [{ value: `${mode.value}:${stackValue}` }]),
    ...options.map((value) => ({ value })),
  ];
  // The network that Podman joins where none is named is called podman, unless it is configured otherwise.
  const unsaid = mode.value === "" || mode.value === "bridge";
  if (!unsaid) return [mode, ...given];
  return names.length > 0 || pod !== "" ? given : [{ value: "podman" }, ...given];
}

function readSecurity(root: Json): string[] {
  const seccomp = textAt(root, "seccomp_profile_path");
  const policy = textAt(root, "seccomp_policy");
  const apparmor = textAt(root, "apparmor_profile");
  return [
    ...textsAt(root, "selinux_opts").map((option) => `label=${option}`),
    ...(flagAt(root, "label_nested") ? ["label=nested"] : []),
    ...(seccomp === "" ? [] : [`seccomp=${seccomp}`]),
    ...(["", "empty", "default"].includes(policy) ? [] : [`seccomp-policy=${policy}`]),
    ...(apparmor === "" ? [] : [`apparmor=${apparmor}`]),
    ...textsAt(root, "procfs_opts").map((option) => `proc-opts=${option}`),
  ];
}

function readRestart(root: Json): string {
  const name = textAt(root, "restart_policy");
  const tries = integerAt(root, "restart_tries") ?? 0n;
  return name === "no" ? "" : tries === 0n ? name : `${name}:${tries}`;
}

/** Older Podmans have the processors beside the other limits; where both are given, the larger share counts. */
function readResources(root: Json): Resources {
  const limits = objectAt(root, "resource_limits");
  const [memory, cpu, pids] = ["memory", "cpu", "pids"].map((name) => objectAt(limits, name));
  const quotas = [integerAt(root, "cpu_quota") ?? 0n, integerAt(cpu, "quota") ?? 0n];
  const periods = [integerAt(root, "cpu_period") ?? 0n, integerAt(cpu, "period") ?? 0n];
  return {
    memory: integerAt(memory, "limit"),
    memorySwap: integerAt(memory, "swap"),
    cpuQuota: quotas.some((quota) => quota < 0n) ? -1n : most(quotas),
    cpuPeriod: periods.filter((period) => period !== 0n).toSorted(ascending)[0],
    pids: integerAt(pids, "limit"),
  };
}

const ascending = (a: bigint, b: bigint) => a < b ? -1 : a > b ? 1 : 0;
const most = (values: readonly bigint[]) => values.toSorted(ascending).at(-1);

/** Values that go into the cgroup's files as they are: they would undo every limit. */
export function rawCgroupValues(root: Json): Pairs {
  return [...pairsAt(root, "unified"), ...pairsAt(objectAt(root, "resource_limits"), "unified")];
}

function readPort(port: Json): Published {
  const first = integerAt(port, "host_port") ?? 0n;
  const range = integerAt(port, "range") ?? 0n;
  const last = range > 1n ? first + range - 1n : first;
  return {
    address: textAt(port, "host_ip"),
    port: first === 0n ? "" : first === last ? `${first}` : `${first}-${last}`,
  };
}

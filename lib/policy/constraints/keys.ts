import { operationNamed, operations, routes } from "../operations.ts";
import { libpodUnjudged } from "./libpod_keys.ts";
import type { Limits } from "./types.ts";

type Key = keyof Limits;

/** Every key that a policy may write under an operation, and what it limits; in the order of the documentation. */
export const keys: Readonly<Record<Key, string>> = {
  privileged: "Whether it may be privileged",
  host_mounts:
    "Files and folders of the host that may be mounted; `read_only: true` for those that must not be written",
  volumes: "Volumes that may be mounted, by name",
  volume_drivers: "Drivers that volumes may have",
  volume_types: "File systems that a local volume may mount (nfs, tmpfs); a bind is a host mount",
  volumes_from: "Containers whose volumes may be taken over, by name; their mounts are judged, too",
  capabilities: "Capabilities that may be added, without CAP_",
  devices: "Devices of the host that may be used, by path",
  device_requests: "Whether devices may be asked of drivers, as GPUs are",
  device_cgroup_rules: "Whether rules of the device cgroup may be added",
  pid_mode: "PID namespaces that may be used: host, container:NAME",
  ipc_mode: "IPC namespaces that may be used: none, private, shareable, host, container:NAME",
  uts_mode: "UTS namespaces that may be used: host",
  userns_mode: "User namespaces that may be used: host",
  cgroupns_mode: "Cgroup namespaces that may be used: private, host",
  networks:
    "Networks that may be used, by name; host and container:NAME only where they are written out",
  security_options: "Security options that may be given, as they are written: seccomp=unconfined",
  runtimes: "Runtimes that may be used",
  sysctls: "Kernel parameters that may be set, by name",
  unmasked_paths: "Whether the paths that the engine masks in /proc and /sys may be opened",
  cgroup_parents: "Cgroups that it may be put into",
  restart_policies: "Restart policies that may be used: no, always, on-failure, unless-stopped",
  memory: "The most memory that it may have; a limit must be there",
  cpus: "The most processors that it may have; a limit must be there",
  pids: "The most processes that it may have; a limit must be there",
  user: "`non-root`, or users that it may run as",
  images:
    "Images, by normalised name; what a pattern leaves out is filled in as the engine does, without a tag it is any tag",
  required_labels: "Labels that must be there, with patterns for their values",
  refused_labels: "Labels that must not be there",
  ports: "Ports of the host that may be published: 8000-8999, 127.0.0.1:8080",
  refused_env: "Names of variables that must not be set",
  links: "Containers that may be linked, by name",
  log_drivers: "Log drivers that may be used",
  log_options: "Options that log drivers may get, by name",
  annotations: "Annotations that may be given, by name",
  oom_protection: "Whether it may be kept from the kernel's out-of-memory killer",
  names: "Names that what is created may have",
  commands: "Commands that may be run; a word a pattern, `**` at the end for whatever follows",
  remote: "Whether the engine may fetch from a URL",
  extra_hosts: "Whether entries may be added to /etc/hosts",
  buildkit: "Whether BuildKit may build",
  network_drivers: "Drivers that networks may have",
  host_interfaces:
    "Interfaces of the host that a network may use: parents of macvlan and ipvlan, bridges by name",
  plugins: "Plugins, by normalised name",
  checkpoint_dirs: "Folders of the host that checkpoints may be in",
  unjudged: "Whether it is allowed although nothing about it can be judged",
  containers: "Existing containers that may be used, by name, label and image",
  unknown_fields: "Whether fields that no version of the API knows are denied or passed on",
  body_limit: "The longest body that is judged",
};

const body = ["unknown_fields", "body_limit"] as const satisfies readonly Key[];
const labels = ["required_labels", "refused_labels"] as const satisfies readonly Key[];

const service: readonly Key[] = [
  "host_mounts",
  "volumes",
  "volume_drivers",
  "volume_types",
  "devices",
  "device_requests",
  "capabilities",
  "networks",
  "security_options",
  "runtimes",
  "sysctls",
  "restart_policies",
  "memory",
  "cpus",
  "pids",
  "user",
  "images",
  ...labels,
  "ports",
  "refused_env",
  "log_drivers",
  "log_options",
  "oom_protection",
  "names",
  "plugins",
  ...body,
];

const create: readonly Key[] = [
  "privileged",
  "host_mounts",
  "volumes",
  "volume_drivers",
  "volume_types",
  "volumes_from",
  "capabilities",
  "devices",
  "device_requests",
  "device_cgroup_rules",
  "pid_mode",
  "ipc_mode",
  "uts_mode",
  "userns_mode",
  "cgroupns_mode",
  "networks",
  "security_options",
  "runtimes",
  "sysctls",
  "unmasked_paths",
  "cgroup_parents",
  "restart_policies",
  "memory",
  "cpus",
  "pids",
  "user",
  "images",
  ...labels,
  "ports",
  "refused_env",
  "links",
  "log_drivers",
  "log_options",
  "annotations",
  "oom_protection",
  "names",
  ...body,
];

/** What reaches the host, or lets somebody in, by ways that are not looked into. */
export const unjudged: readonly string[] = [
  "swarm.init",
  "swarm.join",
  "swarm.update",
  "nodes.update",
  "builder.grpc",
  ...libpodUnjudged,
];

const own: Readonly<Record<string, readonly Key[]>> = {
  "containers.create": create,
  "services.create": service,
  "services.update": service,
  "containers.update": [
    "devices",
    "device_requests",
    "device_cgroup_rules",
    "cgroup_parents",
    "restart_policies",
    "memory",
    "cpus",
    "pids",
    "oom_protection",
    ...body,
  ],
  "containers.exec": ["privileged", "user", "commands", "refused_env", ...body],
  "containers.commit": ["images", ...body],
  "containers.rename": ["names"],
  "containers.start": ["checkpoint_dirs"],
  "containers.prune": ["containers"],
  "podman-containers.rename": ["names"],
  "podman-containers.prune": ["containers"],
  "podman-containers.create": create,
  "podman-containers.exec": ["privileged", "user", "commands", "refused_env", ...body],
  "podman-containers.commit": ["images"],
  "podman-images.pull": ["images"],
  "podman-images.push": ["images"],
  "podman-images.tag": ["images"],
  "podman-images.load": ["images"],
  "podman-volumes.create": [
    "volume_drivers",
    "volume_types",
    "host_mounts",
    "names",
    ...labels,
    ...body,
  ],
  "networks.connect": ["networks", "links", ...body],
  "networks.disconnect": ["networks", ...body],
  "networks.remove": ["networks"],
  "networks.prune": ["networks"],
  "volumes.remove": ["volumes"],
  "volumes.prune": ["volumes"],
  "checkpoints.list": ["checkpoint_dirs"],
  "checkpoints.create": ["checkpoint_dirs", ...body],
  "checkpoints.remove": ["checkpoint_dirs"],
  "images.pull": ["images"],
  "images.import": ["images", "remote"],
  "images.push": ["images", "unknown_fields"],
  "images.tag": ["images"],
  "images.load": ["images"],
  "images.build": [
    "remote",
    "networks",
    "extra_hosts",
    "cgroup_parents",
    "security_options",
    "buildkit",
    "images",
    ...labels,
    "unknown_fields",
  ],
  "volumes.create": [
    "volume_drivers",
    "volume_types",
    "host_mounts",
    "devices",
    "names",
    ...labels,
    ...body,
  ],
  "networks.create": ["network_drivers", "host_interfaces", "names", ...labels, ...body],
  "plugins.pull": ["plugins"],
  "plugins.create": ["plugins"],
  "plugins.upgrade": ["plugins"],
  "plugins.set": ["plugins"],
  "plugins.enable": ["plugins"],
  "plugins.disable": ["plugins"],
  "plugins.remove": ["plugins"],
  "plugins.push": ["plugins"],
  ...Object.fromEntries(unjudged.map((name) => [name, ["unjudged"]])),
};

/** Operations on one existing container, however they name it. */
const onContainer: ReadonlySet<string> = new Set([
  ...routes.filter(({ template }) => template.includes("containers/{")).map((r) =>
    r.operation.name
  ),
  ...operations.map(({ name }) => name).filter((name) => /^(?:podman-)?exec\./.test(name)),
  "containers.commit",
  "podman-containers.commit",
  "networks.connect",
  "networks.disconnect",
]);

const byOperation: ReadonlyMap<string, readonly Key[]> = new Map(operations.map(({ name }) => {
  const base = operationNamed(name)!.variantOf ?? name;
  const keys = own[base] ?? [];
  return [name, onContainer.has(base) ? [...keys, "containers"] : keys];
}));

/** The keys that mean something for an operation, in the order of `keys`; none where there is nothing to judge. */
export function keysOf(operation: string): readonly Key[] {
  return byOperation.get(operation) ?? [];
}

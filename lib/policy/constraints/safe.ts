import { unjudged } from "./keys.ts";
import type { Limits } from "./types.ts";

const MIB = 1024 * 1024;

const body = { unknown_fields: "deny", body_limit: MIB } as const satisfies Limits;

/** What a task of a service can ask for; nothing of the host, and nothing that weakens what keeps it in. */
const service: Limits = {
  host_mounts: [],
  volumes: "any",
  volume_drivers: ["local"],
  volume_types: ["tmpfs"],
  devices: [],
  device_requests: false,
  capabilities: [],
  networks: "any",
  security_options: [
    "no-new-privileges",
    "no-new-privileges:true",
    "no-new-privileges=true",
    "seccomp=builtin",
    "seccomp:builtin",
    "apparmor=docker-default",
    "apparmor:docker-default",
  ],
  runtimes: ["runc", "io.containerd.runc.v2"],
  // Those that the kernel keeps apart for each namespace: what runc lets through, too. `**` because interfaces' names have slashes.
  sysctls: ["net.**", "kernel.shm**", "kernel.msg**", "kernel.sem", "fs.mqueue.**"],
  log_drivers: ["json-file", "local", "none", "journald"],
  log_options: [
    "max-size",
    "max-file",
    "compress",
    "labels",
    "labels-regex",
    "env",
    "env-regex",
    "tag",
    "mode",
    "max-buffer-size",
  ],
  oom_protection: false,
  plugins: [],
  ...body,
};

const { plugins: _, ...task } = service;

const container: Limits = {
  ...task,
  privileged: false,
  volumes_from: "any",
  device_cgroup_rules: false,
  pid_mode: [],
  ipc_mode: ["none", "private", "shareable"],
  uts_mode: [],
  userns_mode: [],
  cgroupns_mode: ["private"],
  unmasked_paths: false,
  cgroup_parents: [],
  annotations: [],
};

const plugin: Limits = { plugins: [] };
const checkpoint: Limits = { checkpoint_dirs: [] };

const safe: Readonly<Record<string, Limits>> = {
  "containers.create": container,
  "services.create": service,
  "services.update": service,
  "containers.update": {
    devices: [],
    device_requests: false,
    device_cgroup_rules: false,
    cgroup_parents: [],
    oom_protection: false,
    ...body,
  },
  "containers.exec": { privileged: false, ...body },
  "containers.commit": body,
  "containers.start": checkpoint,
  "checkpoints.list": checkpoint,
  "checkpoints.create": { ...checkpoint, ...body },
  "checkpoints.remove": checkpoint,
  "images.build": {
    remote: false,
    networks: ["default", "none", "bridge"],
    extra_hosts: true,
    cgroup_parents: [],
    security_options: [],
    buildkit: true,
    unknown_fields: "deny",
  },
  "images.import": { remote: false },
  "images.push": { unknown_fields: "deny" },
  "volumes.create": {
    volume_drivers: ["local"],
    volume_types: ["tmpfs"],
    host_mounts: [],
    devices: [],
    ...body,
  },
  "networks.create": { network_drivers: ["bridge", "overlay"], host_interfaces: [], ...body },
  "plugins.pull": plugin,
  "plugins.create": plugin,
  "plugins.upgrade": plugin,
  "plugins.set": plugin,
  "plugins.enable": plugin,
  "podman-containers.create": {
    ...container,
    runtimes: ["runc", "crun"],
    log_drivers: ["k8s-file", "json-file", "none", "journald"],
    // Podman's command line sends this one with every container.
    annotations: ["io.kubernetes.cri-o.TTY"],
  },
  "podman-containers.exec": { privileged: false, ...body },
  "podman-volumes.create": {
    volume_drivers: ["local"],
    volume_types: ["tmpfs"],
    host_mounts: [],
    ...body,
  },
  ...Object.fromEntries(unjudged.map((name) => [name, { unjudged: false }])),
};

/**
 * What an allowed operation may do where its policy says nothing else: nothing that reaches the host or another container's
 * namespaces, nothing that weakens the walls around it. Undefined where there is nothing to judge.
 */
export function safeLimits(operation: string): Limits | undefined {
  return safe[operation];
}

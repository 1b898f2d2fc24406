import type { Json } from "../../json/value.ts";
import { endpointSysctls } from "./engine_container.ts";
import { readMount } from "./mount_forms.ts";
import {
  flagAt,
  integerAt,
  itemsAt,
  member,
  objectAt,
  pairsAt,
  textAt,
  textsAt,
} from "./reading.ts";
import type { ContainerSpec, Mode } from "./spec.ts";

const unsaid: Mode = { value: "" };

/** The container of a service's tasks (moby swarm.ServiceSpec). Its networks are judged apart. */
export function readService(root: Json): ContainerSpec {
  const task = objectAt(root, "TaskTemplate");
  const spec = objectAt(task, "ContainerSpec");
  const resources = objectAt(task, "Resources");
  const limits = objectAt(resources, "Limits");
  const log = objectAt(task, "LogDriver");
  return {
    image: textAt(spec, "Image"),
    user: textAt(spec, "User"),
    env: textsAt(spec, "Env"),
    labels: [...pairsAt(spec, "Labels"), ...pairsAt(root, "Labels")],
    annotations: [],
    privileged: false,
    mounts: itemsAt(spec, "Mounts").map((mount) => readMount(mount)),
    volumeDriver: "",
    volumesFrom: [],
    capabilities: textsAt(spec, "CapabilityAdd"),
    devices: [],
    deviceRequests: itemsAt(objectAt(resources, "Reservations"), "GenericResources").length > 0,
    deviceCgroupRules: [],
    pid: unsaid,
    ipc: unsaid,
    uts: unsaid,
    userns: unsaid,
    cgroupns: unsaid,
    networks: [],
    links: [],
    securityOptions: readPrivileges(objectAt(spec, "Privileges")),
    runtime: "",
    isolation: textAt(spec, "Isolation"),
    sysctls: [
      ...pairsAt(spec, "Sysctls"),
      ...[...itemsAt(task, "Networks"), ...itemsAt(root, "Networks")].flatMap(endpointSysctls),
    ],
    cgroupParent: "",
    cgroup: "",
    restart: readCondition(objectAt(task, "RestartPolicy")),
    resources: {
      memory: integerAt(limits, "MemoryBytes"),
      ...readSwap(resources, integerAt(limits, "MemoryBytes")),
      nanoCpus: integerAt(limits, "NanoCPUs"),
      pids: integerAt(limits, "Pids"),
    },
    published: itemsAt(objectAt(root, "EndpointSpec"), "Ports").map((port) => ({
      address: "",
      port: `${integerAt(port, "PublishedPort") ?? 0n}`,
    })),
    publishAll: false,
    logDriver: textAt(log, "Name"),
    logOptions: pairsAt(log, "Options"),
    oomProtected: (integerAt(spec, "OomScoreAdj") ?? 0n) < 0n,
  };
}

/** Swap on top of the memory; -1 is without a limit. */
function readSwap(resources: Json | undefined, memory = 0n) {
  const swap = integerAt(resources, "SwapBytes");
  if (swap === undefined || swap === 0n) return {};
  return { memorySwap: swap < 0n ? swap : memory + swap };
}

/** Swarm's words for them; without a policy its tasks are always restarted. */
function readCondition(policy: Json | undefined): string {
  switch (textAt(policy, "Condition")) {
    case "none":
      return "";
    case "on-failure":
      return "on-failure";
    default:
      return "always";
  }
}

/** In the words of a container's security options. */
function readPrivileges(privileges: Json | undefined): string[] {
  const selinux = objectAt(privileges, "SELinuxContext");
  const labels = ["User", "Role", "Type", "Level"]
    .map((name) => [name.toLowerCase(), textAt(selinux, name)])
    .filter(([, value]) => value !== "").map(([name, value]) => `label=${name}:${value}`);
  const seccomp = textAt(objectAt(privileges, "Seccomp"), "Mode");
  const apparmor = textAt(objectAt(privileges, "AppArmor"), "Mode");
  return [
    ...labels,
    ...(flagAt(selinux, "Disable") ? ["label=disable"] : []),
    ...(seccomp === "" || seccomp === "default" ? [] : [`seccomp=${seccomp}`]),
    ...(apparmor === "" || apparmor === "default" ? [] : [`apparmor=${apparmor}`]),
    ...(member(privileges, "CredentialSpec") === undefined ? [] : ["credentialspec"]),
  ];
}

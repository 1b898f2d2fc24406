// Services. No engine of the tests is in a swarm: it says so with 503, after the gate.
import { type Escape, escape, post } from "./table.ts";

type Fields = Readonly<Record<string, unknown>>;
const swarm = { notHere: "swarm" } as const;

const service = (container: Fields, task: Fields = {}, more: Fields = {}) =>
  post("/v1.41/services/create", {
    Name: "$name",
    TaskTemplate: { ContainerSpec: { Image: "app", ...container }, ...task },
    ...more,
  });
const harmless = service({ Command: ["true"] });
const runs = (name: string, denied: Escape["denied"], container: Fields, task: Fields = {}) =>
  escape(name, denied, service(container, task), harmless, swarm);

export const serviceEscapes: readonly Escape[] = [
  runs("a service mounts the root of the host", "host_mounts", {
    Mounts: [{ Type: "bind", Source: "/", Target: "/h" }],
  }),
  runs("a service mounts the engine's socket read-only", "host_mounts", {
    Mounts: [{ Type: "bind", Source: "/var/run/docker.sock", Target: "/s", ReadOnly: true }],
  }),
  runs("the options of a service's volume bind the root", "host_mounts", {
    Mounts: [{
      Type: "volume",
      Target: "/h",
      VolumeOptions: {
        DriverConfig: { Name: "local", Options: { type: "none", o: "bind", device: "/" } },
      },
    }],
  }),
  runs("a service uses a volume that binds a folder of the host", "host_mounts", {
    Mounts: [{ Type: "volume", Source: "$bindvolume", Target: "/h" }],
  }),
  runs("a service adds capabilities", "capabilities", { CapabilityAdd: ["CAP_SYS_ADMIN"] }),
  runs("a service does not filter system calls", "security_options", {
    Privileges: { Seccomp: { Mode: "unconfined" } },
  }),
  runs("a service switches AppArmor off", "security_options", {
    Privileges: { AppArmor: { Mode: "disabled" } },
  }),
  runs("a service switches SELinux off", "security_options", {
    Privileges: { SELinuxContext: { Disable: true } },
  }),
  runs("a service sets a parameter of the kernel", "sysctls", {
    Sysctls: { "kernel.core_pattern": "|/x" },
  }),
  runs("a service is killed last", "oom_protection", { OomScoreAdj: -1000 }),
  runs("a service uses the host's network", "networks", {}, { Networks: [{ Target: "host" }] }),
  runs("a service has another runtime", ["runtimes", "plugins"], {}, { Runtime: "other" }),
  runs("a service is a plugin", ["plugins", "unknown_fields", 403], {}, {
    Runtime: "plugin",
    PluginSpec: { Name: "x", Remote: "127.0.0.1:9/x", PluginPrivilege: [] },
  }),
  runs("a service's fields are in small letters", "unknown_fields", {
    mounts: [{ type: "bind", source: "/", target: "/h" }],
  }),
  escape(
    "a service uses the host's network by the field of old",
    "networks",
    service({}, {}, { Networks: [{ Target: "host" }] }),
    harmless,
    swarm,
  ),
  escape(
    "a service's task is in small letters",
    "unknown_fields",
    post("/services/create", {
      Name: "$name",
      tasktemplate: {
        ContainerSpec: { Image: "app", Mounts: [{ Type: "bind", Source: "/", Target: "/h" }] },
      },
    }),
    harmless,
    swarm,
  ),
  escape(
    "a service's task is there twice and merges",
    400,
    post(
      "/services/create",
      '{"Name":"$name","TaskTemplate":{"ContainerSpec":{"CapabilityAdd":["ALL"]}},"TaskTemplate":{"ContainerSpec":{"Image":"app"}}}',
    ),
    harmless,
    swarm,
  ),
  escape(
    "a service without a type of content",
    ["host_mounts", 400],
    {
      ...service({ Mounts: [{ Type: "bind", Source: "/", Target: "/h" }] }),
      headers: "",
    },
    harmless,
    swarm,
  ),
  escape(
    "a service is changed to mount the root of the host",
    "host_mounts",
    post("/services/x/update?version=1", {
      Name: "x",
      TaskTemplate: {
        ContainerSpec: { Image: "app", Mounts: [{ Type: "bind", Source: "/", Target: "/h" }] },
      },
    }),
    post("/services/x/update?version=1", {
      Name: "x",
      TaskTemplate: { ContainerSpec: { Image: "app" } },
    }),
    swarm,
  ),
];

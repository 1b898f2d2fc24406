import assert from "node:assert/strict";
import type { Limits } from "../../../../lib/policy/constraints/types.ts";
import { verdict } from "./trial.ts";

const network = {
  abc: { Name: "host", Id: "abc" },
  ci: { Name: "ci", Id: "c1" },
  prod: { Name: "prod", Id: "d1" },
  host: { Name: "host", Id: "abc" },
};

const container = (spec: object, task: object = {}, more: object = {}) => ({
  Name: "web",
  TaskTemplate: { ContainerSpec: { Image: "alpine", ...spec }, ...task },
  ...more,
});
const bind = (more = {}) =>
  container({ Mounts: [{ Type: "bind", Source: "/etc", Target: "/h", ...more }] });
const driver = (Options: object, Name?: string) =>
  container({
    Mounts: [{
      Type: "volume",
      Source: "v",
      Target: "/h",
      VolumeOptions: { DriverConfig: { Name, Options } },
    }],
  });
const privileges = (Privileges: object) => container({ Privileges });
const resources = (Limits: object, more = {}) => container({}, { Resources: { Limits, ...more } });
const publish = (PublishedPort: number) =>
  container({}, {}, { EndpointSpec: { Ports: [{ TargetPort: 80, PublishedPort }] } });

const rows: readonly (readonly [limits: Limits, body: object, verdict: string])[] = [
  [{}, container({}), "fine"],
  [{}, bind(), "host_mounts"],
  [{}, bind({ ReadOnly: true }), "host_mounts"],
  [{ host_mounts: [{ path: "/etc", read_only: true }] }, bind({ ReadOnly: true }), "fine"],
  [{ host_mounts: [{ path: "/etc", read_only: true }] }, bind(), "host_mounts"],
  [{}, bind({ Type: "npipe" }), "host_mounts"],
  [{}, driver({ type: "none", o: "bind", device: "/" }), "host_mounts"],
  [{}, driver({}, "convoy"), "volume_drivers"],
  [{}, driver({ type: "tmpfs" }), "fine"],
  [{}, container({ CapabilityAdd: ["CAP_SYS_ADMIN"] }), "capabilities"],
  [{}, container({ CapabilityAdd: ["all"] }), "capabilities"],
  [{}, container({ CapabilityDrop: ["ALL"], CapabilityAdd: ["CAP_CHOWN"] }), "fine"],
  [{}, privileges({ Seccomp: { Mode: "unconfined" } }), "security_options"],
  [{}, privileges({ Seccomp: { Mode: "custom", Profile: "e30=" } }), "security_options"],
  [{}, privileges({ AppArmor: { Mode: "disabled" } }), "security_options"],
  [{}, privileges({ SELinuxContext: { Disable: true } }), "security_options"],
  [{}, privileges({ SELinuxContext: { Type: "spc_t" } }), "security_options"],
  [{}, privileges({ CredentialSpec: { File: "x" } }), "security_options"],
  [{}, privileges({ Seccomp: { Mode: "default" }, AppArmor: { Mode: "default" } }), "fine"],
  [{}, privileges({ CredentialSpec: null, SELinuxContext: null, NoNewPrivileges: true }), "fine"],
  [{}, container({ Sysctls: { "kernel.core_pattern": "x" } }), "sysctls"],
  [{}, container({ Sysctls: { "net.core.somaxconn": "1" } }), "fine"],
  [{}, container({ OomScoreAdj: -5 }), "oom_protection"],
  [{}, container({ Isolation: "hyperv" }), "runtimes"],
  [{}, container({ Isolation: "default" }), "fine"],
  [{}, container({}, { LogDriver: { Name: "syslog" } }), "log_drivers"],
  [
    {},
    container({}, { LogDriver: { Name: "", Options: { "syslog-address": "x" } } }),
    "log_options",
  ],
  [{}, container({}, { Networks: [{ Target: "host" }] }), "networks"],
  [{}, container({}, { Networks: [{ Target: "abc" }] }), "networks"],
  [{}, container({}, {}, { Networks: [{ Target: "host" }] }), "networks"],
  [{}, container({}, { Networks: [{ Target: "ci" }] }), "fine"],
  [{}, container({}, { Networks: [{ Target: "gone" }] }), "404"],
  [{ networks: ["host"] }, container({}, { Networks: [{ Target: "host" }] }), "fine"],
  [{ networks: ["ci"] }, container({}, { Networks: [{ Target: "ci" }] }), "fine"],
  [{ networks: ["ci"] }, container({}, { Networks: [{ Target: "prod" }] }), "networks"],
  [{ networks: ["ci"] }, container({}, { Networks: [{ Target: "my-net" }] }), "networks"],
  [{}, container({}, { Runtime: "container" }), "fine"],
  [{}, container({}, { Runtime: "plugin" }), "plugins"],
  [{}, container({}, { Runtime: "other" }), "runtimes"],
  [{}, { TaskTemplate: { Runtime: "plugin", PluginSpec: { remote: "a/b" } } }, "plugins"],
  [{ plugins: ["a/b"] }, {
    TaskTemplate: { Runtime: "plugin", PluginSpec: { remote: "a/b" } },
  }, "fine"],
  [{ plugins: ["a/b"] }, {
    TaskTemplate: {
      PluginSpec: { remote: "a/b" },
      ContainerSpec: { Mounts: [{ Type: "bind", Source: "/" }] },
    },
  }, "host_mounts"],
  [{}, container({}, { NetworkAttachmentSpec: { ContainerID: "x" } }), "plugins"],
  [{ plugins: ["a/b"] }, {
    TaskTemplate: { NetworkAttachmentSpec: {}, PluginSpec: { remote: "a/b" } },
  }, "plugins"],
  [{ memory: 1000 }, resources({ MemoryBytes: 1000 }), "fine"],
  [{ memory: 1000 }, resources({ MemoryBytes: 1001 }), "memory"],
  [{ memory: 1000 }, resources({}), "memory"],
  [{ memory: 1000 }, resources({ MemoryBytes: 1000 }, { SwapBytes: -1 }), "memory"],
  [{ memory: 1000 }, resources({ MemoryBytes: 1000 }, { SwapBytes: 2000 }), "memory"],
  [{ cpus: 1 }, resources({ NanoCPUs: 1_000_000_000 }), "fine"],
  [{ cpus: 1 }, resources({ NanoCPUs: 1_000_000_001 }), "cpus"],
  [{ cpus: 1 }, resources({}), "cpus"],
  [{ pids: 5 }, resources({ Pids: 5 }), "fine"],
  [{ pids: 5 }, resources({ Pids: 0 }), "pids"],
  [{ user: "non-root" }, container({ User: "1000" }), "fine"],
  [{ user: "non-root" }, container({ User: "root" }), "user"],
  [{ images: ["busybox"] }, container({}), "images"],
  [{ refused_env: ["LD_*"] }, container({ Env: ["LD_PRELOAD"] }), "refused_env"],
  [
    { refused_labels: ["traefik.**"] },
    container({ Labels: { "traefik.x": "" } }),
    "refused_labels",
  ],
  [
    { refused_labels: ["traefik.**"] },
    container({}, {}, { Labels: { "traefik.x": "" } }),
    "refused_labels",
  ],
  [{ required_labels: { team: "ci" } }, container({}, {}, { Labels: { team: "ci" } }), "fine"],
  [{ required_labels: { team: "ci" } }, container({}), "required_labels"],
  [{ restart_policies: ["on-failure"] }, container({}), "restart_policies"],
  [{ restart_policies: [] }, container({}, { RestartPolicy: { Condition: "none" } }), "fine"],
  [{ ports: ["8000-8999"] }, publish(8080), "fine"],
  [{ ports: ["8000-8999"] }, publish(80), "ports"],
  [{ ports: ["8000-8999"] }, publish(0), "ports"],
  [{ names: ["ci-*"] }, container({}), "names"],
];

for (const [limits, body, expected] of rows) {
  const said = expected === "fine" ? "take" : "deny";
  Deno.test(`the limits ${JSON.stringify(limits)} ${said} the service ${JSON.stringify(body)}`, () => {
    for (const path of ["/services/create", "/services/web/update?version=1"]) {
      assert.equal(verdict({ path, limits, body, surroundings: { network } }), expected, path);
    }
  });
}

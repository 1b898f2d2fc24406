// What makes root in a container root on the host: privileges, capabilities, devices, security options.
import { create, type Escape, escape, host } from "./table.ts";

const device = (PathOnHost: string) => ({
  PathOnHost,
  PathInContainer: "/dev/x",
  CgroupPermissions: "rwm",
});

/** Stored as they are sent, a text as a list. */
const capabilities = (name: string, CapAdd: string | string[]) =>
  host(name, "capabilities", { CapAdd }, { CapDrop: ["ALL"] }, {
    shows: { CapAdd: [CapAdd].flat() },
  });

const security = (name: string, option: string, more = {}) =>
  host(name, "security_options", { SecurityOpt: [option] }, {
    SecurityOpt: ["no-new-privileges"],
  }, more);

const seccomp = JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW" });

export const powerEscapes: readonly Escape[] = [
  host("a container is privileged", "privileged", { Privileged: true }, { Privileged: false }),
  host(
    "a container is privileged beside much that is harmless",
    "privileged",
    { Memory: 67108864, Privileged: true, AutoRemove: false, Dns: ["127.0.0.1"] },
    { Memory: 67108864, Privileged: null, AutoRemove: false, Dns: ["127.0.0.1"] },
  ),
  capabilities("all capabilities are added", ["ALL"]),
  capabilities("all capabilities are added in small letters", ["all"]),
  capabilities("SYS_ADMIN is added", ["SYS_ADMIN"]),
  capabilities("SYS_ADMIN is added with its prefix", ["CAP_SYS_ADMIN"]),
  capabilities("SYS_ADMIN is added in small letters", ["cap_sys_admin"]),
  capabilities("SYS_ADMIN is added in mixed letters", ["Cap_Sys_Admin"]),
  capabilities("SYS_PTRACE stands behind a harmless one", ["CHOWN", "SYS_PTRACE"]),
  capabilities("a capability is given as a text instead of a list", "SYS_ADMIN"),
  capabilities("all capabilities are given as a text", "ALL"),
  ...["SYS_MODULE", "DAC_READ_SEARCH", "SYS_RAWIO", "NET_ADMIN", "SYS_BOOT"].map((name) =>
    capabilities(`${name} is added`, [name])
  ),
  host("BPF is added", "capabilities", { CapAdd: ["BPF"] }, { CapAdd: null }, { notHere: "newer" }),
  host(
    "all capabilities are added and all are dropped",
    "capabilities",
    { CapAdd: ["ALL"], CapDrop: ["ALL"] },
    { CapAdd: [], CapDrop: ["ALL"] },
  ),
  host("a disk of the host is a device", "devices", { Devices: [device("/dev/vda")] }, {
    Devices: [],
  }),
  host("every device of the host is given as a folder", "devices", { Devices: [device("/dev")] }, {
    Devices: null,
  }),
  host("the host's memory is a device", "devices", { Devices: [device("/dev/mem")] }, {}),
  host("a device is reached by a path that goes up", "devices", {
    Devices: [device("/dev/shm/../kmsg")],
  }, {}),
  host("a device that only reads", "devices", {
    Devices: [{ ...device("/dev/kmsg"), CgroupPermissions: "r" }],
  }, {}),
  host(
    "a device of FUSE is given",
    "devices",
    { Devices: [device("/dev/fuse")] },
    { Tmpfs: { "/run": "size=1m" } },
  ),
  host("every device may be made", "device_cgroup_rules", { DeviceCgroupRules: ["a *:* rwm"] }, {
    DeviceCgroupRules: [],
  }),
  host("the disks may be made", "device_cgroup_rules", { DeviceCgroupRules: ["b 8:* r"] }, {}),
  host(
    "a graphics card is asked for",
    "device_requests",
    {
      DeviceRequests: [{
        Driver: "",
        Count: -1,
        DeviceIDs: null,
        Capabilities: [["gpu"]],
        Options: {},
      }],
    },
    { DeviceRequests: [] },
  ),
  host(
    "a device is asked for by its CDI name",
    "device_requests",
    {
      DeviceRequests: [{
        Driver: "cdi",
        Count: 0,
        DeviceIDs: ["vendor.com/device=all"],
        Capabilities: null,
        Options: null,
      }],
    },
    { DeviceRequests: null },
  ),
  security("system calls are not filtered", "seccomp=unconfined"),
  security("system calls are not filtered, written with a colon", "seccomp:unconfined"),
  security("the filter of system calls is the client's own", `seccomp=${seccomp}`),
  security("AppArmor is off", "apparmor=unconfined"),
  security("AppArmor is off, written with a colon", "apparmor:unconfined"),
  security("AppArmor has another profile", "apparmor=permissive"),
  security("SELinux is off", "label=disable"),
  security("SELinux is off, written with a colon", "label:disable"),
  security("SELinux has another type", "label=type:spc_t"),
  security("new privileges are allowed", "no-new-privileges=false"),
  security("the kernel's files are not masked", "systempaths=unconfined", { notHere: "refused" }),
  host(
    "a harmless security option stands before a harmful one",
    "security_options",
    { SecurityOpt: ["no-new-privileges", "seccomp=unconfined"] },
    { SecurityOpt: ["no-new-privileges:true"] },
  ),
  host("no path of the kernel is masked", "unmasked_paths", { MaskedPaths: [] }, {
    MaskedPaths: null,
  }),
  host("no path of the kernel is read-only", "unmasked_paths", { ReadonlyPaths: [] }, {
    ReadonlyPaths: null,
  }),
  host(
    "fewer paths of the kernel are masked",
    "unmasked_paths",
    { MaskedPaths: ["/proc/acpi"] },
    {},
  ),
  host("another runtime runs it", "runtimes", { Runtime: "io.containerd.kata.v2" }, {
    Runtime: "runc",
  }, { notHere: "elsewhere" }),
  host("a runtime is named by a path", "runtimes", { Runtime: "../../bin/sh" }, { Runtime: "" }, {
    notHere: "elsewhere",
  }),
  host("a parameter of the whole machine's memory is set", "sysctls", {
    Sysctls: { "vm.overcommit_memory": "1" },
  }, { Sysctls: {} }),
  host("the kernel's core pattern is set", "sysctls", {
    Sysctls: { "kernel.shm_rmid_forced": "1", "kernel.core_pattern": "|/x" },
  }, { Sysctls: { "kernel.shm_rmid_forced": "1" } }),
  ...([
    ["logs go to another machine", "log_drivers", "gelf", { "gelf-address": "udp://10.0.0.1:1" }],
    ["logs go to the engine's socket", "log_drivers", "syslog", {
      "syslog-address": "unix://$engine",
    }],
    ["a file of the host is read for a log", "log_drivers", "splunk", {
      "splunk-url": "https://127.0.0.1:9",
      "splunk-token": "x",
      "splunk-capath": "/etc/shadow",
    }],
    ["a log's key is a file of the host", "log_drivers", "fluentd", {
      "fluentd-address": "unix:///run/x.sock",
    }],
  ] as const).map(([name, key, Type, Config]) =>
    host(name, key, { LogConfig: { Type, Config } }, {
      LogConfig: { Type: "json-file", Config: { "max-size": "1m" } },
    })
  ),
  host("the container's group is outside its own tree", "cgroup_parents", {
    CgroupParent: "/../../x",
  }, { CgroupParent: "" }),
  host("the container's group is below another", "cgroup_parents", {
    CgroupParent: "/system.slice",
  }, {}),
  host("the last to be killed when memory is short", "oom_protection", { OomScoreAdj: -1000 }, {
    OomScoreAdj: 500,
  }),
  host("never killed when memory is short", "oom_protection", {
    OomKillDisable: true,
    Memory: 67108864,
  }, { OomKillDisable: false, Memory: 67108864 }),
  escape(
    "annotations tell the runtime to run a hook",
    ["annotations", "unknown_fields"],
    create({ HostConfig: { Annotations: { "run.oci.hooks.stderr": "/dev/stderr" } } }),
    create({ Labels: { "run.oci.hooks.stderr": "/dev/stderr" } }),
    { notHere: "newer" },
  ),
];

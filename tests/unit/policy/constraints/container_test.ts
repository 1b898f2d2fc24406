import assert from "node:assert/strict";
import type { Limits } from "../../../../lib/policy/constraints/types.ts";
import { look, type Surroundings, verdict } from "./trial.ts";

/** What is under HostConfig, and the key that denies it under the safe defaults. */
const deniedHost: readonly (readonly [key: keyof Limits, host: Record<string, unknown>])[] = [
  ["privileged", { Privileged: true }],
  ["host_mounts", { Binds: ["/:/h"] }],
  ["host_mounts", { Binds: ["//:/h"] }],
  ["host_mounts", { Binds: ["/x/..:/h:ro"] }],
  ["host_mounts", { Binds: ["/:/h:"] }],
  ["host_mounts", { Binds: ["/:/h:rslave"] }],
  ["host_mounts", { Binds: ["cache:/c", "/etc:/h"] }],
  ["host_mounts", { Binds: ["a:b:c:d"] }],
  ["host_mounts", { Binds: [":/h"] }],
  ["host_mounts", { Binds: ["cache:/h:O,upperdir=/etc,workdir=/tmp"] }],
  ["host_mounts", { Binds: ["cache:/h:ro,idmap"] }],
  ["host_mounts", {
    Mounts: [{ Type: "image", Source: "a", ImageOptions: { Subpath: "x,rw=true" } }],
  }],
  ["volumes", { Binds: ["../etc:/h"] }],
  ["volumes", { Binds: ["~:/h"] }],
  ["host_mounts", { Mounts: [{ Type: "bind", Source: "/", Target: "/h" }] }],
  ["host_mounts", { Mounts: [{ Type: "bind", Source: "/", Target: "/h", ReadOnly: true }] }],
  ["host_mounts", { Mounts: [{ Type: "bind", Source: "etc", Target: "/h" }] }],
  ["host_mounts", { Mounts: [{ Type: "npipe", Source: "x", Target: "/h" }] }],
  ["host_mounts", { Mounts: [{ Type: "cluster", Source: "x", Target: "/h" }] }],
  ["host_mounts", { Mounts: [{ Type: "BIND", Source: "/", Target: "/h" }] }],
  ["host_mounts", { Mounts: [{ Source: "/", Target: "/h" }] }],
  ["host_mounts", { Mounts: [{ Type: "volume", Source: "a", Target: "/h,type=bind,src=/" }] }],
  ["host_mounts", { Mounts: [{ Type: "volume", Source: 'a"', Target: "/h" }] }],
  ["host_mounts", { Mounts: [{ Type: "tmpfs", Target: "/h", Consistency: "x,src=/" }] }],
  ["host_mounts", { Mounts: [volume({ type: "none", o: "bind", device: "/" })] }],
  ["host_mounts", { Mounts: [volume({ type: "tmpfs", o: "rw,rbind", device: "/etc" })] }],
  ["host_mounts", { Mounts: [volume({ TYPE: "none", O: "bind", Device: "/" })] }],
  ["host_mounts", { Mounts: [volume({ o: "bind", device: "/srv/../etc" })] }],
  ["volume_types", { Mounts: [volume({ type: "overlay", o: "lowerdir=/etc:/usr" })] }],
  ["volume_types", { Mounts: [volume({ type: "debugfs", device: "x" })] }],
  ["volume_types", { Mounts: [volume({ type: "ext4", device: "/dev/sda1" })] }],
  ["volume_types", { Mounts: [volume({ device: "/" })] }],
  ["volume_types", { Mounts: [volume({ type: "none", o: " bind", device: "/" })] }],
  ["volume_types", { Mounts: [volume({ type: "none", Type: "tmpfs" })] }],
  ["volume_types", { Mounts: [volume({ mountpoint: "/" })] }],
  ["volume_drivers", { Mounts: [volume({ device: "/" }, "convoy")] }],
  ["volume_drivers", { VolumeDriver: "convoy" }],
  ["volume_drivers", { VolumeDriver: "convoy", Binds: ["x:/x"] }],
  ["host_mounts", { Binds: ["hostroot:/h"] }],
  ["host_mounts", { Binds: ["hostroot:/h:ro"] }],
  ["host_mounts", { Mounts: [{ Type: "volume", Source: "hostroot", Target: "/h" }] }],
  ["volume_drivers", { Binds: ["plugged:/h"] }],
  ["host_mounts", { VolumesFrom: ["binder"] }],
  ["host_mounts", { VolumesFrom: ["binder:ro"] }],
  ["host_mounts", { VolumesFrom: ["/binder:z"] }],
  ["host_mounts", { VolumesFrom: ["bb"] }],
  ["host_mounts", { VolumesFrom: ["indirect"] }],
  ["capabilities", { CapAdd: ["SYS_ADMIN"] }],
  ["capabilities", { CapAdd: ["cap_sys_admin"] }],
  ["capabilities", { CapAdd: ["CAP_SYS_PTRACE"] }],
  ["capabilities", { CapAdd: ["all"] }],
  ["capabilities", { CapAdd: "ALL" }],
  ["capabilities", { CapDrop: ["ALL"], CapAdd: ["CHOWN", "NET_ADMIN"] }],
  ["devices", { Devices: [{ PathOnHost: "/dev/sda", PathInContainer: "/dev/x" }] }],
  ["devices", { Devices: [{ PathOnHost: "/dev", PathInContainer: "/dev/x" }] }],
  ["devices", { Devices: [{ PathOnHost: "vendor.com/class=x" }] }],
  ["devices", { Devices: [{}] }],
  ["device_requests", { DeviceRequests: [{ Count: -1, Capabilities: [["gpu"]] }] }],
  ["device_requests", { DeviceRequests: [{}] }],
  ["device_cgroup_rules", { DeviceCgroupRules: ["a *:* rwm"] }],
  ["pid_mode", { PidMode: "host" }],
  ["pid_mode", { PidMode: "container:web" }],
  ["pid_mode", { PidMode: "ns:/proc/1/ns/pid" }],
  ["ipc_mode", { IpcMode: "host" }],
  ["ipc_mode", { IpcMode: "container:web" }],
  ["uts_mode", { UTSMode: "host" }],
  ["userns_mode", { UsernsMode: "host" }],
  ["cgroupns_mode", { CgroupnsMode: "host" }],
  ["networks", { NetworkMode: "host" }],
  ["networks", { NetworkMode: "container:web" }],
  ["networks", { NetworkMode: "ns:/proc/1/ns/net" }],
  ["networks", { NetworkMode: "a,host" }],
  ["security_options", { SecurityOpt: ["seccomp=unconfined"] }],
  ["security_options", { SecurityOpt: ["seccomp:unconfined"] }],
  ["security_options", { SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'] }],
  ["security_options", { SecurityOpt: ["apparmor=unconfined"] }],
  ["security_options", { SecurityOpt: ["apparmor:unconfined"] }],
  ["security_options", { SecurityOpt: ["label=disable"] }],
  ["security_options", { SecurityOpt: ["label:disable"] }],
  ["security_options", { SecurityOpt: ["disable"] }],
  ["security_options", { SecurityOpt: ["label=type:spc_t"] }],
  ["security_options", { SecurityOpt: ["no-new-privileges=false"] }],
  ["security_options", { SecurityOpt: ["no-new-privileges:0"] }],
  ["security_options", { SecurityOpt: ["systempaths=unconfined"] }],
  ["security_options", { SecurityOpt: ["writable-cgroups=true"] }],
  ["runtimes", { Runtime: "kata" }],
  ["runtimes", { Runtime: "/usr/bin/sh" }],
  ["runtimes", { Isolation: "process" }],
  ["sysctls", { Sysctls: { "kernel.core_pattern": "|/x" } }],
  ["sysctls", { Sysctls: { "kernel/core_pattern": "|/x" } }],
  ["unmasked_paths", { MaskedPaths: [] }],
  ["unmasked_paths", { MaskedPaths: ["/proc/kcore"] }],
  ["unmasked_paths", { ReadonlyPaths: [] }],
  ["cgroup_parents", { CgroupParent: "/../../x" }],
  ["cgroup_parents", { CgroupParent: "system.slice" }],
  ["cgroup_parents", { Cgroup: "container:web" }],
  ["log_drivers", { LogConfig: { Type: "syslog" } }],
  ["log_options", { LogConfig: { Type: "json-file", Config: { "splunk-capath": "/etc" } } }],
  ["log_options", { LogConfig: { Config: { "syslog-address": "unix:///x" } } }],
  ["annotations", { Annotations: { "run.oci.hooks": "x" } }],
  ["oom_protection", { OomScoreAdj: -1000 }],
  ["oom_protection", { OomKillDisable: true }],
];

const harmless: readonly Record<string, unknown>[] = [
  { Privileged: false },
  { Binds: null, Mounts: null, CapAdd: null, Devices: null, PortBindings: null },
  { Binds: ["cache:/c", "cache:/d:ro,z", "/only/a/target"] },
  { Binds: ["plain:/h"] },
  { Binds: ["cache:/c:rw,Z,nocopy,rslave,cached", "cache:/d:", "cache:/e:U,noexec"] },
  { Mounts: [{ Type: "volume", Source: "cache", Target: "/h" }] },
  { Mounts: [{ Type: "volume", Target: "/h" }] },
  { Mounts: [{ Type: "tmpfs", Target: "/h", TmpfsOptions: { SizeBytes: 1 } }] },
  { Mounts: [volume({ type: "tmpfs", device: "tmpfs", o: "size=1m" })] },
  { Mounts: [volume({ size: "1g" })] },
  { Mounts: [volume({}, "local")] },
  { Tmpfs: { "/t": "exec,suid,dev" } },
  { VolumeDriver: "local" },
  { VolumesFrom: ["plain-user:ro"] },
  { CapDrop: ["ALL"], CapAdd: ["NET_BIND_SERVICE", "cap_chown"] },
  { Devices: [], DeviceRequests: [], DeviceCgroupRules: [] },
  { PidMode: "", IpcMode: "private", CgroupnsMode: "private", UTSMode: "", UsernsMode: "" },
  { IpcMode: "shareable" },
  { NetworkMode: "default" },
  { NetworkMode: "none" },
  { NetworkMode: "project_default" },
  { NetworkMode: "Host" },
  { SecurityOpt: ["no-new-privileges", "no-new-privileges:true", "seccomp=builtin"] },
  { Runtime: "runc", Isolation: "default" },
  { Sysctls: { "net.core.somaxconn": "1024" } },
  { MaskedPaths: null, ReadonlyPaths: null },
  {
    MaskedPaths: [
      "/proc/asound",
      "/proc/acpi",
      "/proc/kcore",
      "/proc/keys",
      "/proc/latency_stats",
      "/proc/timer_list",
      "/proc/timer_stats",
      "/proc/sched_debug",
      "/proc/scsi",
      "/sys/firmware",
    ],
    ReadonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
  },
  { CgroupParent: "", Cgroup: "" },
  { LogConfig: { Type: "", Config: {} } },
  { LogConfig: { Type: "json-file", Config: { "max-size": "10m" } } },
  { OomScoreAdj: 100, OomKillDisable: false },
  { OomScoreAdj: 0, OomKillDisable: null },
  { PublishAllPorts: true, PortBindings: { "80/tcp": [{ HostPort: "8080" }] } },
  { RestartPolicy: { Name: "always" }, AutoRemove: true, Init: true, ReadonlyRootfs: true },
  { GroupAdd: ["docker"], Ulimits: [{ Name: "nofile", Soft: 1, Hard: 1 }], ShmSize: 1 },
  { CpuRealtimeRuntime: 1, ContainerIDFile: "/x", Dns: ["1.1.1.1"], ExtraHosts: ["a:1.2.3.4"] },
  { Links: ["web:db"] },
];

function volume(Options: Record<string, string>, Name?: string) {
  return { Type: "volume", Target: "/h", VolumeOptions: { DriverConfig: { Name, Options } } };
}

const hostroot = { Driver: "local", Options: { type: "none", o: "bind", device: "/" } };

const surroundings: Surroundings = {
  volume: {
    hostroot,
    plain: { Driver: "local", Options: null },
    plugged: { Driver: "convoy", Options: {} },
  },
  container: {
    ...container("a", "binder", [{ Type: "bind", Source: "/etc", RW: true, Propagation: "" }]),
    ...container("b", "bb", [{ Type: "bind", Source: "/etc", RW: false }]),
    ...container("c", "indirect", [{ Type: "volume", Name: "hostroot", Driver: "local" }]),
    ...container("d", "plain-user", [
      { Type: "volume", Name: "plain", Driver: "local" },
      { Type: "tmpfs" },
    ]),
    ...container("e", "web", []),
  },
};

function container(digit: string, name: string, mounts: readonly unknown[]) {
  const told = { Id: digit.repeat(64), Name: `/${name}`, Mounts: mounts };
  return { [name]: told, [digit]: told };
}

for (const [key, host] of deniedHost) {
  Deno.test(`the safe defaults deny ${JSON.stringify(host)} for ${key}`, () => {
    const body = { Image: "alpine", HostConfig: host };
    assert.equal(verdict({ body, surroundings }), key);
  });
}

for (const host of harmless) {
  Deno.test(`the safe defaults take ${JSON.stringify(host)}`, () => {
    const body = { Image: "alpine", HostConfig: host };
    const finding = look({ body, surroundings });
    assert.ok(finding.ok, JSON.stringify(finding));
  });
}

Deno.test("a container that is asked for nothing is fine, and its body goes on as it came", () => {
  const finding = look({ body: { Image: "alpine", Cmd: ["true"], HostConfig: null } });
  assert.deepEqual(finding, { ok: true, edits: [], added: [] });
});

Deno.test("Podman takes Volumes for binds, and so they are judged", () => {
  const at = (...keys: string[]) => Object.fromEntries(keys.map((key) => [key, {}]));
  const of = (Volumes: unknown) => verdict({ body: { Image: "alpine", Volumes }, surroundings });
  assert.equal(of(at("/data", "/var/lib/x")), "fine");
  assert.equal(of(at("/:/h")), "host_mounts");
  assert.equal(of(at("/data", "/etc:/h:ro")), "host_mounts");
  assert.equal(of(at("hostroot:/h")), "host_mounts");
});

Deno.test("Podman writes through what is mounted to read only, in ways of its own", () => {
  const limits: Limits = { host_mounts: [{ path: "/etc", read_only: true }] };
  const of = (HostConfig: object) =>
    verdict({ body: { Image: "alpine", HostConfig }, limits, surroundings });
  assert.equal(of({ Binds: ["/etc:/h:ro"] }), "fine");
  assert.equal(of({ Binds: ["/etc:/h:ro,U"] }), "host_mounts");
  assert.equal(of({ VolumesFrom: ["bb"] }), "fine");
  assert.equal(of({ VolumesFrom: ["bb:ro,z"] }), "fine");
  assert.equal(of({ VolumesFrom: ["bb:rw"] }), "host_mounts");
  assert.equal(of({ VolumesFrom: ["bb:z"] }), "host_mounts");
});

Deno.test("Podman takes a variable that ends in a star for all of its own that begin so", () => {
  const of = (...Env: string[]) => verdict({ body: { Image: "alpine", Env } });
  assert.equal(of("A=*", "B"), "fine");
  assert.equal(of("AWS_*"), "host_mounts");
  assert.equal(of("*"), "host_mounts");
});

Deno.test("Podman leaves out blanks before a variable's name", () => {
  const limits: Limits = { refused_env: ["LD_*"] };
  const of = (...Env: string[]) => verdict({ body: { Image: "alpine", Env }, limits });
  assert.equal(of("A=LD_PRELOAD"), "fine");
  assert.equal(of(" \tLD_PRELOAD=x"), "refused_env");
});

Deno.test("a volume that cannot be looked at denies", () => {
  const body = { Image: "alpine", HostConfig: { Binds: ["odd:/x"] } };
  assert.equal(verdict({ body, surroundings: { volume: { odd: ["?"] } } }), "502");
});

Deno.test("another container of which the engine tells no mounts denies", () => {
  const told = { Id: "a".repeat(64), Name: "/x" };
  const body = { Image: "alpine", HostConfig: { VolumesFrom: ["x"] } };
  assert.equal(verdict({ body, surroundings: { container: { x: told } } }), "502");
});

Deno.test("a container that is not there is not found", () => {
  const body = { Image: "alpine", HostConfig: { VolumesFrom: ["nobody"] } };
  assert.equal(verdict({ body }), "404");
});

Deno.test("somebody's link alias is no container's name", () => {
  const body = { Image: "alpine", HostConfig: { VolumesFrom: ["web/db"] } };
  assert.equal(verdict({ body }), "400");
});

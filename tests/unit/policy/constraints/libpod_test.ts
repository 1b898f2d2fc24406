import assert from "node:assert/strict";
import type { Limits } from "../../../../lib/policy/constraints/types.ts";
import { fails, look, passes, type World } from "./run.ts";

const path = "/v4.0.0/libpod/containers/create";
const world: World = {
  "volume hostroot": {
    Name: "hostroot",
    Driver: "local",
    Options: { type: "none", o: "bind", device: "/" },
  },
  "container binder": {
    Id: "b".repeat(64),
    Name: "/binder",
    Mounts: [{ Type: "bind", Source: "/etc", Destination: "/e", RW: true }],
  },
  "container plain": { Id: "a".repeat(64), Name: "/plain", Mounts: [] },
  "path /srv/ci/link": "/etc",
};

function create(spec: Record<string, unknown>, limits: Limits = {}) {
  return look({ path, body: { image: "localhost/bb", ...spec } }, limits, world);
}

const bind = (source: string, ...options: string[]) => ({
  mounts: [{ destination: "/h", type: "bind", source, options }],
});
const limit = (limits: Record<string, unknown>) => ({ resource_limits: limits });

/** What the safe defaults deny, by the key that would allow it. */
const denied: readonly (readonly [key: keyof Limits, spec: Record<string, unknown>])[] = [
  ["privileged", { privileged: true }],
  ["host_mounts", bind("/")],
  ["host_mounts", bind("//etc/../", "ro")],
  ["host_mounts", bind("etc")],
  ["host_mounts", { mounts: [{ destination: "/h", source: "/", options: ["rbind"] }] }],
  ["host_mounts", {
    mounts: [{ destination: "/h", type: "tmpfs", source: "/", options: ["bind"] }],
  }],
  ["host_mounts", { mounts: [{ destination: "/h", type: "ext4", source: "/dev/sda1" }] }],
  ["host_mounts", { mounts: [{ destination: "/h", type: "overlay", options: ["lowerdir=/etc"] }] }],
  ["host_mounts", { mounts: [{ destination: "/h", type: "BIND", source: "/" }] }],
  ["host_mounts", { volumes: [{ Name: "hostroot", Dest: "/h" }] }],
  ["volumes", { volumes: [{ Name: "/etc", Dest: "/h" }] }],
  ["host_mounts", { overlay_volumes: [{ destination: "/h", source: "/etc" }] }],
  ["host_mounts", { overlay_volumes: [{ source: "v", options: ["upperdir=/etc"] }] }],
  ["host_mounts", { overlay_volumes: [{ source: "hostroot", destination: "/h" }] }],
  ["host_mounts", {
    volumes: [{ Name: "v", Dest: "/h", Options: ["O", "upperdir=/etc", "workdir=/tmp"] }],
  }],
  ["host_mounts", { volumes_from: ["binder:ro"] }],
  ["host_mounts", { image: "", rootfs: "/" }],
  ["host_mounts", { image: "", rootfs: "/", rootfs_overlay: true }],
  ["host_mounts", { init: true, init_path: "/etc/shadow" }],
  ["host_mounts", { conmon_pid_file: "/etc/cron.d/x" }],
  ["host_mounts", { log_configuration: { driver: "k8s-file", path: "/etc/cron.d/x" } }],
  ["host_mounts", { healthLogDestination: "/etc" }],
  ["host_mounts", { base_hosts_file: "/etc/shadow" }],
  ["host_mounts", { timezone: "../../../etc/shadow" }],
  ["host_mounts", { idmappings: { AutoUserNs: true, AutoUserNsOpts: { PasswdFile: "/etc/x" } } }],
  ["host_mounts", { secrets: [{ Source: "token" }] }],
  ["host_mounts", { secret_env: { TOKEN: "token" } }],
  ["host_mounts", { env_host: true }],
  ["host_mounts", { hostusers: ["root"] }],
  ["host_mounts", { chroot_directories: ["/x"] }],
  ["host_mounts", { rootfs_propagation: "rshared" }],
  ["host_mounts", { intelRdt: { closID: "x" } }],
  ["capabilities", { cap_add: ["SYS_ADMIN"] }],
  ["capabilities", { cap_add: ["all"] }],
  ["devices", { devices: [{ path: "/dev/sda" }] }],
  ["devices", { devices: [{ path: "/dev/sda:/dev/x:rwm" }] }],
  ["devices", { devices: [{ path: "vendor.com/class=x" }] }],
  ["devices", { host_device_list: [{ path: "/dev/sda" }] }],
  ["devices", { devices_from: ["binder"] }],
  ["device_requests", { gpus: ["all"] }],
  ["device_cgroup_rules", { device_cgroup_rule: [{ allow: true, type: "a", access: "rwm" }] }],
  ["device_cgroup_rules", limit({ devices: [{ allow: true, access: "rwm" }] })],
  ["pid_mode", { pidns: { nsmode: "host" } }],
  ["pid_mode", { pidns: { nsmode: "container", value: "plain" } }],
  ["pid_mode", { pidns: { nsmode: "path", value: "/proc/1/ns/pid" } }],
  ["pid_mode", { pidns: { nsmode: "pod" } }],
  ["pid_mode", { pidns: { nsmode: "Host" } }],
  ["ipc_mode", { ipcns: { nsmode: "host" } }],
  ["ipc_mode", { ipcns: { nsmode: "path", value: "/proc/1/ns/ipc" } }],
  ["uts_mode", { utsns: { nsmode: "host" } }],
  ["userns_mode", { userns: { nsmode: "host" } }],
  ["userns_mode", { userns: { nsmode: "keep-id" } }],
  ["cgroupns_mode", { cgroupns: { nsmode: "host" } }],
  ["networks", { netns: { nsmode: "host" } }],
  ["networks", { netns: { nsmode: "path", value: "/proc/1/ns/net" } }],
  ["networks", { netns: { nsmode: "container", value: "plain" } }],
  ["networks", { netns: { nsmode: "slirp4netns", value: "allow_host_loopback=true" } }],
  ["networks", { netns: { nsmode: "pasta" }, network_options: { pasta: ["-T", "auto"] } }],
  ["networks", { pod: "web" }],
  ["networks", { netns: { nsmode: "bridge" }, Networks: { "ns:/proc/1/ns/net": {} } }],
  ["security_options", { seccomp_profile_path: "unconfined" }],
  ["security_options", { seccomp_profile_path: "/etc/x.json" }],
  ["security_options", { seccomp_policy: "image" }],
  ["security_options", { apparmor_profile: "unconfined" }],
  ["security_options", { selinux_opts: ["disable"] }],
  ["security_options", { label_nested: true }],
  ["security_options", { procfs_opts: ["hidepid=0"] }],
  ["unmasked_paths", { unmask: ["ALL"] }],
  ["runtimes", { oci_runtime: "/tmp/evil" }],
  ["sysctls", { sysctl: { "kernel.core_pattern": "|/x" } }],
  ["cgroup_parents", { cgroup_parent: "/../../x" }],
  ["cgroup_parents", { cgroups_mode: "disabled" }],
  ["cgroup_parents", { cgroups_mode: "split" }],
  ["annotations", { annotations: { "run.oci.handler": "krun" } }],
  ["log_drivers", { log_configuration: { driver: "passthrough" } }],
  ["log_options", { log_configuration: { options: { path: "/etc/x" } } }],
  ["oom_protection", { oom_score_adj: -1000 }],
  ["oom_protection", limit({ memory: { disableOOMKiller: true } })],
  ["unknown_fields", { Privileged: true }],
  ["unknown_fields", { HostConfig: { Privileged: true } }],
  ["unknown_fields", { "privileged\u017f": true }],
  ["unknown_fields", { privilegeD: true }],
  ["unknown_fields", { mountſ: [] }],
  ["unknown_fields", { volumes: [{ name: "hostroot", Dest: "/h" }] }],
];
for (const [key, spec] of denied) {
  Deno.test(`libpod: the safe defaults deny ${JSON.stringify(spec)} by ${key}`, () => {
    fails(create(spec), key);
  });
}

const harmless: readonly Record<string, unknown>[] = [
  { mounts: null },
  {},
  { mounts: [{ destination: "/t", type: "tmpfs", source: "tmpfs", options: ["noexec"] }] },
  { volumes: [{ Name: "cache", Dest: "/c", Options: null, IsAnonymous: false }] },
  { volumes: [{ Name: "", Dest: "/c" }] },
  { image_volumes: [{ Source: "localhost/bb", Destination: "/i" }] },
  { volumes_from: ["plain"] },
  { netns: { nsmode: "none" } },
  { netns: { nsmode: "bridge" }, Networks: { web: { aliases: ["a"] } } },
  { netns: { nsmode: "slirp4netns" } },
  { pidns: { nsmode: "private" }, ipcns: { nsmode: "shareable" }, cgroupns: { nsmode: "private" } },
  { userns: { nsmode: "auto" } },
  { timezone: "Europe/Vienna" },
  { timezone: "local" },
  { cap_drop: ["ALL"], cap_add: ["CHOWN"] },
  { user: "1000:1000", groups: ["audio"], env: { A: "1" }, labels: { a: "b" } },
  { restart_policy: "on-failure", restart_tries: 5 },
  { no_new_privileges: true, mask: ["/proc/x"], read_only_filesystem: true },
  limit({ memory: { limit: 1000 }, cpu: { quota: 5000, period: 10000 }, pids: { limit: 10 } }),
  { portmappings: [{ container_port: 80, host_port: 8080, protocol: "tcp" }] },
  { healthLogDestination: "local", healthMaxLogCount: 5, healthMaxLogSize: 500 },
  { r_limits: [{ type: "RLIMIT_NOFILE", hard: -1, soft: 1024 }] },
  { sysctl: { "net.ipv4.ip_forward": "1" } },
];
for (const spec of harmless) {
  Deno.test(`libpod: the safe defaults let ${JSON.stringify(spec)} pass`, () => {
    passes(create(spec));
  });
}

/** As podman 4.3.1 sends it for `podman --remote create --network none -v vol1:/v localhost/bb id`. */
const recorded =
  '{"command":["id"],"httpproxy":true,"annotations":{"io.kubernetes.cri-o.TTY":"false"},"stop_timeout":10,"log_configuration":{},"raw_image_name":"localhost/bb","systemd":"true","sdnotifyMode":"container","pidns":{},"utsns":{},"containerCreateCommand":["podman","--remote","create","--network","none","-v","vol1:/v","localhost/bb","id"],"init_container_type":"","manage_password":true,"image":"localhost/bb","image_volume_mode":"anonymous","volumes":[{"Name":"vol1","Dest":"/v","Options":null,"IsAnonymous":false}],"ipcns":{},"seccomp_policy":"default","userns":{},"idmappings":{"HostUIDMapping":true,"HostGIDMapping":true,"UIDMap":null,"GIDMap":null,"AutoUserNs":false,"AutoUserNsOpts":{"Size":0,"InitialSize":0,"PasswdFile":"","GroupFile":"","AdditionalUIDMappings":null,"AdditionalGIDMappings":null}},"umask":"0022","cgroupns":{},"cgroups_mode":"enabled","netns":{"nsmode":"none"},"Networks":{},"use_image_hosts":false}\n';

Deno.test("libpod: what podman's command line sends passes, without a Content-Type", () => {
  passes(look({ path, body: recorded, contentType: "" }));
});

Deno.test("libpod: a mount under an allowed folder passes, a link out of it and a mount that gives files away do not", () => {
  const limits: Limits = { host_mounts: [{ path: "/srv/ci/**", read_only: true }] };
  passes(create(bind("/srv/ci/a", "rbind", "ro"), limits));
  fails(create(bind("/srv/ci/a", "rbind"), limits), "host_mounts");
  fails(create(bind("/srv/ci/a", "ro", "U"), limits), "host_mounts");
  fails(create(bind("/srv/ci/a", "ro", "rshared"), limits), "host_mounts");
  fails(create(bind("/srv/ci/link", "ro"), limits), "host_mounts");
});

Deno.test("libpod: limits are read where any Podman takes them", () => {
  const limits: Limits = { memory: 1000, cpus: 1, pids: 10 };
  const fine = { memory: { limit: 1000 }, cpu: { quota: 1000, period: 1000 }, pids: { limit: 10 } };
  passes(create(limit(fine), limits));
  fails(create({}, limits), "memory");
  fails(create(limit({ ...fine, memory: { limit: 1001 } }), limits), "memory");
  fails(create(limit({ ...fine, memory: { limit: -1 } }), limits), "memory");
  fails(create(limit({ ...fine, pids: { limit: -1 } }), limits), "pids");
  fails(create({ ...limit(fine), cpu_quota: -1 }, limits), "cpus");
  fails(create({ ...limit(fine), cpu_quota: 9000 }, limits), "cpus");
  fails(create({ ...limit(fine), unified: { "memory.max": "max" } }, limits), "memory");
  fails(create(limit({ ...fine, unified: { "memory.max": "max" } }), limits), "memory");
});

Deno.test("libpod: a short image name is not one that a policy can hold against its images", () => {
  const limits: Limits = { images: ["docker.io/library/alpine", "localhost/bb"] };
  passes(create({}, limits));
  passes(create({ image: "docker.io/library/alpine:3" }, limits));
  fails(create({ image: "alpine" }, limits), "images");
  fails(create({ image: "quay.io/library/alpine" }, limits), "images");
  const pull = (query: string) =>
    look({ path: `/v4.0.0/libpod/images/pull?${query}` }, { images: limits.images! });
  passes(pull("reference=docker://docker.io/library/alpine"));
  fails(pull("reference=alpine"), "images");
  fails(pull("reference=docker.io/library/alpine&reference=evil.io/x"), 400);
  const push = (query: string) =>
    look({ path: `/v4.0.0/libpod/images/localhost%2Fbb/push?${query}` }, limits);
  passes(push(""));
  fails(push("destination=evil.io/x"), "images");
});

Deno.test("libpod: ports, users, labels, names and variables are held against the same words as Docker's", () => {
  const port = (host_port: number, range = 1) => ({
    portmappings: [{ host_port, range, container_port: 80 }],
  });
  passes(create(port(8000), { ports: ["8000-8010"] }));
  fails(create(port(8000, 20), { ports: ["8000-8010"] }), "ports");
  fails(create({ user: "root" }, { user: "non-root" }), "user");
  fails(create({}, { required_labels: { team: "ci" } }), "required_labels");
  fails(create({ env: { LD_PRELOAD: "x" } }, { refused_env: ["LD_*"] }), "refused_env");
  fails(create({ envmerge: ["LD_PRELOAD=x"] }, { refused_env: ["LD_*"] }), "refused_env");
  fails(create({ name: "x" }, { names: ["ci-*"] }), "names");
  fails(create({}, { names: ["ci-*"] }), "names");
});

Deno.test("libpod: a namespace of a container that is allowed goes to the engine by its id", () => {
  const body = { image: "localhost/bb", pidns: { nsmode: "container", value: "plain" } };
  const looked = look({ path, body }, { pid_mode: ["container:plain"] }, world);
  const finding = passes(looked);
  assert.deepEqual(finding.edits.map(({ text }) => text), [JSON.stringify("a".repeat(64))]);
});

Deno.test("libpod: a volume that binds is denied, exec is judged, and what cannot be judged is denied", () => {
  const volume = (body: unknown) => look({ path: "/v4.0.0/libpod/volumes/create", body });
  passes(volume({ Name: "x" }));
  fails(volume({ Options: { type: "none", o: "bind", device: "/" } }), "host_mounts");
  fails(volume({ Driver: "image" }), "volume_drivers");
  const exec = {
    path: "/v4.0.0/libpod/containers/x/exec",
    body: { Cmd: ["id"], Privileged: true },
  };
  fails(look(exec), "privileged");
  for (
    const route of [
      "kube/play",
      "kube/apply",
      "play/kube",
      "quadlets",
      "pods/create",
      "build?volume=/:/h",
      "local/build",
      "local/images/load?path=/etc/shadow",
      "artifacts/local/add",
      "images/scp/x",
      "containers/x/restore?import=true",
      "containers/x/checkpoint",
      "containers/x/update",
      "containers/x/mount",
      "networks/create",
      "secrets/create?driver=shell",
    ]
  ) fails(look({ path: `/v4.0.0/libpod/${route}`, body: {} }), "unjudged");
});

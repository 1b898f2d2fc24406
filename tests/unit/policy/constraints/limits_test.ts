import assert from "node:assert/strict";
import type { Limits } from "../../../../lib/policy/constraints/types.ts";
import { look, type Surroundings, verdict } from "./trial.ts";

const id = "a".repeat(64);

const surroundings: Surroundings = {
  path: {
    "/srv/ci/link": "/etc",
    "/srv/ci/inside": "/srv/ci/real",
    "/var/run/docker.sock": "/run/docker.sock",
    "/dev/serial": "/dev/ttyS0",
  },
  container: {
    web: { Id: id, Name: "/web", Mounts: [] },
    aa: { Id: id, Name: "/web", Mounts: [] },
    dbid: { Id: "d".repeat(64), Name: "/db", Mounts: [] },
    mounter: {
      Id: "c".repeat(64),
      Name: "/mounter",
      Mounts: [{ Type: "bind", Source: "/srv/ci", RW: true }],
    },
  },
  network: {
    cafe: { Name: "cafe", Id: "1" },
    beef: { Name: "prod", Id: "beef00" },
    [id]: { Name: "ci-net", Id: id },
    abc: { Name: "host", Id: "abc0" },
  },
  volume: {
    "ci-bind": { Driver: "local", Options: { type: "none", o: "bind", device: "/srv/ci/x" } },
    "ci-nfs": { Driver: "local", Options: { type: "nfs", o: "addr=1.2.3.4", device: ":/x" } },
  },
};

type Row = readonly [limits: Limits, body: Record<string, unknown>, verdict: string];

const host = (HostConfig: unknown) => ({ HostConfig });
const binds = (...Binds: string[]) => host({ Binds });
const ci: Limits = { host_mounts: [{ path: "/srv/ci/**" }] };
const ro: Limits = { host_mounts: [{ path: "/srv/ci/**", read_only: true }] };
const mount = (more: unknown) =>
  host({ Mounts: [{ Type: "bind", Source: "/srv/ci", Target: "/h", ...more as object }] });
const local = (Options: unknown) =>
  host({
    Mounts: [{ Type: "volume", Target: "/h", VolumeOptions: { DriverConfig: { Options } } }],
  });
const joins = (name: string, settings: unknown = {}, HostConfig: unknown = {}) => ({
  HostConfig,
  NetworkingConfig: { EndpointsConfig: { [name]: settings } },
});
const net = (NetworkMode: string) => host({ NetworkMode });
const port = (HostPort: string | undefined, HostIp?: string) =>
  host({ PortBindings: { "80/tcp": [{ HostIp, HostPort }] } });

const rows: readonly Row[] = [
  [ci, binds("/srv/ci:/h"), "fine"],
  [ci, binds("/srv/ci/a/b:/h:ro"), "fine"],
  [ci, binds("/srv/ci/../ci/a:/h"), "fine"],
  [ci, binds("/srv/ci/inside:/h"), "fine"],
  [ci, binds("/srv/ci-evil:/h"), "host_mounts"],
  [ci, binds("/srv:/h"), "host_mounts"],
  [ci, binds("/srv/ci/../../etc:/h"), "host_mounts"],
  [ci, binds("/srv/ci/link:/h"), "host_mounts"],
  [ci, binds("/srv/CI:/h"), "host_mounts"],
  [ci, mount({}), "fine"],
  [ci, local({ type: "none", o: "bind", device: "/srv/ci/x" }), "fine"],
  [ci, local({ type: "none", o: "bind", device: "/srv/ci/a/../x" }), "host_mounts"],
  [ci, local({ type: "none", o: "bind", device: "/srv/ci/link" }), "host_mounts"],
  [ci, binds("ci-bind:/h"), "fine"],
  [ci, host({ VolumesFrom: ["mounter"] }), "fine"],
  [ro, binds("/srv/ci:/h:ro"), "fine"],
  [ro, binds("/srv/ci:/h:z,ro"), "fine"],
  [ro, binds("/srv/ci:/h"), "host_mounts"],
  [ro, binds("/srv/ci:/h:rw"), "host_mounts"],
  [ro, binds("/srv/ci:/h:RO"), "host_mounts"],
  [ro, binds("/srv/ci:/h:ro,rshared"), "host_mounts"],
  [ro, mount({ ReadOnly: true }), "fine"],
  [ro, mount({ ReadOnly: false }), "host_mounts"],
  [ro, mount({ ReadOnly: true, BindOptions: { ReadOnlyNonRecursive: true } }), "host_mounts"],
  [ro, mount({ ReadOnly: true, BindOptions: { Propagation: "shared" } }), "host_mounts"],
  [ro, local({ o: "bind,ro", device: "/srv/ci" }), "fine"],
  [ro, local({ o: "bind,ro,rw", device: "/srv/ci" }), "host_mounts"],
  [ro, local({ o: "rbind,ro", device: "/srv/ci" }), "host_mounts"],
  [ro, binds("ci-bind:/h:ro"), "fine"],
  [ro, binds("ci-bind:/h"), "host_mounts"],
  [ro, host({ VolumesFrom: ["mounter:ro"] }), "fine"],
  [ro, host({ VolumesFrom: ["mounter"] }), "host_mounts"],
  [
    { host_mounts: [{ path: "/var/run/docker.sock" }] },
    binds("/var/run/docker.sock:/s"),
    "host_mounts",
  ],
  [{ host_mounts: "any" }, binds("/:/h"), "fine"],

  [{ volumes: ["ci-*"] }, binds("ci-x:/h", "/anonymous"), "fine"],
  [{ volumes: ["ci-*"] }, binds("prod:/h"), "volumes"],
  [{ volumes: ["ci-*"] }, binds("ci-nfs:/h"), "volume_types"],
  [{ volumes: ["ci-*"], volume_types: ["nfs"] }, binds("ci-nfs:/h"), "fine"],
  [
    { volume_types: ["overlay"] },
    local({ type: "overlay", o: "lowerdir=/etc:/usr" }),
    "host_mounts",
  ],
  [{ volume_types: ["ext4"] }, local({ type: "ext4", device: "/dev/sda1" }), "devices"],
  [{ volume_types: ["ext4"] }, local({ type: "ext4", device: "//dev/sda1" }), "devices"],
  [{ volume_types: ["cifs"] }, local({ type: "cifs", device: "//server/share" }), "fine"],
  [{ volume_drivers: ["convoy"] }, host({ VolumeDriver: "convoy" }), "fine"],
  [{ volumes_from: ["ci-*"] }, host({ VolumesFrom: ["aa"] }), "volumes_from"],
  [{ volumes_from: ["web"] }, host({ VolumesFrom: ["aa"] }), "fine"],

  [{ capabilities: ["NET_ADMIN"] }, host({ CapAdd: ["cap_net_admin"] }), "fine"],
  [{ capabilities: ["NET_ADMIN"] }, host({ CapAdd: ["NET_ADMIN", "ALL"] }), "capabilities"],
  [{ capabilities: "any" }, host({ CapAdd: ["ALL"] }), "fine"],
  [{ devices: ["/dev/ttyS*"] }, host({ Devices: [{ PathOnHost: "/dev/ttyS0" }] }), "fine"],
  [{ devices: ["/dev/ttyS*"] }, host({ Devices: [{ PathOnHost: "/dev" }] }), "devices"],
  [{ devices: ["/dev/serial"] }, host({ Devices: [{ PathOnHost: "/dev/serial" }] }), "devices"],
  [{ devices: ["/dev/fuse"] }, host({ Devices: [{ PathOnHost: "/dev/x/../fuse" }] }), "devices"],
  [{ device_requests: true }, host({ DeviceRequests: [{}] }), "fine"],

  [{ pid_mode: ["container:web"] }, host({ PidMode: "container:aa" }), "fine"],
  [{ pid_mode: ["container:web"] }, host({ PidMode: "container:dbid" }), "pid_mode"],
  [{ pid_mode: ["container:web"] }, host({ PidMode: "host" }), "pid_mode"],
  [{ pid_mode: ["host"] }, host({ PidMode: "host" }), "fine"],
  [{ pid_mode: ["**"] }, host({ PidMode: "container:web" }), "pid_mode"],
  [{ pid_mode: "any" }, host({ PidMode: "container:web" }), "fine"],

  [{ networks: "any" }, net("ci-net"), "fine"],
  [{ networks: "any" }, net("host"), "networks"],
  [{ networks: ["**"] }, net("host"), "networks"],
  [{ networks: ["**"] }, joins("host"), "networks"],
  [{ networks: ["host"] }, net("host"), "fine"],
  [{ networks: "any" }, net("container:web"), "networks"],
  [{ networks: ["container:web"] }, net("container:aa"), "fine"],
  [{ networks: ["container:web"] }, net("container:dbid"), "networks"],
  [{ networks: ["container:**"] }, net("container:dbid"), "fine"],
  [{ networks: ["ci-*"] }, net("ci-net"), "fine"],
  [{ networks: ["ci-*"] }, net("prod"), "networks"],
  [{ networks: ["ci-*"] }, net("none"), "fine"],
  [{ networks: ["ci-*"] }, net(""), "networks"],
  [{ networks: ["ci-*"] }, net("default"), "networks"],
  [{ networks: ["bridge"] }, net("default"), "fine"],
  [{ networks: ["ci-*"] }, joins("ci-net"), "fine"],
  [{ networks: ["ci-*"] }, joins("ci-net", {}, { NetworkMode: "default" }), "fine"],
  [{ networks: ["ci-*"] }, joins("default"), "networks"],
  [{ networks: ["ci-*"] }, joins("bridge", {}, { NetworkMode: "none" }), "networks"],
  [{ networks: ["ci-*"] }, joins("prod", {}, { NetworkMode: "ci-net" }), "networks"],
  [{ networks: ["ci-*"] }, joins("ci-net", { NetworkID: "beef" }), "networks"],
  [{ networks: ["ci-*"] }, joins("ci-net", { NetworkID: id }), "fine"],
  [{ networks: ["ci-*"] }, net("beef"), "networks"],
  [{ networks: ["ci-*"] }, net(id), "fine"],
  [{ networks: ["beef"] }, net("beef"), "networks"],
  [{ networks: ["cafe"] }, net("cafe"), "fine"],
  [{ networks: ["ci-*"] }, net("abc"), "networks"],
  [
    {},
    joins("n", {
      DriverOpts: { "com.docker.network.endpoint.sysctls": "net.ipv4.x=1,kernel.x=2" },
    }),
    "sysctls",
  ],

  [{ security_options: ["seccomp:unconfined"] }, sec("seccomp=unconfined"), "fine"],
  [{ security_options: ["seccomp=unconfined"] }, sec("seccomp:unconfined"), "fine"],
  [{ security_options: ["label=type:*"] }, sec("label:type:x"), "fine"],
  [{ security_options: [] }, sec("no-new-privileges=true"), "fine"],
  [{ runtimes: ["kata"] }, host({ Runtime: "kata" }), "fine"],
  [{ sysctls: ["kernel.x=1"] }, host({ Sysctls: { "kernel.x": "1" } }), "fine"],
  [{ sysctls: ["kernel.x=1"] }, host({ Sysctls: { "kernel.x": "2" } }), "sysctls"],
  [{ cgroup_parents: ["/ci/**"] }, host({ CgroupParent: "/ci/a" }), "fine"],
  [{ cgroup_parents: ["/ci/**"] }, host({ CgroupParent: "/ci/../x" }), "cgroup_parents"],
  [{ restart_policies: ["on-failure"] }, restart("on-failure", 3), "fine"],
  [{ restart_policies: ["on-failure:3"] }, restart("on-failure", 3), "fine"],
  [{ restart_policies: ["on-failure:3"] }, restart("on-failure", 4), "restart_policies"],
  [{ restart_policies: [] }, restart("no", 0), "fine"],
  [{ restart_policies: [] }, restart("", 0), "fine"],
  [{ restart_policies: ["no"] }, restart("always", 0), "restart_policies"],

  [{ memory: 1000 }, host({ Memory: 1000 }), "fine"],
  [{ memory: 1000 }, host({ Memory: 1001 }), "memory"],
  [{ memory: 1000 }, host({ Memory: 0 }), "memory"],
  [{ memory: 1000 }, host({ Memory: -1 }), "memory"],
  [{ memory: 1000 }, host({ Memory: null }), "memory"],
  [{ memory: 1000 }, {}, "memory"],
  [{ memory: 1000 }, host({ Memory: 1000, MemorySwap: 2000 }), "fine"],
  [{ memory: 1000 }, host({ Memory: 1000, MemorySwap: 2001 }), "memory"],
  [{ memory: 1000 }, host({ Memory: 1000, MemorySwap: -1 }), "memory"],
  [{ cpus: 1.5 }, host({ NanoCpus: 1_500_000_000 }), "fine"],
  [{ cpus: 1.5 }, host({ NanoCpus: 1_500_000_001 }), "cpus"],
  [{ cpus: 1.5 }, host({ CpuQuota: 150_000 }), "fine"],
  [{ cpus: 1.5 }, host({ CpuQuota: 150_000, CpuPeriod: 50_000 }), "cpus"],
  [{ cpus: 1.5 }, host({ CpuQuota: -1 }), "cpus"],
  [{ cpus: 1.5 }, host({ CpuPeriod: 1000 }), "cpus"],
  [{ cpus: 1.5 }, {}, "cpus"],
  [{ pids: 100 }, host({ PidsLimit: 100 }), "fine"],
  [{ pids: 100 }, host({ PidsLimit: 101 }), "pids"],
  [{ pids: 100 }, host({ PidsLimit: 0 }), "pids"],
  [{ pids: 100 }, host({ PidsLimit: -1 }), "pids"],
  [{ pids: 100 }, host({ PidsLimit: null }), "pids"],

  [{ user: "non-root" }, { User: "1000" }, "fine"],
  [{ user: "non-root" }, { User: "1000:1000" }, "fine"],
  [{ user: "non-root" }, {}, "user"],
  [{ user: "non-root" }, { User: "" }, "user"],
  [{ user: "non-root" }, { User: "0" }, "user"],
  [{ user: "non-root" }, { User: "00" }, "user"],
  [{ user: "non-root" }, { User: "+0" }, "user"],
  [{ user: "non-root" }, { User: "1000:0" }, "user"],
  [{ user: "non-root" }, { User: "1000:root" }, "user"],
  [{ user: "non-root" }, { User: "nobody" }, "user"],
  [{ user: "non-root" }, { User: " 1000" }, "user"],
  [{ user: "non-root" }, { User: "4294967296:1" }, "user"],
  [{ user: ["1000:*", "app"] }, { User: "app" }, "fine"],
  [{ user: ["1000:*", "app"] }, { User: "1000" }, "user"],

  [{ images: ["alpine"] }, {}, "fine"],
  [{ images: ["busybox"] }, {}, "images"],
  [{ images: ["busybox"] }, { Image: "" }, "images"],
  [
    { images: ["alpine"] },
    host({ Mounts: [{ Type: "image", Source: "secret", Target: "/h" }] }),
    "images",
  ],
  [{ required_labels: { team: "ci-*" } }, { Labels: { team: "ci-1" } }, "fine"],
  [{ required_labels: { team: "ci-*" } }, { Labels: { team: "x" } }, "required_labels"],
  [{ required_labels: { team: "ci-*" } }, { Labels: { Team: "ci-1" } }, "required_labels"],
  [{ required_labels: { team: "ci-*" } }, {}, "required_labels"],
  [{ refused_labels: ["traefik.**"] }, { Labels: { "traefik.enable": "1" } }, "refused_labels"],
  [{ refused_labels: ["traefik.**"] }, { Labels: { team: "ci" } }, "fine"],

  [{ ports: ["8000-8999"] }, port("8080"), "fine"],
  [{ ports: ["8000-8999"] }, port("8080-8090", "1.2.3.4"), "fine"],
  [{ ports: ["8000-8999"] }, port("8990-9000"), "ports"],
  [{ ports: ["8000-8999"] }, port("80"), "ports"],
  [{ ports: ["8000-8999"] }, port(""), "ports"],
  [{ ports: ["8000-8999"] }, port(undefined), "ports"],
  [{ ports: ["8000-8999"] }, port("+8080"), "ports"],
  [{ ports: ["8000-8999", "0"] }, port(""), "fine"],
  [{ ports: ["8000-8999"] }, host({ PortBindings: { "80/tcp": [] } }), "ports"],
  [{ ports: ["8000-8999"] }, host({ PublishAllPorts: true }), "ports"],
  [{ ports: ["127.0.0.1:8080"] }, port("8080", "127.0.0.1"), "fine"],
  [{ ports: ["127.0.0.1:8080"] }, port("8080"), "ports"],
  [{ ports: ["127.0.0.1:8080"] }, port("8080", "0.0.0.0"), "ports"],
  [{ ports: ["[::1]:80-90"] }, port("85", "0:0:0:0:0:0:0:1"), "fine"],
  [{ ports: ["[::1]:80-90"] }, port("85", "::"), "ports"],

  [{ refused_env: ["LD_*"] }, { Env: ["LD_PRELOAD=/x"] }, "refused_env"],
  [{ refused_env: ["LD_*"] }, { Env: ["A=b", "LD_PRELOAD"] }, "refused_env"],
  [{ refused_env: ["LD_*"] }, { Env: ["ld_preload=/x", "A=LD_X=1"] }, "fine"],
  [{ links: ["web"] }, host({ Links: ["aa:db"] }), "fine"],
  [{ links: ["web"] }, host({ Links: ["dbid:db"] }), "links"],
  [{ links: ["web"] }, host({ Links: ["/dbid:/x/db"] }), "links"],
  [{ links: ["web"] }, joins("n", { Links: ["dbid:db"] }), "links"],
  [{ log_drivers: ["syslog"] }, host({ LogConfig: { Type: "syslog" } }), "fine"],
  [{ annotations: ["a.*"] }, host({ Annotations: { "a.b": "c" } }), "fine"],
];

function sec(...SecurityOpt: string[]) {
  return host({ SecurityOpt });
}

function restart(Name: string, MaximumRetryCount: number) {
  return host({ RestartPolicy: { Name, MaximumRetryCount } });
}

for (const [limits, body, expected] of rows) {
  const said = expected === "fine" ? "take" : "deny";
  Deno.test(`the limits ${JSON.stringify(limits)} ${said} ${JSON.stringify(body)}`, () => {
    assert.equal(verdict({ limits, body: { Image: "alpine", ...body }, surroundings }), expected);
  });
}

const names: readonly (readonly [query: string, verdict: string])[] = [
  ["?name=ci-1", "fine"],
  ["?name=/ci-1", "fine"],
  ["?name=prod", "names"],
  ["", "names"],
  ["?name=ci-1&name=prod", "400"],
  ["?Name=prod&name=ci-1", "400"],
];

for (const [query, expected] of names) {
  Deno.test(`the names ci-* ${expected === "fine" ? "take" : "deny"} create${query}`, () => {
    const path = `/containers/create${query}`;
    assert.equal(verdict({ path, limits: { names: ["ci-*"] }, body: { Image: "a" } }), expected);
  });
}

Deno.test("a denied mount says what is allowed, and what would allow it", () => {
  const body = { Image: "alpine", ...binds("/etc/passwd:/x:ro") };
  const finding = look({ body, limits: ci });
  assert.deepEqual(finding, {
    ok: false,
    status: 403,
    constraint: "host_mounts",
    reason: "/etc/passwd is not under /srv/ci/**",
    hint: "host_mounts: [/srv/ci/**, { path: /etc/passwd, read_only: true }]",
  });
});

Deno.test("a symbolic link is denied by where it leads, and the hint adds that", () => {
  const body = { Image: "alpine", ...binds("/srv/ci/link:/x") };
  const finding = look({ body, limits: ci, surroundings });
  assert.ok(!finding.ok);
  assert.equal(finding.reason, "/srv/ci/link leads to /etc, which is not under /srv/ci/**");
  assert.equal(finding.hint, "host_mounts: [/srv/ci/**, /etc]");
});

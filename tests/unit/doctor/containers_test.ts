import { containers } from "../../../lib/doctor/checks/containers.ts";
import { privileged } from "../../../lib/doctor/checks/privileged.ts";
import { checkCases } from "./cases.ts";
import { configOf, oneListener } from "./config_of.ts";
import { processFiles } from "./fake_host.ts";

const id = "cd".repeat(32);
const box = (more: Record<string, unknown>, info: unknown = {}) => ({
  engine: {
    "/info": info,
    "/containers/json?all=1": [{ Id: id }],
    [`/containers/${id}/json`]: {
      Id: id,
      Name: "/web",
      Config: { Image: "nginx" },
      State: { Running: true },
      ...more,
    },
  },
});
const mounting = (Source: string, RW = true) =>
  box({ Mounts: [{ Type: "bind", Source, Destination: "/x", RW }] });

/** The container, listening in the gate's place. */
const listening = {
  "/run/postern/ci.sock": { socket: true as const, inode: 90 },
  ...processFiles(70, {
    comm: "postern",
    container: id,
    sockets: [900],
    more: {
      "net/unix":
        "0000000000000000: 00000002 00000000 00010000 0001 01   900 /run/postern/ci.sock\n",
    },
  }),
};

checkCases(containers, [
  { name: "none that mounts it is fine", host: mounting("/srv"), levels: ["fine"] },
  {
    name: "the socket through a link",
    host: mounting("/var/run/docker.sock"),
    configured: configOf(oneListener),
    levels: ["wrong"],
    says: [
      /web \(nginx, cdcdcdcdcdcd\)/,
      /^# -v \/run\/postern\/ci\.sock:\/x \(policy read-only\)$/m,
    ],
  },
  ...["/", "/run", "/var/run"].map((source) => ({
    name: `a folder that holds it: ${source}`,
    host: mounting(source, false),
    levels: ["wrong"] as const,
    says: [/which holds it, read-only, which keeps nobody/, /^postern harden plan$/m],
  })),
  {
    name: "a volume that is a bind of a folder that holds it",
    host: {
      engine: {
        ...box({
          State: { Running: false },
          Mounts: [{
            Type: "volume",
            Name: "v",
            Source: "/var/lib/docker/volumes/v/_data",
            Destination: "/x",
          }],
        }).engine,
        "/volumes": {
          Volumes: [{ Name: "v", Options: { type: "none", o: "bind,ro", device: "/run" } }],
        },
      },
    },
    levels: ["wrong"],
    says: [/^\/run -> \/x, which holds it, by the volume v$/m, /it is stopped/],
  },
  { name: "a folder beside it", host: mounting("/run/docker"), levels: ["fine"] },
  {
    name: "a socket whose name begins the same",
    host: mounting("/run/docker.sock2"),
    levels: ["fine"],
  },
  {
    name: "one that listens at the gate's sockets may be the gate's",
    host: { ...mounting("/run/docker.sock"), files: listening },
    configured: configOf(oneListener),
    levels: ["unknown"],
    says: [
      /^whether the container web \(nginx, .* is the gate/m,
      /^docker inspect -f .* cdcdcdcdcdcd$/m,
    ],
  },
  {
    name: "one that mounts the sockets' folder and listens there is no gate",
    host: { ...mounting("/run"), files: listening },
    configured: configOf(oneListener),
    levels: ["wrong"],
    says: [/web \(nginx, .*mounts the real socket/],
  },
  {
    name: "nor is one that listens in the place of a gate that is a service",
    host: {
      ...mounting("/run/docker.sock"),
      files: { ...listening, "/etc/systemd/system/postern.service": "[Service]\nUser=postern\n" },
    },
    configured: configOf(oneListener),
    levels: ["wrong"],
  },
  {
    name: "an engine that does not answer is unknown",
    host: { uid: 1000 },
    levels: ["unknown"],
    says: [/\/var\/run\/docker\.sock is not asked/, /sudo postern doctor/],
  },
  {
    name: "a sealed engine is asked through the gate",
    host: { ...mounting("/run"), refuses: ["/var/run/docker.sock"] },
    configured: configOf(oneListener),
    levels: ["wrong"],
  },
]);

const hosting = (HostConfig: Record<string, unknown>, info: unknown = {}) =>
  box({ HostConfig }, info);

checkCases(privileged, [
  {
    name: "an ordinary container is fine",
    host: hosting({ PidMode: "", NetworkMode: "bridge", CapAdd: ["NET_BIND_SERVICE"] }),
    levels: ["fine"],
  },
  {
    name: "--privileged is as good as the real socket",
    host: hosting({ Privileged: true }),
    levels: ["wrong"],
    says: [/can take this host/, /--privileged/],
  },
  {
    name: "--privileged before an engine whose containers have a root of their own is not",
    host: hosting({ Privileged: true }, { SecurityOptions: ["name=rootless"] }),
    levels: ["advice"],
  },
  {
    name: "unless it is told to be the host's root",
    host: hosting({ Privileged: true, UsernsMode: "host" }, { SecurityOptions: ["name=userns"] }),
    levels: ["wrong"],
  },
  {
    name: "--pid host",
    host: hosting({ PidMode: "host" }),
    levels: ["advice"],
    says: [/--pid host/],
  },
  {
    name: "--network host",
    host: hosting({ NetworkMode: "host" }),
    levels: ["advice"],
    says: [/--network/],
  },
  {
    name: "--userns host",
    host: hosting({ UsernsMode: "host" }),
    levels: ["advice"],
    says: [/--userns/],
  },
  {
    name: "capabilities that lead out, however they are written",
    host: hosting({ CapAdd: ["CAP_SYS_ADMIN", "bpf", "CHOWN"] }),
    levels: ["advice"],
    says: [/SYS_ADMIN, BPF: leads/],
    saysNot: [/CHOWN/],
  },
  ...[["CAP_SYS_MODULE"], ["sys_module"], ["ALL"], ["DAC_READ_SEARCH"]].map((CapAdd) => ({
    name: `${CapAdd} takes the host`,
    host: hosting({ CapAdd }),
    levels: ["wrong"] as const,
    says: [/--cap-add/],
  })),
  {
    name: "another process's memory is the host's only where its processes are seen",
    host: hosting({ CapAdd: ["SYS_PTRACE"], PidMode: "host" }),
    levels: ["wrong"],
  },
  { name: "SYS_PTRACE alone", host: hosting({ CapAdd: ["SYS_PTRACE"] }), levels: ["advice"] },
  {
    name: "no seccomp",
    host: hosting({ SecurityOpt: ["seccomp=unconfined"] }),
    levels: ["advice"],
    says: [/seccomp=unconfined/],
  },
]);

const binding = (Source: string, RW: boolean, info: unknown = {}) =>
  box({ Mounts: [{ Type: "bind", Source, Destination: "/x", RW }] }, info);

checkCases(privileged, [
  ...["/", "/etc", "/etc/cron.d", "/var/lib/docker", "/usr", "/root/.ssh", "/proc", "/sys", "/var"]
    .map(
      (path) => ({
        name: `${path} with leave to write is the host`,
        host: binding(path, true),
        levels: ["wrong"] as const,
        says: [new RegExp(`^-v ${path}:/x: `, "m")],
      }),
    ),
  ...["/run/containerd/containerd.sock", "/var/run/dbus", "/run/systemd/private"].map((path) => ({
    name: `${path} is, read-only too`,
    host: binding(path, false),
    levels: ["wrong"] as const,
    says: [/does for root whatever it says/],
  })),
  ...[["/etc", false], ["/etc/nginx", true], ["/home", true], ["/root", false]].map((
    [path, writes],
  ) => ({
    name: `${path}${writes ? "" : ", read-only,"} is told of`,
    host: binding(path as string, writes as boolean),
    levels: ["advice"] as const,
  })),
  ...[["/etc/localtime", false], ["/srv/web", true], ["/home/alice/web", true], [
    "/run/postern",
    true,
  ]]
    .map(([path, writes]) => ({
      name: `${path} is nothing`,
      host: binding(path as string, writes as boolean),
      levels: ["fine"] as const,
    })),
  {
    name: "where root in a container is nobody on the host, /etc is not its",
    host: binding("/etc", true, { SecurityOptions: ["name=rootless"] }),
    levels: ["advice"],
  },
  {
    name: "an engine's own volume is nothing",
    host: box({
      Mounts: [{
        Name: "v",
        Source: "/var/lib/docker/volumes/v/_data",
        Destination: "/x",
        RW: true,
      }],
    }),
    levels: ["fine"],
  },
  ...["/dev/vda", "/dev/nvme0n1p2", "/dev/mapper/root", "/dev/mem", "/dev"].map((PathOnHost) => ({
    name: `--device ${PathOnHost} is the host`,
    host: hosting({ Devices: [{ PathOnHost, CgroupPermissions: "rwm" }] }),
    levels: ["wrong"] as const,
  })),
  {
    name: "--device /dev/fuse is told of",
    host: hosting({ Devices: [{ PathOnHost: "/dev/fuse" }] }),
    levels: ["advice"],
  },
  {
    name: "a rule for every disk is the host",
    host: hosting({ DeviceCgroupRules: ["b *:* rwm"] }),
    levels: ["wrong"],
    says: [/--device-cgroup-rule 'b \*:\* rwm'/],
  },
  {
    name: "such a rule without the right to make devices is told of",
    host: hosting({ DeviceCgroupRules: ["b *:* rwm"], CapDrop: ["ALL"] }),
    levels: ["advice"],
  },
  {
    name: "systempaths=unconfined",
    host: hosting({ MaskedPaths: [], ReadonlyPaths: [] }),
    levels: ["advice"],
    says: [/systempaths=unconfined/],
  },
  {
    name: "--pid container:X has what X has",
    host: {
      engine: {
        ...hosting({ PidMode: "container:other", CapAdd: ["SYS_PTRACE"] }).engine,
        "/containers/json?all=1": [{ Id: id }, { Id: "ef" }],
        "/containers/ef/json": { Id: "ef", Name: "/other", HostConfig: { PidMode: "host" } },
      },
    },
    levels: ["wrong", "advice"],
    says: [/--pid host --cap-add SYS_PTRACE/],
  },
]);

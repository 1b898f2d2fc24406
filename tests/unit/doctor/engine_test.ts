import { authorization } from "../../../lib/doctor/checks/authorization.ts";
import { containers } from "../../../lib/doctor/checks/containers.ts";
import { isolation } from "../../../lib/doctor/checks/isolation.ts";
import { liveRestore } from "../../../lib/doctor/checks/live_restore.ts";
import { privileged } from "../../../lib/doctor/checks/privileged.ts";
import { tcp } from "../../../lib/doctor/checks/tcp.ts";
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

checkCases(containers, [
  { name: "none that mounts it is fine", host: mounting("/srv"), levels: ["fine"] },
  {
    name: "the socket through a link",
    host: mounting("/var/run/docker.sock"),
    configured: configOf(oneListener),
    levels: ["wrong"],
    says: [/web \(nginx, cdcdcdcdcdcd\)/, /ci\.sock \(policy read-only\) instead, mounted at the/],
  },
  ...["/", "/run", "/var/run"].map((source) => ({
    name: `a folder that holds it: ${source}`,
    host: mounting(source, false),
    levels: ["wrong"] as const,
    says: [/which holds it, read-only, which keeps nobody/, /harden plan/],
  })),
  { name: "a folder beside it", host: mounting("/run/docker"), levels: ["fine"] },
  {
    name: "a socket whose name begins the same",
    host: mounting("/run/docker.sock2"),
    levels: ["fine"],
  },
  {
    name: "the gate's own container",
    host: {
      ...mounting("/run/docker.sock"),
      files: {
        "/run/postern/ci.sock": { socket: true, inode: 90 },
        ...processFiles(70, {
          comm: "postern",
          container: id,
          sockets: [900],
          more: {
            "net/unix":
              "0000000000000000: 00000002 00000000 00010000 0001 01   900 /run/postern/ci.sock\n",
          },
        }),
      },
    },
    configured: configOf(oneListener),
    levels: ["fine"],
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

const hosting = (HostConfig: Record<string, unknown>) => box({ HostConfig });

checkCases(privileged, [
  {
    name: "an ordinary container is fine",
    host: hosting({ PidMode: "", NetworkMode: "bridge", CapAdd: ["NET_BIND_SERVICE"] }),
    levels: ["fine"],
  },
  {
    name: "--privileged",
    host: hosting({ Privileged: true }),
    levels: ["advice"],
    says: [/--privileged/],
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
    host: hosting({ CapAdd: ["CAP_SYS_ADMIN", "sys_module", "CHOWN"] }),
    levels: ["advice"],
    says: [/SYS_ADMIN, SYS_MODULE: leads/],
    saysNot: [/CHOWN/],
  },
  {
    name: "no seccomp",
    host: hosting({ SecurityOpt: ["seccomp=unconfined"] }),
    levels: ["advice"],
    says: [/seccomp=unconfined/],
  },
]);

/** dockerd as pid 50, listening on 2375 with inode 500 when told to. */
const dockerd = (cmdline: readonly string[], more: Record<string, unknown> = {}) => ({
  ...processFiles(4000, { comm: "deno" }),
  ...processFiles(50, {
    comm: "dockerd",
    cmdline: ["/usr/bin/dockerd", ...cmdline],
    sockets: [500],
    more: {
      "net/tcp": "  sl  local_address rem_address   st\n" +
        "   0: 0100007F:0947 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 500 1\n",
      ...more as Record<string, string>,
    },
  }),
});

checkCases(tcp, [
  { name: "no engine, nothing to say", levels: [] },
  { name: "unix sockets alone", host: { files: dockerd(["-H", "fd://"]) }, levels: ["fine"] },
  {
    name: "-H tcp:// without TLS",
    host: { files: dockerd(["-H", "unix://", "-H", "tcp://0.0.0.0:2375"]) },
    levels: ["wrong"],
    says: [/tcp:\/\/0\.0\.0\.0:2375 \(dockerd, pid 50\)/],
  },
  { name: "-H with an address alone", host: { files: dockerd(["-H=0.0.0.0"]) }, levels: ["wrong"] },
  { name: "-H with a port alone", host: { files: dockerd(["-H=:2375"]) }, levels: ["wrong"] },
  {
    name: "with clients' certificates",
    host: { files: dockerd(["--tlsverify", "-H", "tcp://0.0.0.0:2376"]) },
    levels: ["fine"],
  },
  {
    name: "$DOCKER_TLS_VERIFY is --tlsverify",
    host: { files: dockerd(["-H", "tcp://:2376"], { environ: "A=b\0DOCKER_TLS_VERIFY=1\0" }) },
    levels: ["fine"],
  },
  {
    name: "TLS without clients' certificates",
    host: { files: dockerd(["--tls", "-H", "tcp://0.0.0.0:2376"]) },
    levels: ["wrong"],
    says: [/asks no client for a certificate/],
  },
  {
    name: "daemon.json's hosts",
    host: {
      files: { ...dockerd([]), "/etc/docker/daemon.json": '{ "hosts": ["tcp://10.0.0.1:2375"] }' },
    },
    levels: ["wrong"],
    says: [/10\.0\.0\.1:2375/],
  },
  {
    name: "daemon.json's tlsverify",
    host: {
      files: {
        ...dockerd(["-H", "tcp://10.0.0.1:2376"]),
        "/etc/docker/daemon.json": '{ "tlsverify": true }',
      },
    },
    levels: ["fine"],
  },
  {
    name: "a port that answers without TLS, whatever the settings say",
    host: { files: dockerd(["--tlsverify"]), plainPorts: [2375] },
    levels: ["wrong"],
    says: [/127\.0\.0\.1:2375 answers a ping without TLS/],
  },
  {
    name: "a port of docker.socket's",
    host: {
      files: {
        ...dockerd(["-H", "fd://"]),
        "/lib/systemd/system/docker.socket": "ListenStream=/run/docker.sock\n",
        "/etc/systemd/system/docker.socket.d/tcp.conf": "ListenStream=2375\n",
      },
    },
    levels: ["wrong"],
    says: [/ListenStream=2375/],
  },
  {
    name: "below a root, the unit that would start it",
    host: {
      root: "/mnt",
      files: {
        "/lib/systemd/system/docker.service": "ExecStart=/usr/bin/dockerd -H fd://\n",
        "/etc/systemd/system/docker.service.d/tcp.conf":
          "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H fd:// -H tcp://0.0.0.0\n",
      },
    },
    levels: ["wrong"],
    says: [/tcp:\/\/0\.0\.0\.0/],
  },
  {
    name: "an engine inside a container is that container's matter",
    host: {
      files: processFiles(50, {
        comm: "dockerd",
        container: id,
        cmdline: ["dockerd", "-H", "tcp://0.0.0.0:2375"],
      }),
    },
    levels: [],
  },
]);

const info = (more: Record<string, unknown>) => ({ engine: { "/info": more } });
const safe = {
  SecurityOptions: ["name=seccomp,profile=default", "name=userns", "name=no-new-privileges"],
};

checkCases(isolation, [
  {
    name: "what is off is listed",
    host: info({ SecurityOptions: ["name=apparmor"] }),
    levels: ["advice"],
    says: [/userns-remap, no-new-privileges, icc/],
  },
  {
    name: "what is on is not",
    host: { ...info(safe), files: dockerd(["--icc=false"]) },
    levels: ["fine"],
  },
  {
    name: "rootless is as good as remapped",
    host: info({ SecurityOptions: ["name=rootless"] }),
    levels: ["advice"],
    saysNot: [/userns-remap/],
  },
  { name: "an engine that does not answer was told of already", levels: [] },
  {
    name: "below a root, daemon.json tells",
    host: {
      root: "/mnt",
      files: {
        "/etc/docker/daemon.json":
          '{ "icc": false, "userns-remap": "default", "no-new-privileges": true }',
      },
    },
    levels: ["fine"],
  },
]);

checkCases(liveRestore, [
  { name: "on", host: info({ LiveRestoreEnabled: true }), levels: ["fine"] },
  {
    name: "off",
    host: info({ LiveRestoreEnabled: false }),
    levels: ["advice"],
    says: [/--only daemon/],
  },
  {
    name: "below a root, daemon.json tells",
    host: { root: "/mnt", files: { "/etc/docker/daemon.json": '{ "live-restore": true }' } },
    levels: ["fine"],
  },
]);

const withAuthz = configOf(`${oneListener}
authz: { anonymous: full }
`);

checkCases(authorization, [
  { name: "no plugin is advice", host: info({}), levels: ["advice"], says: [/seal: true/] },
  {
    name: "a plugin is fine",
    host: info({ Plugins: { Authorization: ["opa"] } }),
    levels: ["fine"],
    says: [/opa/],
  },
  {
    name: "an authz section that nobody asks is wrong",
    host: info({ Plugins: { Authorization: null } }),
    configured: withAuthz,
    levels: ["wrong"],
    says: [/it asks nobody/],
  },
  {
    name: "one that the engine asks is fine",
    host: info({ Plugins: { Authorization: ["postern"] } }),
    configured: withAuthz,
    levels: ["fine"],
  },
]);

import { authorization } from "../../../lib/doctor/checks/authorization.ts";
import { isolation } from "../../../lib/doctor/checks/isolation.ts";
import { liveRestore } from "../../../lib/doctor/checks/live_restore.ts";
import { tcp } from "../../../lib/doctor/checks/tcp.ts";
import { userNamespaces } from "../../../lib/doctor/checks/user_namespaces.ts";
import { checkCases } from "./cases.ts";
import { configOf, oneListener } from "./config_of.ts";
import { DEVICE, processFiles, SOCKET } from "./fake_host.ts";

const id = "cd".repeat(32);

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
        "/lib/systemd/system/docker.socket": "[Socket]\nListenStream=/run/docker.sock\n",
        "/etc/systemd/system/docker.socket.d/tcp.conf": "[Socket]\nListenStream=2375\n",
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
        "/lib/systemd/system/docker.service": "[Service]\nExecStart=/usr/bin/dockerd -H fd://\n",
        "/etc/systemd/system/docker.service.d/tcp.conf":
          "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H fd:// -H tcp://0.0.0.0\n",
      },
    },
    levels: ["wrong"],
    says: [/tcp:\/\/0\.0\.0\.0/],
  },
  ...[
    ["a variable", 'Environment="DOCKER_OPTS=-H tcp://0.0.0.0:2375"', "$DOCKER_OPTS"],
    ["a variable in braces", "Environment=PLACE=0.0.0.0", "-H tcp://${PLACE}:2375"],
    ["a file of variables", "EnvironmentFile=-/etc/default/engine", "$OPTIONS"],
    ["files of variables", "EnvironmentFile=/etc/engine.d/*.env", "-H fd:// $MORE"],
    ["one word", "", "-Htcp://0.0.0.0:2375"],
    ["one word with a switch", "", "-DH tcp://0.0.0.0:2375"],
    ["quotes", "", "\"-H\" 'tcp://0.0.0.0:2375'"],
    ["a flag's bare name", "", "--host tcp://0.0.0.0:2375"],
  ].map(([name, environment, words]) => ({
    name: `below a root, TCP by ${name}`,
    host: {
      root: "/mnt",
      files: {
        "/lib/systemd/system/docker.service":
          `[Service]\n${environment}\nExecStart=/usr/bin/dockerd ${words}\n`,
        "/etc/default/engine": "# OPTIONS=\nOPTIONS='--debug -H tcp://0.0.0.0:2375'\n",
        "/etc/engine.d/a.env": 'MORE="-H tcp://0.0.0.0:2375"\n',
      },
    },
    levels: ["wrong"] as const,
    says: [/^tcp:\/\/0\.0\.0\.0:2375 \(/m],
  })),
  {
    name: "without systemd, $DOCKER_OPTS of its script",
    host: {
      root: "/mnt",
      files: { "/etc/default/docker": 'DOCKER_OPTS="-H tcp://0.0.0.0:2375"\n' },
    },
    levels: ["wrong"],
  },
  {
    name: "what a script makes of it is unknown",
    host: {
      files: {
        "/lib/systemd/system/docker.service": "[Service]\nExecStart=/usr/local/bin/start\n",
      },
    },
    levels: ["unknown"],
    says: [/starts \/usr\/local\/bin\/start, which is no dockerd/],
  },
  {
    name: "a script's own words are told",
    host: {
      files: {
        "/lib/systemd/system/docker.service":
          '[Service]\nExecStart=/bin/sh -c "exec dockerd -H tcp://0.0.0.0:2375"\n',
      },
    },
    levels: ["wrong"],
  },
  {
    name: "a file of variables that cannot be read is unknown",
    host: {
      files: {
        "/lib/systemd/system/docker.service":
          "[Service]\nEnvironmentFile=/etc/x\nExecStart=dockerd $OPTIONS\n",
        "/etc/x": { closed: true },
      },
    },
    levels: ["unknown"],
    says: [/^\/etc\/x: EACCES/m],
  },
  ...["true", "1", "T"].map((value) => ({
    name: `--tlsverify=${value} is --tlsverify`,
    host: { files: dockerd([`--tlsverify=${value}`, "-H", "tcp://0.0.0.0:2376"]) },
    levels: ["fine"] as const,
  })),
  {
    name: "--tlsverify=false is none",
    host: { files: dockerd(["--tlsverify=false", "-H", "tcp://0.0.0.0:2376"]) },
    levels: ["wrong"],
  },
  {
    name: "whoever may not see its ports cannot say that there are none",
    host: {
      uid: 1000,
      files: { ...dockerd([]), "/proc/50/fd": { closed: true } },
    },
    levels: ["unknown"],
    says: [/only root can see/, /dockerd, pid 50/],
  },
  {
    name: "whoever calls himself dockerd hides nothing of what the unit would start",
    host: {
      files: {
        ...processFiles(60, {
          comm: "dockerd",
          uid: 1000,
          cmdline: ["dockerd", "--config-file=/tmp/fifo"],
        }),
        "/tmp/fifo": { closed: true },
        "/etc/systemd/system/docker.service":
          "[Service]\nExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375\n",
      },
    },
    levels: ["wrong"],
    says: [/tcp:\/\/0\.0\.0\.0:2375/],
    saysNot: [/pid 60/],
  },
  {
    name: "one that runs hides nothing of how it is started the next time",
    host: {
      files: {
        ...dockerd(["-H", "fd://"]),
        "/etc/systemd/system/docker.service":
          "[Service]\nExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375\n",
      },
    },
    levels: ["wrong"],
    says: [/docker\.service\)/],
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

checkCases(userNamespaces, [
  {
    name: "none is advice",
    host: info({ SecurityOptions: ["name=apparmor"] }),
    levels: ["advice"],
    says: [/SecurityOptions name=apparmor/],
  },
  { name: "remapped is fine", host: info(safe), levels: ["fine"] },
  {
    name: "so is rootless",
    host: info({ SecurityOptions: ["name=rootless"] }),
    levels: ["fine"],
    says: [/rootless/],
  },
  { name: "an engine that does not answer was told of already", levels: [] },
  {
    name: "below a root, daemon.json tells",
    host: { root: "/mnt", files: { "/etc/docker/daemon.json": '{ "userns-remap": "default" }' } },
    levels: ["fine"],
    says: [/userns-remap: default/],
  },
]);

checkCases(isolation, [
  {
    name: "what is off is listed",
    host: info({ SecurityOptions: ["name=apparmor"] }),
    levels: ["advice"],
    says: [/no-new-privileges/, /icc/],
  },
  {
    name: "what is on is not",
    host: { ...info(safe), files: dockerd(["--icc=false"]) },
    levels: ["fine"],
  },
  {
    name: "settings are those of who listens at the socket, and not of who calls itself dockerd",
    host: {
      ...info(safe),
      files: {
        ...processFiles(40, {
          comm: "dockerd",
          uid: 1000,
          cmdline: ["dockerd", "--icc=false", "-H", "unix:///var/run/docker.sock"],
        }),
        ...processFiles(45, {
          comm: "dockerd",
          cmdline: ["dockerd", "--icc=false", "-H", "fd://"],
        }),
        ...dockerd([]),
      },
      unix: [{ inode: 500, listens: true, path: SOCKET, file: { inode: 77, device: DEVICE } }],
    },
    levels: ["advice"],
    says: [/icc/],
  },
  {
    name: "where nobody may see who listens, they are root's or the socket's owner's",
    host: {
      ...info(safe),
      uid: 1000,
      files: {
        ...dockerd([]),
        ...processFiles(40, {
          comm: "dockerd",
          uid: 1000,
          cmdline: ["dockerd", "--icc=false", "-H", "unix:///var/run/docker.sock"],
        }),
      },
    },
    levels: ["advice"],
    says: [/icc/],
  },
  {
    name: "without the default bridge, nobody is on it",
    host: { ...info({}), files: dockerd(["--bridge=none"]) },
    levels: ["advice"],
    saysNot: [/icc/],
  },
  { name: "an engine that does not answer was told of already", levels: [] },
  {
    name: "below a root, daemon.json tells",
    host: {
      root: "/mnt",
      files: { "/etc/docker/daemon.json": '{ "icc": false, "no-new-privileges": true }' },
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
    name: "the kernel's seal is as good as a plugin",
    host: { ...info({}), seal: { files: [{ inode: 77n, device: 25n }], names: [] } },
    levels: ["fine"],
    says: [/postern guard --status/],
  },
  {
    name: "so is one of its name in its folder",
    host: {
      ...info({}),
      seal: { files: [], names: [{ name: "docker.sock", folder: { inode: 1n, device: 25n } }] },
    },
    levels: ["fine"],
  },
  {
    name: "another socket's seal is not",
    host: {
      ...info({}),
      seal: {
        files: [{ inode: 78n, device: 25n }, { inode: 77n, device: 26n }],
        names: [{ name: "podman.sock", folder: { inode: 1n, device: 25n } }],
      },
    },
    levels: ["advice"],
  },
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
    name: "one that it was told of by a reload is not shown, and not known",
    host: {
      ...info({}),
      files: {
        "/etc/docker/daemon.json": '{ "authorization-plugins": ["postern"] }',
        ...processFiles(7, { comm: "dockerd", cmdline: ["/usr/bin/dockerd", "-H", "fd://"] }),
      },
    },
    configured: withAuthz,
    levels: ["unknown"],
    says: [/after its next start/, /systemctl restart docker/],
  },
  {
    name: "one that the engine asks is fine",
    host: info({ Plugins: { Authorization: ["postern"] } }),
    configured: withAuthz,
    levels: ["fine"],
  },
]);

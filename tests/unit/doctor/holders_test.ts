import { holders } from "../../../lib/doctor/checks/holders.ts";
import { relays } from "../../../lib/doctor/checks/relays.ts";
import { mounted } from "../../../lib/doctor/checks/mounted.ts";
import { checkCases } from "./cases.ts";
import { configOf, oneListener } from "./config_of.ts";
import { DEVICE, processFiles, SOCKET } from "./fake_host.ts";

const file = { inode: 77, device: DEVICE };
const listener = { inode: 100, listens: true, path: SOCKET, file };
/** What the engine accepted, and the inode at the other end. */
const accepted = (inode: number, peer: number) => ({
  inode,
  listens: false,
  path: SOCKET,
  file,
  peer,
});
const id = "ab".repeat(32);
const engine = {
  ...processFiles(1, { comm: "systemd", sockets: [100] }),
  ...processFiles(50, { comm: "dockerd", sockets: [100, 201, 202] }),
};
const unixTable = "Num RefCount Protocol Flags Type St Inode Path\n" +
  "0000000000000000: 00000002 00000000 00010000 0001 01 900 /run/postern/ci.sock\n";
const gateSocket = { "/run/postern/ci.sock": { socket: true as const, inode: 90 } };

checkCases(holders, [
  {
    name: "the engine and systemd alone are fine",
    host: { files: engine, unix: [listener] },
    levels: ["fine"],
  },
  {
    name: "who is connected is named: executable, user, container",
    host: {
      files: {
        ...engine,
        ...processFiles(60, {
          comm: "traefik",
          uid: 1000,
          container: id,
          sockets: [301],
          net: "net:[2]",
        }),
      },
      unix: [listener],
      unixElsewhere: { "/proc/60/ns/net": [accepted(201, 301)] },
    },
    configured: configOf(oneListener),
    levels: ["wrong"],
    says: [
      /1 process has \/run\/docker\.sock open/,
      /pid 60, \/usr\/bin\/traefik, user alice, container abababababab: is connected/,
      /\/run\/postern\/ci\.sock \(policy read-only\)/,
    ],
  },
  {
    name: "so is the service that it belongs to",
    host: {
      files: {
        ...engine,
        ...processFiles(60, { comm: "agent", unit: "agent.service/sub", sockets: [301] }),
        ...processFiles(61, { comm: "sh", unit: "user@1000.service/app.slice", sockets: [302] }),
      },
      unix: [listener, accepted(201, 301), accepted(202, 302)],
    },
    levels: ["wrong"],
    says: [/^pid 60, .*, user root, unit agent\.service: is/m, /^pid 61, .*, user root: is/m],
  },
  {
    name: "the gate's connections are no finding",
    host: {
      files: {
        ...engine,
        ...gateSocket,
        ...processFiles(70, {
          comm: "deno",
          uid: 990,
          sockets: [302, 900],
          more: { "net/unix": unixTable },
        }),
      },
      unix: [listener, accepted(202, 302)],
    },
    configured: configOf(oneListener),
    levels: ["fine"],
  },
  {
    name: "whether it is the gate that is connected from a container is unknown",
    host: {
      files: {
        ...engine,
        ...gateSocket,
        "/gate/ci.sock": { link: "/run/postern/ci.sock" },
        ...processFiles(70, {
          comm: "postern",
          container: id,
          net: "net:[3]",
          sockets: [302, 900],
          more: { "net/unix": unixTable.replace("/run/postern", "/gate") },
        }),
      },
      unix: [listener],
      unixElsewhere: { "/proc/70/ns/net": [accepted(202, 302)] },
    },
    configured: configOf(oneListener),
    levels: ["unknown"],
    says: [/pid 70, .*container abababababab: is connected/],
  },
  {
    name: "nor on a socket that systemd handed over, in a network namespace of its own",
    host: {
      files: {
        ...engine,
        ...gateSocket,
        ...processFiles(70, { comm: "deno", uid: 990, net: "net:[3]", sockets: [302, 900] }),
      },
      unix: [
        listener,
        {
          inode: 900,
          listens: true,
          path: "/run/postern/ci.sock",
          file: { inode: 90, device: DEVICE },
        },
      ],
      unixElsewhere: { "/proc/70/ns/net": [accepted(202, 302)] },
    },
    configured: configOf(oneListener),
    levels: ["fine"],
  },
  {
    name: "whoever put a socket of his own in the gate's place is a finding",
    host: {
      files: {
        ...engine,
        ...gateSocket,
        ...processFiles(70, {
          comm: "postern",
          uid: 1000,
          sockets: [900, 301],
          more: { "net/unix": unixTable },
        }),
      },
      unix: [listener, accepted(201, 301)],
    },
    configured: configOf(oneListener),
    levels: ["wrong"],
    says: [/pid 70, .*, user alice: is connected/],
  },
  {
    name: "whoever only listens elsewhere under the gate's name is a finding",
    host: {
      files: {
        ...engine,
        ...gateSocket,
        "/tmp/ci.sock": { socket: true, inode: 91 },
        ...processFiles(70, {
          comm: "postern",
          sockets: [302, 900],
          more: { "net/unix": unixTable.replace("/run/postern", "/tmp") },
        }),
      },
      unix: [listener, accepted(202, 302)],
    },
    configured: configOf(oneListener),
    levels: ["wrong"],
    says: [/pid 70/],
  },
  {
    name: "a descriptor of the listener in another process is a finding",
    host: {
      files: { ...engine, ...processFiles(80, { comm: "nc", sockets: [100] }) },
      unix: [listener],
    },
    levels: ["wrong"],
    says: [/pid 80, \/usr\/bin\/nc, user root: holds a descriptor of the listener/],
  },
  {
    name: "one of another user's that calls itself dockerd is, too",
    host: {
      files: { ...engine, ...processFiles(80, { comm: "dockerd", uid: 1000, sockets: [100] }) },
      unix: [listener],
    },
    levels: ["wrong"],
    says: [/pid 80, .*, user alice: holds a descriptor of the listener/],
  },
  {
    name: "a connection whose process cannot be looked into is unknown",
    host: { uid: 1000, files: engine, unix: [listener, accepted(201, 999)] },
    levels: ["unknown"],
    says: [/1 connection/, /sudo postern doctor/],
  },
  {
    name: "where namespaces may not be looked into, nothing is said to be fine",
    host: {
      uid: 1000,
      files: { ...engine, "/proc/60/status": "Name:\tapp\nUid:\t0\t0\t0\t0\n" },
      unix: [listener],
    },
    levels: ["unknown"],
    says: [/only root can look into their networks/],
  },
  {
    name: "other sockets' connections do not count",
    host: {
      files: { ...engine, ...processFiles(60, { comm: "app", sockets: [301] }) },
      unix: [listener, {
        inode: 500,
        listens: false,
        path: SOCKET,
        file: { inode: 78, device: DEVICE },
        peer: 301,
      }],
    },
    levels: ["fine"],
  },
  {
    name: "a socket that nobody is seen to listen at is unknown",
    host: { files: engine, unix: [] },
    levels: ["unknown"],
    says: [/nobody listens there that can be seen/],
  },
  {
    name: "a kernel that lists no unix sockets is unknown",
    host: { files: engine, unix: "sock_diag : ENOENT" },
    levels: ["unknown"],
    says: [/modprobe unix_diag/],
  },
]);

const hostMounts = "22 1 8:1 / / rw - ext4 /dev/sda rw\n25 22 0:25 / /run rw - tmpfs tmpfs rw\n";
const self = {
  "/proc/self/mountinfo": hostMounts,
  ...processFiles(4000, { comm: "deno" }),
};
const inContainer = (mountinfo: string, more: Record<string, unknown> = {}) => ({
  files: {
    ...self,
    ...processFiles(60, {
      comm: "agent",
      container: id,
      mnt: "mnt:[2]",
      more: { mountinfo },
    }),
    ...more,
  },
});
const root = "80 1 0:90 / / rw - overlay overlay rw\n";
const bound = `${root}90 80 0:25 ${SOCKET.slice(4)} /var/run/docker.sock rw - tmpfs tmpfs rw\n`;

checkCases(mounted, [
  {
    name: "a container without it has nothing to say",
    host: inContainer(root),
    levels: [],
  },
  {
    name: "the socket itself, bound",
    host: inContainer(bound),
    levels: ["wrong"],
    says: [/pid 60, .*container abababababab: at \/var\/run\/docker\.sock/],
  },
  {
    name: "a folder that holds it, bound",
    host: inContainer(root + "90 80 0:25 / /host/run ro - tmpfs tmpfs rw\n", {
      "/host/run/docker.sock": { link: SOCKET },
    }),
    levels: ["wrong"],
    says: [/at \/host\/run\/docker\.sock/],
  },
  {
    name: "one that another mount covers is not reached",
    host: inContainer(root + "90 80 0:25 / /host/run ro - tmpfs tmpfs rw\n"),
    levels: [],
  },
  {
    name: "one whose first process has another root is looked into by the next",
    host: {
      files: {
        ...self,
        "/jail": { inode: 5 },
        ...processFiles(59, {
          comm: "jail",
          container: id,
          mnt: "mnt:[2]",
          more: { mountinfo: "", root: { link: "/jail" } },
        }),
        ...inContainer(bound).files,
      },
    },
    levels: ["wrong"],
    says: [/pid 60/],
  },
  {
    name: "one whose processes all have another root is unknown",
    host: inContainer("90 80 0:30 / /data rw - tmpfs tmpfs rw\n"),
    levels: ["unknown"],
    says: [/mountinfo has no \/$/m, /^nsenter -t 60 -m findmnt$/m],
  },
  {
    name: "a service with mounts of its own is no container",
    host: {
      files: {
        ...self,
        ...processFiles(60, { comm: "resolved", mnt: "mnt:[2]", more: { mountinfo: bound } }),
      },
    },
    levels: [],
  },
  {
    name: "what the engine tells of is told there",
    host: {
      ...inContainer(bound),
      engine: {
        "/info": {},
        "/containers/json?all=1": [{ Id: id }],
        [`/containers/${id}/json`]: {
          Id: id,
          Name: "/agent",
          Mounts: [{ Source: "/var/run/docker.sock", Destination: "/var/run/docker.sock" }],
        },
      },
    },
    levels: [],
  },
]);

const idle = (comm: string, ...cmdline: string[]) => ({
  files: {
    ...engine,
    ...processFiles(4000, { comm: "deno", cmdline: ["deno", "doctor", "/var/run/docker.sock"] }),
    ...processFiles(60, { comm, uid: 1000, cmdline: [comm, ...cmdline] }),
  },
  unix: [listener],
});
const listens = "UNIX-LISTEN:/intercept/docker.sock,mode=600,fork";

checkCases(relays, [
  {
    name: "socat that waits for somebody is found, and what takes its place is told",
    host: idle("socat", listens, "UNIX-CONNECT:/var/run/docker.sock"),
    levels: ["wrong"],
    says: [
      /^socat passes \/run\/docker\.sock on: whoever reaches it is root$/m,
      /^pid 60, .*: UNIX-CONNECT:\/var\/run\/docker\.sock$/m,
      /^# end it, .*\[\{ socket: \/intercept\/docker\.sock, policy: read-only \}\]$/m,
    ],
  },
  {
    name: "so is systemd's proxy, by the path without links",
    host: idle("systemd-socket-", "/run/docker.sock"),
    levels: ["wrong"],
    says: [/let its clients use a listener/],
  },
  {
    name: "another program that was started with it is advice",
    host: idle("agent", "--docker=unix:///var/run/docker.sock", "--password=x"),
    levels: ["advice"],
    saysNot: [/password/],
  },
  {
    name: "one that is connected was told of already",
    host: {
      files: {
        ...engine,
        ...processFiles(60, {
          comm: "socat",
          cmdline: ["socat", "-", "UNIX-CONNECT:/run/docker.sock"],
          sockets: [301],
        }),
      },
      unix: [listener, accepted(201, 301)],
    },
    levels: [],
  },
  ...[
    "/intercept/run/docker.sock",
    "/run/docker.sock.old",
    "/run/docker.sock/x",
    "a/run/docker.sock",
  ]
    .map((path) => ({ name: `${path} is another`, host: idle("socat", path), levels: [] })),
  {
    name: "in a container, the path may be another file's",
    host: {
      files: {
        ...engine,
        ...processFiles(4000, { comm: "deno" }),
        ...processFiles(60, {
          comm: "traefik",
          container: id,
          cmdline: ["traefik", "unix:///var/run/docker.sock"],
          mnt: "mnt:[2]",
        }),
      },
      unix: [listener],
    },
    levels: [],
  },
  {
    name: "the engine and the gate are told it, too",
    host: {
      files: {
        ...gateSocket,
        ...processFiles(4000, { comm: "deno" }),
        ...processFiles(50, {
          comm: "dockerd",
          cmdline: ["dockerd", "-H", "unix:///var/run/docker.sock"],
          sockets: [100],
        }),
        ...processFiles(70, {
          comm: "postern",
          cmdline: ["postern", "serve", "--upstream", "/var/run/docker.sock"],
          sockets: [900],
          more: { "net/unix": unixTable },
        }),
      },
      unix: [listener],
    },
    configured: configOf(oneListener),
    levels: [],
  },
]);

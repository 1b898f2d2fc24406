import { realSocket } from "../../../lib/doctor/checks/real_socket.ts";
import { socketGroup } from "../../../lib/doctor/checks/socket_group.ts";
import { socketUnit } from "../../../lib/doctor/checks/socket_unit.ts";
import { checkCases } from "./cases.ts";
import { configOf } from "./config_of.ts";
import { DEVICE, processFiles, SOCKET, usual } from "./fake_host.ts";

const socket = (more: Record<string, unknown>) => ({
  files: { [SOCKET]: { socket: true as const, mode: 0o660, gid: 998, inode: 77, ...more } },
});

checkCases(realSocket, [
  {
    name: "0660 root:docker is fine, links are resolved",
    levels: ["fine"],
    says: [/\/run\/docker\.sock \(\/var\/run\/docker\.sock leads there\): 0660 root:docker/],
  },
  {
    name: "a socket that everybody may write is wrong",
    host: socket({ mode: 0o666 }),
    levels: ["wrong"],
    says: [/everybody on this host/, /0666 root:docker/, /postern harden apply --only sockets/],
  },
  {
    name: "one that everybody may only read is fine",
    host: socket({ mode: 0o664 }),
    levels: ["fine"],
  },
  {
    name: "another user's socket is wrong",
    host: socket({ uid: 1000 }),
    levels: ["wrong"],
    says: [/belongs to another user than root/, /0660 alice:docker/],
  },
  {
    name: "a rootless engine's socket is its user's",
    host: { files: { "/run/user/1000/docker.sock": { socket: true, mode: 0o660, uid: 1000 } } },
    configured: configOf(
      "upstream: /run/user/1000/docker.sock\nlisteners: [{ socket: /run/postern/ci.sock }]\n",
    ),
    levels: ["fine"],
  },
  {
    name: "a file in the socket's place is wrong",
    host: { files: { [SOCKET]: "" } },
    levels: ["wrong"],
    says: [/is no socket/],
  },
  {
    name: "whom an access control list names is root, too",
    host: socket({
      acl: [
        { kind: "user", id: 1000, bits: 6 },
        { kind: "group", id: 33, bits: 6 },
        { kind: "user", id: 990, bits: 6 },
      ],
    }),
    levels: ["wrong"],
    says: [
      /access control list/,
      /^user:alice$/m,
      /^group:33$/m,
      /^setfacl -b \/run\/docker\.sock$/m,
    ],
    saysNot: [/user:postern/],
  },
  {
    name: "one that lets them only read is nothing",
    host: socket({ acl: [{ kind: "user", id: 1000, bits: 4 }] }),
    levels: ["fine"],
  },
  {
    name: "a folder that others may write lets them replace it",
    host: { files: { "/run": { mode: 0o777 } } },
    levels: ["wrong"],
    says: [/another socket in the place/, /\/run: 0777 root:root/, /chmod go-w \/run/],
  },
  {
    name: "a folder of another user's does, too",
    host: { files: { "/run": { uid: 1000 } } },
    levels: ["wrong"],
    says: [/chown root \/run/],
  },
  {
    name: "a sticky folder does not",
    host: { files: { "/run": { mode: 0o1777 } } },
    levels: ["fine"],
  },
  {
    name: "a folder that root's own group may write does not, either",
    host: { files: { "/run": { mode: 0o775 } } },
    levels: ["fine"],
  },
  {
    name: "one that others are in, too, does",
    host: {
      files: { "/run": { mode: 0o775 }, "/etc/group": "root:x:0:alice\ndocker:x:998:\n" },
    },
    levels: ["wrong"],
  },
  {
    name: "whom a folder's access control list lets write can replace it",
    host: { files: { "/run": { mode: 0o775, acl: [{ kind: "user", id: 1000, bits: 7 }] } } },
    levels: ["wrong"],
    says: [/^\/run: access control list, user:alice$/m, /^setfacl -b \/run$/m],
  },
  {
    name: "a folder's access control list that lets read alone does not",
    host: { files: { "/run": { acl: [{ kind: "group", id: 1000, bits: 5 }] } } },
    levels: ["fine"],
  },
  {
    name: "a link of others' on the way leads where they like",
    host: {
      files: { "/tmp": { mode: 0o1777 }, "/tmp/d.sock": { link: SOCKET, uid: 1000 } },
    },
    configured: configOf("upstream: /tmp/d.sock\nlisteners: [{ socket: /run/p/ci.sock }]\n"),
    levels: ["wrong"],
    says: [
      /^\/tmp\/d\.sock: a link of alice's, to \/run\/docker\.sock$/m,
      /^chown -h root \/tmp\/d/m,
    ],
  },
  {
    name: "so does whoever may write the folder of a link of root's",
    host: { files: { "/srv": { mode: 0o777 }, "/srv/d.sock": { link: SOCKET } } },
    configured: configOf("upstream: /srv/d.sock\nlisteners: [{ socket: /run/p/ci.sock }]\n"),
    levels: ["wrong"],
    says: [/^\/srv: 0777 root:root$/m],
  },
  {
    name: "a socket that cannot be seen is unknown",
    host: { files: { [SOCKET]: { link: "/nowhere" } } },
    levels: ["unknown"],
  },
  {
    name: "below a root, a socket that is not there yet is nothing to speak of",
    host: { root: "/mnt", files: { [SOCKET]: { link: "/nowhere" } } },
    levels: [],
  },
]);

const group = (line: string) => ({
  files: { "/etc/group": `root:x:0:\n${line}\npostern-engine:x:989:postern\n` },
});

const rootless = {
  files: {
    "/etc/group": "root:x:0:\nalice:x:1000:\n",
    "/srv/docker.sock": { socket: true as const, mode: 0o660, uid: 1000, gid: 1000 },
  },
  engine: { "/info": { SecurityOptions: ["name=rootless"] } },
};
const atSrv = configOf("upstream: /srv/docker.sock\nlisteners: [{ socket: /run/p/ci.sock }]\n");

checkCases(realSocket, [
  {
    name: "a rootless engine's socket is its user's wherever it is",
    host: rootless,
    configured: atSrv,
    levels: ["fine"],
  },
  {
    name: "whoever connects to one is that user, not root",
    host: {
      ...rootless,
      files: {
        ...rootless.files,
        "/srv/docker.sock": { socket: true, mode: 0o666, uid: 1000, gid: 1000 },
      },
    },
    configured: atSrv,
    levels: ["wrong"],
    says: [/whoever connects is alice$/m],
  },
]);

checkCases(socketGroup, [
  {
    name: "the group of a rootless engine's own user is fine",
    host: rootless,
    configured: atSrv,
    levels: ["fine"],
    says: [/nobody but the gate and alice is in the group alice/],
  },
  { name: "a group of nobody's is fine", levels: ["fine"] },
  {
    name: "everybody who is listed is named",
    host: group("docker:x:998:alice,bob"),
    levels: ["wrong"],
    says: [
      /2 users of the group docker/,
      /^alice: listed in /m,
      /^bob: /m,
      /^# or takes alice out: gpasswd -d alice docker$/m,
      /gpasswd -d alice docker/,
    ],
  },
  {
    name: "so is whose primary group it is",
    host: {
      files: { "/etc/passwd": "root:x:0:0::/:\nci:x:1001:998::/:\n" },
    },
    levels: ["wrong"],
    says: [/1 user of the group docker/, /^ci: it is the primary group/m],
  },
  {
    name: "so is whom only a directory service knows",
    host: {
      programs: (program, args) =>
        program === "getent" && args.join(" ") === "group docker"
          ? { code: 0, stdout: "docker:x:998:carol\n", stderr: "" }
          : undefined,
    },
    levels: ["wrong"],
    says: [/^carol: by a directory service/m],
  },
  {
    name: "the gate's own user is no finding",
    host: { files: { [SOCKET]: { socket: true, mode: 0o660, gid: 989 } } },
    levels: ["fine"],
    says: [/postern-engine/],
  },
  {
    name: "another name of the same number lets in the same",
    host: group("docker:x:998:\nops:x:998:bob"),
    levels: ["wrong"],
    says: [
      /^bob: listed in \/etc\/group \(ops, the same number\)$/m,
      /^# or .* gpasswd -d bob ops$/m,
    ],
  },
  {
    name: "so is whose primary group it is by a directory service alone",
    host: {
      programs: (program, args) =>
        program === "getent" && args.join(" ") === "passwd"
          ? { code: 0, stdout: "dora:x:7001:998:::/bin/bash\n", stderr: "" }
          : undefined,
    },
    levels: ["wrong"],
    says: [/^dora: it is the primary group, by a directory service/m],
  },
  {
    name: "a service that need not list everybody leaves them unknown",
    host: { files: { "/etc/nsswitch.conf": "passwd: files [NOTFOUND=continue] sss # all\n" } },
    levels: ["unknown"],
    says: [/^\/etc\/nsswitch\.conf: passwd: sss, which need not list everybody$/m],
  },
  {
    name: "a service that does not answer leaves them unknown, and is asked once",
    host: {
      programs: (program, args) =>
        program === "getent"
          ? { code: 137, stdout: "", stderr: `late: ${args.join(" ")}` }
          : undefined,
    },
    levels: ["unknown"],
    says: [/^getent group: late: group$/m],
    saysNot: [/late: (passwd|group \S+)$/m],
  },
  {
    name: "a name that no service knows is no failure",
    host: {
      programs: (program) => program === "getent" ? { code: 2, stdout: "", stderr: "" } : undefined,
    },
    levels: ["fine"],
  },
  {
    name: "below a root such a service is not asked",
    host: { root: "/mnt", files: { "/etc/nsswitch.conf": "group:\tfiles systemd ldap\n" } },
    levels: ["unknown"],
    says: [/^\/etc\/nsswitch\.conf: group: ldap, which is not asked/m],
  },
  {
    name: "files and systemd list all whom they know",
    host: { files: { "/etc/nsswitch.conf": "passwd: files systemd\nhosts: files dns\n" } },
    levels: ["fine"],
  },
  {
    name: "its administrators can add themselves",
    host: { files: { "/etc/gshadow": "docker:!:alice:\nroot:*::\n" } },
    levels: ["wrong"],
    says: [/^alice: administers the group/m],
  },
  {
    name: "a password lets in whoever knows it",
    host: { files: { "/etc/gshadow": "docker:$y$j9T$x$y::\n" } },
    levels: ["wrong"],
    says: [/password of the group docker/, /^gpasswd -r docker$/m],
  },
  {
    name: "a password of group(5), too",
    host: group("docker:$6$x:998:"),
    levels: ["wrong"],
    says: [/password of the group docker/],
  },
  {
    name: "a locked password, or none, lets in nobody",
    host: { files: { "/etc/gshadow": "docker:!::\nroot:$6$x::\n" } },
    levels: ["fine"],
  },
  {
    name: "what may not be read of it is unknown",
    host: { uid: 1000, files: { "/etc/gshadow": { closed: true } } },
    levels: ["unknown"],
    says: [/^\/etc\/gshadow: EACCES/m, /^sudo postern doctor$/m],
  },
  {
    name: "who still has it from before is named",
    host: {
      files: {
        ...processFiles(60, {
          comm: "bash",
          uid: 1000,
          more: { status: "Name:\tbash\nUid:\t1000\t1000\t1000\t1000\nGroups:\t4 998 \n" },
        }),
        "/overlay": { inode: 5 },
        ...processFiles(62, {
          comm: "sh",
          uid: 1000,
          container: "ef".repeat(32),
          more: { status: "Name:\tsh\nUid:\t1000\t1000\t1000\t1000\nGroups:\t998\n" },
        }),
        ...processFiles(61, {
          comm: "sh",
          uid: 1000,
          container: "ab".repeat(32),
          more: {
            root: { link: "/overlay" },
            status: "Name:\tsh\nUid:\t1000\t1000\t1000\t1000\nGid:\t998\t998\t998\t998\n",
          },
        }),
      },
    },
    levels: ["wrong"],
    says: [/^pid 60, .*, user alice: /m, /^# kill 60$/m, /^pid 62, /m],
    saysNot: [/pid 61/],
  },
  {
    name: "a program that gives the group is named",
    host: {
      files: {
        "/usr/bin/relay": { text: "", mode: 0o2755, gid: 998 },
        "/usr/bin/wall": { text: "", mode: 0o2755, gid: 5 },
        "/usr/bin/data": { text: "", mode: 0o2640, gid: 998 },
      },
    },
    levels: ["wrong"],
    says: [/^\/usr\/bin\/relay: setgid$/m, /^chmod g-s \/usr\/bin\/relay$/m],
    saysNot: [/wall|data/],
  },
  {
    name: "a person who is called as the gate's user is none",
    host: {
      files: {
        "/etc/passwd": "root:x:0:0::/:\npostern:x:1505:1505::/home/postern:/bin/bash\n",
        "/etc/group": "docker:x:998:postern\n",
      },
    },
    levels: ["wrong"],
    says: [/^postern: listed in/m],
  },
  {
    name: "a group that may not write the socket does not count",
    host: {
      files: {
        ...group("docker:x:998:alice").files,
        [SOCKET]: { socket: true, mode: 0o600, gid: 998 },
      },
    },
    levels: [],
  },
]);

const unit = (lines: string) => `[Socket]\nListenStream=/run/docker.sock\n${lines}`;
const FILE = "/usr/lib/systemd/system/docker.socket";
const members = { "/etc/group": "docker:x:998:alice\npostern-engine:x:989:postern\n" };
const engineOwned = { [SOCKET]: { socket: true as const, mode: 0o660, gid: 989 } };

checkCases(socketUnit, [
  { name: "no unit, nothing to say", levels: [] },
  {
    name: "a mode for everybody is wrong, be it systemd's default",
    host: { files: { [FILE]: unit("SocketGroup=docker\n") } },
    levels: ["wrong"],
    says: [/SocketMode=0666/],
  },
  {
    name: "harden's drop-in is fine",
    host: {
      files: {
        ...members,
        ...engineOwned,
        [FILE]: unit("SocketMode=0660\nSocketGroup=docker\n"),
        "/etc/systemd/system/docker.socket.d/10-postern.conf":
          "[Socket]\nSocketMode=0660\nSocketUser=root\nSocketGroup=postern-engine\n",
      },
    },
    levels: ["fine"],
    says: [/0660, group postern-engine/],
  },
  {
    name: "a socket that was changed by hand goes back to the group's members at the next start",
    host: {
      files: { ...members, ...engineOwned, [FILE]: unit("SocketMode=0660\nSocketGroup=docker\n") },
    },
    levels: ["wrong"],
    says: [/gives the real socket to the group docker at its next start: alice would be root/],
  },
  {
    name: "below a root, the unit counts where there is no socket",
    host: {
      root: "/mnt",
      files: {
        ...members,
        [SOCKET]: { link: "/nowhere" },
        [FILE]: unit("SocketMode=0660\nSocketGroup=docker\n"),
      },
    },
    levels: ["wrong"],
    says: [/at its next start: alice would be root/],
  },
  {
    name: "what is said for all sockets counts, too",
    host: {
      files: {
        ...engineOwned,
        [FILE]: unit("SocketMode=0660\nSocketGroup=postern-engine\n"),
        "/etc/systemd/system/socket.d/mode.conf": "[Socket]\nSocketMode=0666\n",
      },
    },
    levels: ["wrong"],
    says: [/socket\.d\/mode\.conf: SocketMode=0666/],
  },
  {
    name: "a comment ends with its line, and what stands in another section does not count",
    host: {
      files: {
        [FILE]: unit(
          "SocketMode=0660\n# a path: C:\\\nSocketMode=0666\n[Install]\nSocketMode=0600\n",
        ),
      },
    },
    levels: ["wrong"],
    says: [/SocketMode=0666/],
  },
  {
    name: "a line that goes on is one",
    host: { files: { [FILE]: unit("SocketMode=\\\n# in between\n0600\n") } },
    levels: ["fine"],
  },
  {
    name: "a user of its own is root",
    host: { files: { [FILE]: unit("SocketMode=0600\nSocketUser=alice\n") } },
    levels: ["wrong"],
    says: [/to the user alice at its next start/],
  },
  {
    name: "%t is /run",
    host: { files: { [FILE]: "[Socket]\nListenStream=%t/docker.sock\n" } },
    levels: ["wrong"],
    says: [/SocketMode=0666/],
  },
  {
    name: "a group by its number counts as by its name",
    host: {
      files: { ...members, ...engineOwned, [FILE]: unit("SocketMode=0660\nSocketGroup=998\n") },
    },
    levels: ["wrong"],
    says: [/to the group 998 at its next start: alice would be root/],
  },
  {
    name: "a group that no file lists is unknown",
    host: { files: { ...engineOwned, [FILE]: unit("SocketMode=0660\nSocketGroup=ldap\n") } },
    levels: ["unknown"],
    says: [/does not list ldap/],
  },
  {
    name: "a unit in /etc is read instead of the distribution's",
    host: {
      files: {
        ...usual,
        [FILE]: unit("SocketMode=0666\n"),
        "/etc/systemd/system/docker.socket": unit("SocketMode=0600\n"),
      },
    },
    levels: ["fine"],
    says: [/0600, group root/],
  },
]);

const engineOf = (...hosts: string[]) =>
  processFiles(50, { comm: "dockerd", cmdline: ["dockerd", ...hosts], sockets: [100, 101] });
const second = (gid: number, mode: number) => ({
  "/run/second.sock": { socket: true as const, mode, gid, inode: 78 },
});

checkCases(realSocket, [
  {
    name: "another socket of the same engine is one, too",
    host: {
      files: { ...engineOf("-H", "fd://", "-H", "unix:///run/second.sock"), ...second(998, 0o666) },
    },
    levels: ["fine", "wrong"],
    says: [/everybody on this host can connect to \/run\/second\.sock/, /^# take it out of where/m],
  },
  {
    name: "so is another of docker.socket's",
    host: {
      files: {
        ...engineOf("-H", "fd://"),
        "/lib/systemd/system/docker.socket":
          "[Socket]\nListenStream=/run/docker.sock\nListenStream=/var/run/second.sock\n",
        ...second(998, 0o666),
      },
    },
    levels: ["fine", "wrong"],
  },
  {
    name: "and what else systemd handed to it",
    host: {
      files: {
        ...engineOf("-H", "fd://"),
        ...processFiles(1, { comm: "systemd", sockets: [100, 101] }),
        ...second(998, 0o666),
      },
      unix: [
        { inode: 100, listens: true, path: SOCKET, file: { inode: 77, device: DEVICE } },
        { inode: 101, listens: true, path: "/run/second.sock" },
      ],
    },
    levels: ["fine", "wrong"],
  },
  {
    name: "the same one by another name is not told of twice",
    host: { files: engineOf("-H", "unix:///var/run/docker.sock", "-H", "unix://") },
    levels: ["fine"],
  },
]);

checkCases(socketGroup, [
  {
    name: "whoever is in the group of another socket of the same engine is root, too",
    host: {
      files: {
        "/etc/group": "docker:x:998:\nops:x:33:alice\n",
        ...engineOf("-H", "fd://", "-H", "unix:///run/second.sock"),
        ...second(33, 0o660),
      },
    },
    levels: ["fine", "wrong"],
    says: [/^alice: listed/m],
  },
]);

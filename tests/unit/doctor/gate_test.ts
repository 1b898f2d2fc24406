import { auditFolder } from "../../../lib/doctor/checks/audit_folder.ts";
import { confinement } from "../../../lib/doctor/checks/confinement.ts";
import { configuration } from "../../../lib/doctor/checks/configuration.ts";
import { identity } from "../../../lib/doctor/checks/identity.ts";
import { listeners } from "../../../lib/doctor/checks/listeners.ts";
import { sandbox } from "../../../lib/doctor/checks/sandbox.ts";
import { checkCases } from "./cases.ts";
import { configOf, oneListener } from "./config_of.ts";
import { DEVICE, type Entry, type Made, processFiles } from "./fake_host.ts";

const configured = configOf(oneListener);
const PATH = "/run/postern/ci.sock";

checkCases(configuration, [
  { name: "none is advice", levels: ["advice"], says: [/postern harden plan/] },
  { name: "a valid one is fine", configured, levels: ["fine"], says: [/1 listener$/m] },
  {
    name: "one with mistakes is wrong, and each is told",
    configured: { file: "/etc/p.yaml", problems: ["/etc/p.yaml:3:5: unknown key polcy"] },
    levels: ["wrong"],
    says: [/3:5: unknown key polcy/, /postern check -c \/etc\/p\.yaml/],
  },
]);

/** A gate that serves PATH. */
const served = (socket: Entry, more: Record<string, Entry> = {}, uid = 990): Made => ({
  files: {
    [PATH]: socket,
    ...processFiles(70, {
      comm: "postern",
      uid,
      sockets: [900],
      more: {
        "net/unix": `0000000000000000: 00000002 00000000 00010000 0001 01   900 ${PATH}\n`,
      },
    }),
    ...more,
  },
});
const socket = { socket: true as const, mode: 0o660, gid: 998, inode: 90 };

checkCases(listeners, [
  { name: "no configuration, nothing to say", levels: [] },
  { name: "as configured is fine", host: served(socket), configured, levels: ["fine"] },
  {
    name: "nothing there: the gate does not run",
    configured,
    levels: ["wrong"],
    says: [
      /listener ci is not there/,
      /^\/run\/postern\/ci\.sock: nothing is there$/m,
      /^postern serve -c \S+$/m,
    ],
  },
  {
    name: "another mode",
    host: served({ ...socket, mode: 0o666 }),
    configured,
    levels: ["wrong"],
    says: [
      /there: 0666 root:docker/,
      /postern\.yaml:3: 0660 root:docker/,
      /^chown root:docker \/run\/postern\/ci\.sock$/m,
      /^chmod 0660 \/run\/postern\/ci\.sock$/m,
    ],
  },
  { name: "another owner", host: served({ ...socket, uid: 1000 }), configured, levels: ["wrong"] },
  { name: "another group", host: served({ ...socket, gid: 0 }), configured, levels: ["wrong"] },
  {
    name: "a folder that others may write",
    host: served(socket, { "/run/postern": { mode: 0o777 } }),
    configured,
    levels: ["wrong"],
    says: [/chmod go-w \/run\/postern/],
  },
  {
    name: "a folder of somebody else's",
    host: served(socket, { "/run/postern": { uid: 1000 } }),
    configured,
    levels: ["wrong"],
    says: [/chown root \/run\/postern/],
  },
  {
    name: "whom an access control list lets in",
    host: served({ ...socket, acl: [{ kind: "user", id: 1000, bits: 6 }] }),
    configured,
    levels: ["wrong"],
    says: [/access control list/, /^user:alice$/m, /^setfacl -b \/run\/postern\/ci\.sock$/m],
  },
  {
    name: "a folder on the way to it through a link, that others may write",
    host: served(socket, {
      "/srv": { mode: 0o777 },
      "/srv/gate": { link: "/run/postern" },
    }),
    configured: configOf(oneListener.replace("/run/postern", "/srv/gate")),
    levels: ["wrong"],
    says: [/^\/srv: 0777/m],
  },
  {
    name: "a folder of the gate's user is fine",
    host: served(socket, { "/run/postern": { uid: 990 } }),
    configured,
    levels: ["fine"],
  },
  {
    name:
      "whoever put a socket of his own there is not the gate, and no reason to trust the folder",
    host: served({ ...socket, mode: 0o600, uid: 1000 }, { "/run/postern": { uid: 1000 } }, 1000),
    configured,
    levels: ["wrong", "wrong", "wrong"],
    says: [
      /somebody else than the gate listens/,
      /^pid 70, .*, user alice$/m,
      /chown root \/run\/postern/,
      /^# once its folder is closed:$/m,
    ],
    saysNot: [/^chmod 0660/m],
  },
  {
    name: "whether it is the gate that listens in a container is unknown",
    host: {
      ...served(socket, { "/proc/70/cgroup": `0::/docker/${"ab".repeat(32)}\n` }, 65532),
    },
    configured,
    levels: ["unknown"],
    says: [/^pid 70, .*, container abababababab$/m],
  },
  {
    name: "in a container, it is not the gate that is a service",
    host: served(socket, {
      "/proc/70/cgroup": `0::/docker/${"ab".repeat(32)}\n`,
      "/etc/systemd/system/postern.service": "[Service]\nUser=postern\n",
    }),
    configured,
    levels: ["wrong"],
    says: [/somebody else than the gate listens/],
  },
  {
    name: "nor with the host's cgroup, and another root or pid namespace than the host's",
    host: served(socket, {
      ...processFiles(4000, { comm: "deno" }),
      "/proc/70/ns/pid": { link: "pid:[2]" },
    }),
    configured,
    levels: ["wrong"],
  },
  {
    name: "a socket that nobody listens at is left over",
    host: { files: { [PATH]: socket } },
    configured,
    levels: ["wrong"],
    says: [/listener ci is left over/],
  },
  {
    name: "one socket that is left over beside one that is served",
    host: {
      ...served(socket),
      files: { ...served(socket).files, "/run/postern/old.sock": { ...socket, inode: 91 } },
      unix: [{ inode: 900, listens: true, path: PATH, file: { inode: 90, device: DEVICE } }],
    },
    configured: configOf(
      `${oneListener}  - { socket: /run/postern/old.sock, mode: 0660, group: docker }\n`,
    ),
    levels: ["wrong"],
    says: [/listener old is left over/, /^\/run\/postern\/old\.sock: nobody listens/m],
  },
  {
    name: "one that systemd holds for a gate that is to be started is served",
    host: {
      files: { [PATH]: socket },
      unix: [{ inode: 900, listens: true, path: PATH, file: { inode: 90, device: DEVICE } }],
    },
    configured,
    levels: ["fine"],
  },
]);

const onPort = configOf(
  "listeners: [{ listen: tcp://127.0.0.1:2375, insecure: true, policy: read-only }]\n",
);
const port = (pid: number, address: string) => ({
  ...processFiles(4000, {
    comm: "deno",
    more: { "net/tcp": `   0: ${address}:0947 00000000:0000 0A 0:0 00:0 0 0 0 500 1\n` },
  }),
  ...processFiles(pid, {
    comm: "postern",
    uid: 990,
    sockets: [500],
    more: { "net/tcp": `   0: ${address}:0947 00000000:0000 0A 0:0 00:0 0 0 0 500 1\n` },
  }),
});

checkCases(listeners, [
  {
    name: "a port without certificates is advice",
    host: { files: port(70, "0100007F") },
    configured: onPort,
    levels: ["advice"],
    says: [/open to whoever reaches it/],
  },
  {
    name: "a port at another address is not the gate's",
    host: { files: port(70, "0200007F") },
    configured: onPort,
    levels: ["wrong", "advice"],
    says: [/^tcp:\/\/127\.0\.0\.1:2375: nobody listens there/m],
  },
]);

const runAs = configOf(`${oneListener}run_as: { user: postern, group: docker }\n`);
const UNIT = "/etc/systemd/system/postern.service";

checkCases(identity, [
  { name: "no configuration, nothing to say", levels: [] },
  {
    name: "a user of its own is fine",
    host: served(socket),
    configured,
    levels: ["fine"],
    says: [/runs as postern/],
  },
  {
    name: "a gate on a port alone is known by it",
    host: { files: port(70, "0100007F") },
    configured: onPort,
    levels: ["fine"],
    says: [/runs as postern/],
  },
  {
    name: "root is advice",
    host: served(socket, {}, 0),
    configured,
    levels: ["advice"],
    says: [/pid 70/, /run_as: \{ user: NAME \}/],
  },
  {
    name: "root in spite of run_as is wrong",
    host: served(socket, {}, 0),
    configured: runAs,
    levels: ["wrong"],
  },
  {
    name: "below a root, the unit's user is fine",
    host: { root: "/mnt", files: { [UNIT]: "[Service]\nUser=postern\n" } },
    configured,
    levels: ["fine"],
  },
  {
    name: "a unit without a user runs as root",
    host: {
      root: "/mnt",
      files: { [UNIT]: "[Service]\nExecStart=/usr/local/bin/postern serve\n" },
    },
    configured,
    levels: ["advice"],
    says: [/postern\.service runs as root/],
  },
]);

const analysed = (exposure: string, asked: string[][] = []): Made => ({
  files: { [UNIT]: "[Service]\nUser=postern\n", "/usr/lib/systemd/system/x.service": "" },
  programs: (program, args) => {
    if (program !== "systemd-analyze") return undefined;
    asked.push([...args]);
    return {
      code: 0,
      stdout: `✓ User=\n\n→ Overall exposure level for postern.service: ${exposure} OK 🙂\n`,
      stderr: "",
    };
  },
});

checkCases(sandbox, [
  { name: "without systemd, nothing to say", configured, levels: [] },
  {
    name: "no unit is advice",
    host: { files: { "/usr/lib/systemd/system/x.service": "" } },
    configured,
    levels: ["advice"],
    says: [/there is no postern\.service/],
  },
  {
    name: "an exposure of 1.5 is fine",
    host: analysed("1.5"),
    configured,
    levels: ["fine"],
    says: [/exposure 1\.5 of 10/],
  },
  { name: "one of 1.6 is advice", host: analysed("1.6"), configured, levels: ["advice"] },
  { name: "one of 9.6 is advice", host: analysed("9.6"), configured, levels: ["advice"] },
  {
    name: "without systemd-analyze it is unknown",
    host: {
      files: { [UNIT]: "[Service]\nUser=postern\n", "/lib/systemd/system/x.service": "" },
    },
    configured,
    levels: ["unknown"],
    says: [/systemd-analyze is not installed/],
  },
]);

const records = configOf(`${oneListener}audit: { file: /var/log/postern/audit.jsonl }\n`);
const LOG = "/var/log/postern";

checkCases(auditFolder, [
  { name: "records that go to the journal have no folder", configured, levels: [] },
  {
    name: "a folder of root's is fine",
    host: { files: { [`${LOG}/audit.jsonl`]: "" } },
    configured: records,
    levels: ["fine"],
  },
  {
    name: "a folder that a group may write is wrong",
    host: { files: { [LOG]: { mode: 0o775 }, [`${LOG}/audit.jsonl`]: "" } },
    configured: records,
    levels: ["wrong"],
    says: [/chmod go-w \/var\/log\/postern$/m],
  },
  {
    name: "a file that others may write is wrong",
    host: { files: { [`${LOG}/audit.jsonl`]: { text: "", mode: 0o666 } } },
    configured: records,
    levels: ["wrong"],
    says: [/chmod go-w \/var\/log\/postern\/audit\.jsonl/],
  },
  {
    name: "a folder of somebody else's is wrong",
    host: { files: { [LOG]: { uid: 1000 }, [`${LOG}/audit.jsonl`]: "" } },
    configured: records,
    levels: ["wrong"],
    says: [/chown root/],
  },
  {
    name: "a folder of the unit's user is fine",
    host: {
      files: {
        [LOG]: { uid: 990 },
        [`${LOG}/audit.jsonl`]: { text: "", uid: 990 },
        [UNIT]: "[Service]\nUser=postern\n",
      },
    },
    configured: records,
    levels: ["fine"],
  },
]);

const apparmor = { "/sys/module/apparmor/parameters/enabled": "Y\n" };
const selinux = { "/sys/fs/selinux/enforce": "1" };
const labelled = (label: string, module: Record<string, string>) =>
  served(socket, { ...module, "/proc/70/attr/current": label });

checkCases(confinement, [
  { name: "where the kernel has none, nothing to say", host: labelled("x\n", {}), levels: [] },
  {
    name: "a profile that holds is fine",
    host: labelled("postern (enforce)\n", apparmor),
    configured,
    levels: ["fine"],
    says: [/postern \(enforce\)/],
  },
  {
    name: "one that complains is advice",
    host: labelled("postern (complain)\n", apparmor),
    configured,
    levels: ["advice"],
    says: [/^aa-enforce postern$/m],
  },
  {
    name: "none is advice",
    host: labelled("unconfined\n", apparmor),
    configured,
    levels: ["advice"],
    says: [/pid 70, .*: unconfined/, /--only apparmor/],
  },
  {
    name: "a domain of SELinux's is fine",
    host: labelled("system_u:system_r:postern_t:s0\0", selinux),
    configured,
    levels: ["fine"],
    says: [/SELinux/],
  },
  ...["system_u:system_r:unconfined_t:s0", "system_u:system_r:initrc_t:s0\0"].map((label) => ({
    name: `${label.split(":")[2]} is none`,
    host: labelled(label, selinux),
    configured,
    levels: ["advice"] as const,
    says: [/--only selinux/],
  })),
]);

import assert from "node:assert/strict";
import { judgeRule } from "../../../lib/doctor/audit_judge.ts";
import { auditRules } from "../../../lib/doctor/audit_rule.ts";
import { auditRulesCheck } from "../../../lib/doctor/checks/audit_rules.ts";
import { auditRules as hardenWrites } from "../../../lib/harden/audit_rules.ts";
import { checkCases } from "./cases.ts";
import { hostOf, type Made, SOCKET } from "./fake_host.ts";

const FILE = "/etc/audit/rules.d/50-docker.rules";
const b64 = `-a always,exit -F arch=b64 -S connect -F path=${SOCKET} -k docker_socket`;
const b32 = b64.replace("b64", "b32");
const i386 = b32.replace("-S connect", "-S socketcall -F a0=3");
const all = `${b64}\n${b32}\n${i386}\n`;

const scope = {
  sockets: [SOCKET],
  exempt: { user: "postern", program: "/usr/bin/postern" },
  arch: Deno.build.arch,
};
const but = (user: string) => all.replaceAll(" -k", ` -F uid!=${user} -k`);
const ofGate = (field: string) => all.replaceAll(" -k", ` -F uid=990 -F ${field} -k`);

const written = (text: string, more: Made = {}): Made => ({ ...more, files: { [FILE]: text } });
/** A kernel that has loaded these. */
const loaded = (rules: string, enabled = 1): Pick<Made, "programs"> => ({
  programs: (program, args) =>
    program !== "auditctl" ? undefined : {
      code: 0,
      stdout: args[0] === "-l" ? rules || "No rules\n" : `enabled ${enabled}\nfailure 1\npid 400\n`,
      stderr: "",
    },
});

checkCases(auditRulesCheck, [
  { name: "no rules at all is advice", levels: ["advice"], says: [/nobody records/] },
  {
    name: "the familiar watch catches no connect",
    host: written("-w /var/run/docker.sock -p rwa -k docker\n"),
    levels: ["wrong"],
    says: [/look as if/, /50-docker\.rules: -w \/var\/run\/docker\.sock .*a connect does none/],
  },
  {
    name: "so does a folder's",
    host: written("-w /run -p wa\n"),
    levels: ["wrong"],
    says: [/-w \/run -p wa: a watch/],
  },
  {
    name: "a watch of something else is something else",
    host: written("-w /usr/bin/docker -p x\n"),
    levels: ["advice"],
  },
  {
    name: "a watch written as a rule with perm is one, too",
    host: written(`-a always,exit -F path=${SOCKET} -F perm=rwa\n`),
    levels: ["wrong"],
  },
  { name: "rules for both architectures are fine", host: written(all), levels: ["fine"] },
  {
    name: "what harden writes is fine",
    host: written(hardenWrites(scope)),
    levels: ["fine"],
  },
  {
    name: "one architecture alone lets 32-bit programs through",
    host: written(`${b64}\n`),
    levels: ["wrong"],
    says: [/some programs can connect/, /arch=b32 -S connect/],
  },
  {
    name: "rules for other calls record none",
    host: written(`-a always,exit -F arch=b64 -S openat,unlink -F path=${SOCKET}\n`),
    levels: ["wrong"],
    says: [/it records openat, unlink, and a client calls connect/],
  },
  {
    name: "only who has logged in: most are left out",
    host: written(all.replaceAll(" -k", " -F auid>=1000 -F auid!=unset -k")),
    levels: ["wrong"],
    says: [/leaves out whoever has no login: services and containers/],
  },
  {
    name: "an exception for root leaves out containers",
    host: written(all.replaceAll(" -k", " -F uid!=0 -k")),
    levels: ["wrong"],
    says: [/leaves out root/],
  },
  {
    name: "an exception for somebody else than the gate is a hole",
    host: written(all.replaceAll(" -k", " -F uid!=alice -k")),
    levels: ["wrong"],
    says: [/it records only where uid!=alice/],
  },
  {
    name: "an exception for the gate's user, by its number too, is one for whoever takes it",
    host: written(but("990")),
    levels: ["wrong"],
    says: [/leave out some/, /uid!=990 leaves out whoever takes that user/],
  },
  {
    name: "such a one is none with rules for that user in other programs",
    host: written(but("postern") + ofGate("exe!=/usr/bin/postern")),
    levels: ["fine"],
  },
  {
    name: "rules for its logins alone do not make up for it",
    host: written(but("postern") + ofGate("auid!=unset")),
    levels: ["wrong"],
  },
  {
    name: "what the kernel has is judged by what older versions of auditctl list",
    host: written(
      but("990") + ofGate("exe!=/p"),
      loaded(but("990") + ofGate("exe=/p")),
    ),
    levels: ["fine"],
  },
  ...[
    "never,exit -F arch=b64 -S connect -F uid=0",
    "never,exit -S all -F auid=unset",
    "never,exit -F arch=b64 -F exe=/usr/bin/docker",
    "never,exit -F arch=b64 -S connect -C uid!=euid",
    "exit,never -F arch=b64 -F dir=/run -F uid=0",
  ].map((rule) => ({
    name: `before others, ${rule} leaves out whom it fits`,
    host: written(`-a ${rule}\n${all}`),
    levels: ["wrong"] as const,
    says: [/comes behind -a/],
  })),
  ...["never,task -F uid=1001", "always,exclude -F msgtype=SYSCALL", "never,exclude -F uid=0"].map(
    (rule) => ({
      name: `${rule} leaves out whom it fits, wherever it stands`,
      host: written(`${all}-a ${rule}\n`),
      levels: ["wrong"] as const,
      says: [/nothing is recorded of/],
    }),
  ),
  ...[
    "never,exit -F arch=b64 -S adjtimex -F uid=chrony",
    "never,exit -F arch=b64 -F dir=/srv",
    "always,exclude -F msgtype=CWD",
    "always,exclude -F msgtype>=2000",
    "never,exit -F arch=b64 -S connect -F saddr_fam=10",
  ].map((rule) => ({
    name: `${rule} is about something else`,
    host: written(`-a ${rule}\n${all}`),
    levels: ["fine"] as const,
  })),
  {
    name: "a comparison leaves out most",
    host: written(all.replaceAll(" -k", " -C uid!=euid -k")),
    levels: ["wrong"],
    says: [/it records only where uid!=euid/],
  },
  {
    name: "-A puts a rule before the others",
    host: written(`${all}-A never,exit -S connect\n`),
    levels: ["wrong"],
  },
  {
    name: "-d takes one away",
    host: written(all + all.replaceAll("-a ", "-d ")),
    levels: ["advice"],
  },
  {
    name: "rules for every connect are as good",
    host: written(all.replaceAll(` -F path=${SOCKET}`, "")),
    levels: ["fine"],
  },
  {
    name: "rules for connects of another family are something else",
    host: written(all.replaceAll(`-F path=${SOCKET}`, "-F saddr_fam=2")),
    levels: ["advice"],
  },
  {
    name: "failures alone are not enough",
    host: written(all.replaceAll(" -k", " -F success=0 -k")),
    levels: ["wrong"],
    says: [/only connects that fail/],
  },
  {
    name: "a rule behind one that never records",
    host: written(`-a never,exit -S connect\n${all}`),
    levels: ["wrong"],
    says: [/comes behind -a never,exit -S connect/],
  },
  {
    name: "Fedora's task,never turns everything off, wherever it stands",
    host: written(`${all}-a task,never\n`),
    levels: ["wrong"],
    says: [/-a task,never: nothing is recorded of any process/],
  },
  {
    name: "written and not loaded",
    host: written(all, loaded("")),
    levels: ["wrong"],
    says: [/written and not loaded/, /augenrules --load/],
  },
  {
    name: "written and loaded",
    host: written(all, loaded(all.replaceAll("-k ", "-F key="))),
    levels: ["fine"],
  },
  {
    name: "loaded and not written is gone at the next boot",
    host: loaded(all),
    levels: ["advice"],
    says: [/until the next boot/],
  },
  {
    name: "a watch that is loaded, where nothing is written",
    host: loaded("-w /run/docker.sock -p rwa -k docker\n"),
    levels: ["wrong"],
    says: [/loaded: -w/],
  },
  {
    name: "auditing switched off",
    host: written(all, loaded(all, 0)),
    levels: ["wrong"],
    says: [/switched off/, /auditctl -e 1/],
  },
  {
    name: "a kernel that does not tell its rules",
    host: written(all, {
      programs: () => ({ code: 255, stdout: "", stderr: "Operation not permitted" }),
    }),
    levels: ["unknown"],
    says: [/auditctl -l: Operation not permitted/, /CAP_AUDIT_CONTROL/],
  },
  {
    name: "in a container, the kernel's rules are the outermost host's",
    host: {
      files: { [FILE]: all, "/run/systemd/container": "systemd-nspawn\n" },
      programs: () => ({ code: 4, stdout: "", stderr: "Error sending rule list data request\n" }),
    },
    levels: ["unknown"],
    says: [/a container itself \(systemd-nspawn\)/, /outermost host/],
  },
  {
    name: "where auditctl is not installed, the files tell",
    host: written(all),
    levels: ["fine"],
    says: [/as far as the files say/],
  },
  {
    name: "a line that switches auditing off, where the files tell",
    host: written(`-e 2\n${all}-e 0\n`),
    levels: ["wrong"],
    says: [/50-docker\.rules: -e 0$/m, /^sed -i /m],
  },
  {
    name: "one that is taken back",
    host: written(`-e 0\n${all}-e 1\n`),
    levels: ["fine"],
  },
  {
    name: "below a root the kernel is not asked",
    host: { ...written(all, loaded("")), root: "/mnt" },
    levels: ["fine"],
  },
  {
    name: "nor is it as another user",
    host: { ...written(all, loaded("")), uid: 1000 },
    levels: ["fine"],
  },
]);

/** What the kernel did with such rules, tried with auditd on Linux 6.18. */
const links = hostOf({ files: { "/srv/docker.sock": { link: SOCKET } } });

Deno.test("doctor, audit-rules: links of folders are followed by the kernel, the last name's is not", () => {
  const judge = (path: string) =>
    judgeRule(links, auditRules(b64.replace(SOCKET, path), "x")[0]!, SOCKET, new Set());
  assert.deepEqual(judge("/var/run/docker.sock"), { records: ["b64 connect"] });
  const linked = judge("/srv/docker.sock");
  assert.ok(
    "ineffective" in linked && /is a link, .*: name \/run\/docker\.sock/.test(linked.ineffective),
  );
});

Deno.test("doctor, audit-rules: action and list come in both orders, comments and settings are no rules", () => {
  const text = "## x\n-D\n-b 8192\n-a exit,always -S connect\n  -w /x\n";
  assert.deepEqual(auditRules(text, "x").map(({ list, watch }) => [list, watch]), [
    ["always,exit", undefined],
    [undefined, "/x"],
  ]);
});

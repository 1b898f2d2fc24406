import { decidesConnects } from "../../harden/apparmor_kernel.ts";
import type { Check, Facts } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { attempt } from "../processes.ts";

/** What the kernel has, and what for. Advice only: the gate does without. */
export const kernel: Check = {
  name: "kernel",
  group: "kernel",
  live: true,
  look(facts) {
    const modules = attempt(() => facts.host.read(LIST))?.trim();
    const all = facilities(facts, modules);
    const there = all.filter(({ has }) => has).map(({ name }) => name);
    const missing = all.filter(({ has }) => has === false);
    const findings: Finding[] = [];
    if (there.length > 0) findings.push({ level: "fine", title: `there are ${there.join(", ")}` });
    if (missing.length > 0) {
      findings.push({
        level: "advice",
        title: `not to be had: ${missing.map(({ name }) => name).join(", ")}`,
        evidence: missing.map(({ name, without }) => `${name}: ${without}`),
        fix: fixes(missing, modules),
      });
    }
    if (modules === undefined) {
      findings.push({
        level: "unknown",
        title: "whether the kernel has the BPF LSM, which postern guard needs",
        evidence: [`${LIST} cannot be read`],
        fix: ["mount -t securityfs none /sys/kernel/security"],
      });
    }
    return findings;
  },
};

/** The security modules that are at work, comma-separated. */
const LIST = "/sys/kernel/security/lsm";

interface Facility {
  readonly name: string;
  /** Undefined: it cannot be told. */
  readonly has: boolean | undefined;
  /** What it means that it is not there. */
  readonly without: string;
  /** What the kernel's parameter lsm= calls it. */
  readonly module?: string;
  readonly fix?: string;
}

function facilities({ host }: Facts, modules: string | undefined): Facility[] {
  const text = (path: string) => attempt(() => host.read(path))?.trim();
  const exists = (path: string) => host.behind(path) !== undefined;
  const landlock = host.landlock();
  const types = exists("/sys/kernel/btf/vmlinux");
  const selinux = text("/sys/fs/selinux/enforce");
  const apparmor = text("/sys/module/apparmor/parameters/enabled") === "Y";
  const bpf = modules?.split(",").includes("bpf");
  return [
    {
      name: "SO_PEERPIDFD",
      has: host.peerPidfd(),
      without: "a peer's pid may be another's by the time that its executable is read",
      fix: "# Linux 6.5 and later have SO_PEERPIDFD",
    },
    {
      name: landlock === 0 ? "Landlock" : `Landlock ${landlock}`,
      has: landlock > 0,
      without: "with run_as, the gate's files are closed to it by their modes alone",
      module: "landlock",
    },
    {
      name: "seccomp",
      has: /^Seccomp:/m.test(text("/proc/self/status") ?? ""),
      without: "the gate cannot give up execve",
      fix: "# seccomp is CONFIG_SECCOMP_FILTER in the kernel's configuration",
    },
    {
      name: "BPF LSM",
      has: bpf === true ? types : bpf,
      without: `postern guard cannot close the real socket: ${
        bpf === true ? "there is no /sys/kernel/btf/vmlinux" : `lsm=${modules} is without bpf`
      }; seal: true does without`,
      ...(bpf === true
        ? {
          fix: "# /sys/kernel/btf/vmlinux is CONFIG_DEBUG_INFO_BTF in the kernel's configuration",
        }
        : { module: "bpf" }),
    },
    {
      name: apparmor
        ? decidesConnects({ exists }) ? "AppArmor" : "AppArmor (which lets every connect pass)"
        : selinux === "1"
        ? "SELinux, enforcing"
        : "AppArmor or SELinux",
      has: apparmor || selinux === "1",
      without: selinux === "0"
        ? "SELinux is permissive"
        : "no mandatory access profile holds the gate to what it needs",
      ...(selinux === "0" ? { fix: "setenforce 1" } : { module: "apparmor" }),
    },
  ];
}

function fixes(missing: readonly Facility[], modules: string | undefined): string[] {
  const wanted = missing.flatMap(({ module }) => module ?? []);
  const known = (modules ?? "").split(",").filter((name) => name !== "" && name !== "capability");
  const list = modules === undefined
    ? `${wanted.join(" and ")} in its list lsm=`
    : `lsm=${[...new Set([...wanted, ...known])].join(",")}`;
  return [
    ...missing.flatMap(({ fix }) => fix ?? []),
    ...(wanted.length === 0 ? [] : [
      `# where the kernel was built with it, its command line turns it on at the next boot, by ${list} ` +
      "(GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub)",
    ]),
  ];
}

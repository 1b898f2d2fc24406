import type { Check, Facts } from "../facts.ts";
import { attempt } from "../processes.ts";

/** What the kernel has, and what for. Advice only: the gate does without. */
export const kernel: Check = {
  name: "kernel",
  group: "kernel",
  live: true,
  look(facts) {
    const all = facilities(facts);
    const there = all.filter(({ has }) => has).map(({ name }) => name);
    const missing = all.filter(({ has }) => !has);
    return [
      ...(there.length === 0
        ? []
        : [{ level: "fine" as const, title: `there are ${there.join(", ")}` }]),
      ...(missing.length === 0 ? [] : [{
        level: "advice" as const,
        title: `not to be had: ${missing.map(({ name }) => name).join(", ")}`,
        evidence: missing.map(({ name, without }) => `${name}: ${without}`),
      }]),
    ];
  },
};

interface Facility {
  readonly name: string;
  readonly has: boolean;
  /** What it means that it is not there. */
  readonly without: string;
}

function facilities({ host }: Facts): Facility[] {
  const text = (path: string) => attempt(() => host.read(path))?.trim();
  const landlock = host.landlock();
  const modules = text("/sys/kernel/security/lsm");
  const types = host.behind("/sys/kernel/btf/vmlinux") !== undefined;
  const selinux = text("/sys/fs/selinux/enforce");
  const apparmor = text("/sys/module/apparmor/parameters/enabled") === "Y";
  const bpf = modules?.split(",").includes("bpf") === true;
  return [
    {
      name: "SO_PEERPIDFD",
      has: host.peerPidfd(),
      without:
        "a peer's pid may be another's by the time that its executable is read (Linux 6.5 has it)",
    },
    {
      name: landlock === 0 ? "Landlock" : `Landlock ${landlock}`,
      has: landlock > 0,
      without:
        "with run_as, the gate's files are closed to it by their modes alone (lsm=landlock,… on the kernel's command line)",
    },
    {
      name: "seccomp",
      has: /^Seccomp:/m.test(text("/proc/self/status") ?? ""),
      without: "the gate cannot give up execve",
    },
    {
      name: "BPF LSM",
      has: bpf && types,
      without: `postern guard cannot close the real socket: ${
        bpfReason(modules, bpf)
      }; seal: true does without`,
    },
    {
      name: apparmor ? "AppArmor" : selinux === "1" ? "SELinux, enforcing" : "AppArmor or SELinux",
      has: apparmor || selinux === "1",
      without: selinux === "0"
        ? "SELinux is permissive: setenforce 1"
        : "no mandatory access profile confines the gate, or keeps containers from the real socket",
    },
  ];
}

function bpfReason(modules: string | undefined, bpf: boolean): string {
  if (modules === undefined) {
    return "/sys/kernel/security/lsm cannot be read (mount -t securityfs none /sys/kernel/security)";
  }
  return bpf ? "there is no /sys/kernel/btf/vmlinux" : `lsm=${modules} is without bpf`;
}

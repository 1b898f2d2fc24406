import { kernel } from "../../../lib/doctor/checks/kernel.ts";
import { checkCases } from "./cases.ts";

const all = {
  "/sys/kernel/security/lsm": "lockdown,capability,landlock,apparmor,bpf",
  "/sys/kernel/btf/vmlinux": "",
  "/sys/module/apparmor/parameters/enabled": "Y\n",
  "/sys/kernel/security/apparmor/features/network/af_unix": "yes",
  "/proc/self/status": "Name:\tdeno\nSeccomp:\t0\n",
};

checkCases(kernel, [
  {
    name: "everything is one line",
    host: { files: all },
    levels: ["fine"],
    says: [/SO_PEERPIDFD, Landlock 7, seccomp, BPF LSM, AppArmor/],
  },
  {
    name: "AppArmor that does not decide who connects is told to be so",
    host: {
      files: {
        ...Object.fromEntries(Object.entries(all).filter(([path]) => !path.endsWith("af_unix"))),
      },
    },
    levels: ["fine"],
    says: [/AppArmor \(which lets every connect pass\)/],
  },
  {
    name: "SELinux does as well as AppArmor",
    host: {
      files: {
        ...all,
        "/sys/module/apparmor/parameters/enabled": "N\n",
        "/sys/fs/selinux/enforce": "1",
      },
    },
    levels: ["fine"],
    says: [/SELinux, enforcing/],
  },
  {
    name: "SELinux that only warns does not",
    host: {
      files: {
        ...all,
        "/sys/module/apparmor/parameters/enabled": "N\n",
        "/sys/fs/selinux/enforce": "0",
      },
    },
    levels: ["fine", "advice"],
    says: [/permissive$/m, /^setenforce 1$/m],
  },
  {
    name: "a list of modules without bpf",
    host: { files: { ...all, "/sys/kernel/security/lsm": "landlock,lockdown" } },
    levels: ["fine", "advice"],
    says: [
      /BPF LSM: .*lsm=landlock,lockdown is without bpf; seal: true/,
      /^# .*by lsm=bpf,landlock,lockdown /m,
    ],
  },
  {
    name: "an old kernel has nothing, and is still only advice",
    host: { peerPidfd: false, landlock: 0 },
    levels: ["advice", "unknown"],
    says: [
      /SO_PEERPIDFD, Landlock, seccomp, AppArmor or SELinux/,
      /lsm cannot be read/,
      /^# .*landlock and apparmor in its list/m,
    ],
  },
]);

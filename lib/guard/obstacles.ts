import { EACCES, SystemError } from "../linux/errno.ts";
import { VerifierError } from "../linux/bpf.ts";
import { bpfDecides } from "../linux/lsm.ts";
import { readLink } from "../linux/proc.ts";
import { BtfError } from "./btf.ts";

const EPERM = 1;
/** The first pid namespace (PROC_PID_INIT_INO, linux/proc_ns.h). */
const HOST_PIDS = "pid:[4026531836]";

/** What to do where the kernel cannot hold a seal of this kind. */
export const INSTEAD =
  '`authz: { seal: true }` in postern.yaml seals the engine itself, on any kernel (README: "The seal")';

const TURN_ON =
  "add bpf to the kernel's lsm= parameter, as in lsm=landlock,lockdown,yama,apparmor,bpf " +
  "(GRUB_CMDLINE_LINUX in /etc/default/grub, update-grub, reboot)";

/** Why no seal can hold here, as far as it shows beforehand; undefined when nothing speaks against it. */
export function obstacle(uid: number): string | undefined {
  if (uid !== 0) return "only root can give the kernel such a program";
  if (readLink("/proc/self/ns/pid") !== HOST_PIDS) {
    return "it must run among the host's own processes, not in a container's (docker run --pid host)";
  }
  if (bpfDecides() === false) {
    return `the kernel does not ask BPF programs about security: ${TURN_ON}`;
  }
  return undefined;
}

/** What a failure to load the program means. Other errors are not ours to explain: undefined. */
export function explainFailure(error: unknown): string | undefined {
  if (error instanceof BtfError) {
    return `${error.message}; it takes a kernel with CONFIG_BPF_LSM=y and CONFIG_DEBUG_INFO_BTF=y`;
  }
  if (error instanceof VerifierError && error.log !== "") {
    const last = error.log.trimEnd().split("\n").slice(-12).map((line) => `  ${line}`).join("\n");
    return `${error.message}; the kernel's verifier said at the end:\n${last}\n`;
  }
  if (!(error instanceof SystemError)) return undefined;
  const refused = error.errno === EPERM || error.errno === EACCES;
  if (refused && error.message.startsWith("bpf ")) {
    return `${error.message}: the kernel refuses such programs to us; it takes CAP_BPF, CAP_PERFMON and ` +
      "CAP_NET_ADMIN or CAP_SYS_ADMIN, no seccomp filter on bpf(2), and lockdown below confidentiality";
  }
  return error.message;
}

import { abiOf } from "./apparmor_kernel.ts";
import { literalPath } from "./apparmor_path.ts";
import type { Facts } from "./part.ts";
import { realSockets } from "./real_sockets.ts";

/** What other profiles include to keep a program from the real socket. */
export const DENIAL = "abstractions/postern-deny-docker-socket";

/**
 * Rules that deny the real socket; rules that deny beat those that allow. The path of a socket is the one that it was opened with
 * by the engine, whatever name it is mounted under (unix_fs_perm in the kernel's security/apparmor/af_unix.c).
 */
export function denial(facts: Facts): string {
  return [
    "# Written by postern harden. In a profile: include <abstractions/postern-deny-docker-socket>",
    ...realSockets(facts).map((path) => `deny ${literalPath(path)} rw,`),
    "",
  ].join("\n");
}

/** Docker's profile for containers (moby profiles/apparmor/template.go), without the real socket. */
export function clientProfile(facts: Facts): string {
  const abi = abiOf(facts);
  return `# Written by postern harden: docker run --security-opt apparmor=docker-postern-client
# Docker's own docker-default, and no real engine socket.
${abi === undefined ? "" : `abi <abi/${abi}>,\n`}include <tunables/global>

profile docker-postern-client flags=(attach_disconnected,mediate_deleted) {
  include <abstractions/base>
  include <${DENIAL}>

  network,
  capability,
  file,
  umount,
${(abi === undefined ? [] : allowed[abi]).map((rule) => `  ${rule},\n`).join("")}
  signal (receive) peer=unconfined,
  signal (receive) peer=runc,
  signal (receive) peer=crun,
  signal (receive) peer=/usr/bin/dockerd,
  signal (receive) peer=dockerd,
  signal (send, receive) peer=docker-postern-client,
  ptrace (trace, read, tracedby, readby) peer=docker-postern-client,

  deny @{PROC}/* w,
  deny @{PROC}/{[^1-9],[^1-9][^0-9],[^1-9s][^0-9y][^0-9s],[^1-9][^0-9][^0-9][^0-9]*}/** w,
  deny @{PROC}/sys/[^k]** w,
  deny @{PROC}/sys/kernel/{?,??,[^s][^h][^m]**} w,
  deny @{PROC}/sysrq-trigger rwklx,
  deny @{PROC}/kcore rwklx,

  deny mount,

  deny /sys/[^f]*/** wklx,
  deny /sys/f[^s]*/** wklx,
  deny /sys/fs/[^c]*/** wklx,
  deny /sys/fs/c[^g]*/** wklx,
  deny /sys/fs/cg[^r]*/** wklx,
  deny /sys/firmware/** rwklx,
  deny /sys/devices/virtual/powercap/** rwklx,
  deny /sys/kernel/security/** rwklx,
}
`;
}

/** What docker-default leaves alone because it names no abi, and what one that does has to allow. */
const allowed = { "3.0": ["unix"], "5.0": ["unix", "userns", "mqueue", "io_uring", "dbus"] };

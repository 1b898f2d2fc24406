import { Chroot, INSIDE, missingForChroot, said } from "./chroot.ts";
import { which } from "./private_engine.ts";
import { BEGINS, ENDED, missingForVm, runMachine, type VmRun } from "./vm.ts";

/** Why no machine with a Debian can be started here, or undefined. */
export function missingForDebianMachine(): string | undefined {
  return missingForVm() ?? missingForChroot();
}

/** Unpacks the Debian into memory, and is systemd from then on (systemd(1), switch_root(8)). */
const init = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mkdir /new
/bin/busybox mount -t tmpfs -o size=90% root /new
/bin/busybox tar -xf /debian.tar -C /new
/bin/busybox rm /debian.tar
exec /bin/busybox switch_root /new /lib/systemd/systemd
`;

/** Runs a script when everything that comes up at boot has come up. */
const unit = `[Unit]
After=docker.service auditd.service apparmor.service
[Service]
Type=oneshot
TimeoutStartSec=infinity
Environment=HOME=/root NO_COLOR=1
ExecStart=/bin/sh -c '{ echo; echo "${BEGINS}"; sh /root/script; echo "${ENDED}"; } >/dev/ttyS0 2>&1'
ExecStopPost=/usr/bin/systemctl poweroff -ff
`;

/** A machine of its own with a fresh Debian in it: Debian's kernel with AppArmor and audit, systemd, docker.io and this project. */
export async function runDebian(script: string, seconds: number): Promise<VmRun> {
  using host = new Chroot();
  const { root } = host;
  // What the runtime makes of the sources takes long in there.
  for (const words of [["harden", "plan"], ["doctor"], ["check"]]) host.postern(...words);
  const inside = (path: string) => `${root}${path}`;
  for (const { from, to } of host.lent) {
    const whole = to === INSIDE ? ["main.ts", "deno.json", "deno.lock", "lib", "policies"] : ["."];
    if (Deno.statSync(from).isFile) said("cp", [from, inside(to)]);
    else for (const name of whole) said("cp", ["-r", `${from}/${name}`, inside(to)]);
  }
  Deno.chmodSync(inside("/usr/local/bin/deno"), 0o755);
  said("chown", ["-R", "root:root", inside(INSIDE)]);
  const units = "/etc/systemd/system";
  Deno.writeTextFileSync(inside("/root/script"), script);
  Deno.writeTextFileSync(inside(`${units}/script.service`), unit);
  Deno.symlinkSync("../script.service", inside(`${units}/multi-user.target.wants/script.service`));
  Deno.writeTextFileSync(
    inside("/etc/docker/daemon.json"),
    '{"bridge": "none", "iptables": false, "storage-driver": "vfs"}',
  );
  const archive = `${root}.tar`;
  try {
    said(which("tar")!, ["-C", root, "-cf", archive, "."]);
    return await runMachine({
      script: "",
      files: [
        { path: "/debian.tar", host: archive },
        { path: "/debian-init", text: init, mode: 0o755 },
      ],
      kernelArguments: "rdinit=/debian-init lsm=landlock,apparmor audit=1 systemd.show_status=0",
      memory: 3072,
      seconds,
    });
  } finally {
    Deno.removeSync(archive);
  }
}

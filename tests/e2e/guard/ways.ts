// Ways to the real socket that are not its name.
import { i386Connect } from "../../support/i386_connect.ts";
import { ioUringConnect } from "../../support/io_uring_connect.ts";
import { ask, askAs, asking, ENGINE, said, step, until } from "./machine.ts";

/** A cgroup as Docker makes it. */
export const CONTAINER = "0123456789abcdef".repeat(4);
const EPERM = 1;
const ALLOWED_USER = 1234;

/** Tries each; the steps `way: …` tell what the kernel said. */
export async function tryWays(): Promise<void> {
  const way = (name: string, shows: unknown) => step(`way: ${name}`, shows);
  const of = async (script: string, who = {}) => (await askAs(script, who)).said;

  Deno.symlinkSync(ENGINE, "/tmp/link");
  way("a link", await ask("/tmp/link"));
  Deno.linkSync(ENGINE, "/run/hard");
  way("a hard link", await ask("/run/hard"));
  Deno.removeSync("/run/hard");
  way("a relative path", await of(`cd /run; ${asking("docker.sock")}`));
  way("/proc/PID/root", await ask(`/proc/${Deno.pid}/root${ENGINE}`));

  const bind = `: >/tmp/bound; mount --bind ${ENGINE} /tmp/bound`;
  way("a bind mount", await of(`exec busybox unshare -m sh -c '${bind}; ${asking("/tmp/bound")}'`));
  way("root in a container", await of(container()));
  way("a user who calls itself an allowed one", await mapped());

  Deno.writeFileSync("/tmp/i386", i386Connect(ENGINE, "connect"), { mode: 0o755 });
  way("a program for i386", new Deno.Command("/tmp/i386").outputSync().code === EPERM);
  way("io_uring", ioUringConnect(ENGINE) === EPERM);
  // The kernel refuses it by itself: a stream has no datagrams.
  way("datagrams", await of(asking(ENGINE, "UNIX-SENDTO")));
}

/** Everything that a container has of its own, and the socket mounted into it. */
function container(): string {
  const cgroup = `/sys/fs/cgroup/docker/${CONTAINER}`;
  const jail = [
    "mount --bind / /jail",
    ": >/jail/var/docker.sock",
    `mount --bind ${ENGINE} /jail/var/docker.sock`,
    `exec chroot /jail sh -c "${asking("/var/docker.sock")}"`,
  ];
  return `mkdir -p ${cgroup} /jail; echo $$ >${cgroup}/cgroup.procs; ` +
    `busybox unshare -m -u -i -n -p -f sh -c '${jail.join("; ")}'`;
}

/** root is an allowed user's number in a user namespace of its own; only there (user_namespaces(7)). */
async function mapped(): Promise<string> {
  const inside = `read go; id -u >&2; ${asking(ENGINE)}`;
  const child = new Deno.Command("busybox", {
    args: ["unshare", "-U", "sh", "-c", inside],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const namespace = (of: number | "self") => Deno.readLinkSync(`/proc/${of}/ns/user`);
  await until(() => namespace(child.pid) !== namespace("self"));
  Deno.writeTextFileSync(`/proc/${child.pid}/uid_map`, `${ALLOWED_USER} 0 1`);
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("go\n"));
  await writer.close();
  const output = await child.output();
  const [id] = new TextDecoder().decode(output.stderr).split("\n");
  return `${id}\n${said(output)}`;
}

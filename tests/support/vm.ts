import { archive, type Entry } from "./initramfs.ts";
import { which } from "./private_engine.ts";

/** What a small virtual machine is made of: Debian's kernel, busybox, the files that are named, and a script. */
export interface Machine {
  /** Lines of sh, run as root with the usual file systems mounted; the machine is powered off when they end. */
  readonly script: string;
  readonly files?: readonly VmFile[];
  /** Modules of the kernel that are loaded first, such as `unix_diag`. */
  readonly modules?: readonly string[];
  /** More for the kernel's command line, such as `lsm=apparmor,bpf`. */
  readonly kernelArguments?: string;
  /** The image of another kernel than Debian's of this release; `modules` are not its. */
  readonly image?: string;
  /** In MiB; all files are in memory, twice while it starts. */
  readonly memory?: number;
  /** How long it may run before it is ended, in seconds. */
  readonly seconds?: number;
}

/** A file of the machine. `path` is absolute in there. */
export type VmFile =
  /** A file of this host's. */
  | { readonly path: string; readonly host: string }
  /** The same for a program, which gets the libraries that it is linked with, at the same places as here. */
  | { readonly path: string; readonly program: string }
  | { readonly path: string; readonly text: string; readonly mode?: number };

/** How it went. */
export interface VmRun {
  /** What the kernel and the script wrote, with plain line ends. */
  readonly output: string;
  /** Whether the script came to its end; else it took too long, or the kernel gave up. */
  readonly ended: boolean;
  /** From qemu's start to its end. */
  readonly seconds: number;
}

const PACKAGE = "linux-image-cloud-amd64";
/** Lines of their own that each machine writes before and behind its script. */
export const BEGINS = "the script begins";
export const ENDED = "the script has ended";
/** How often a machine is started whose kernel gives up before the script begins: an emulated processor can make it. */
const STARTS = 3;
const decoder = new TextDecoder();
const folder = Deno.env.get("POSTERN_VM_KERNEL") ?? "/var/tmp/postern-vm";

/**
 * Why no machine can be started here, or undefined. The kernel comes from Debian's package, which is downloaded and unpacked once,
 * not installed, into /var/tmp/postern-vm or where $POSTERN_VM_KERNEL says.
 */
export function missingForVm(): string | undefined {
  if (Deno.build.arch !== "x86_64") return "the virtual machine is an x86-64 one";
  const absent = ["qemu-system-x86_64", "busybox", "dpkg-deb"].filter((name) =>
    which(name) === undefined
  );
  if (absent.length > 0) {
    return `${absent.join(", ")} not found (apt-get install qemu-system-x86 busybox-static)`;
  }
  try {
    kernel();
    return undefined;
  } catch (error) {
    return `no kernel for a virtual machine: ${(error as Error).message}`;
  }
}

/** Starts a machine, and waits until its script ends or its time is up. */
export async function runMachine(machine: Machine): Promise<VmRun> {
  const directory = await Deno.makeTempDir({ prefix: "postern-vm-" });
  try {
    const image = archive(contents(machine));
    await Deno.writeFile(`${directory}/initrd`, image.stream());
    for (let starts = 1;; starts++) {
      const run = await start(machine, `${directory}/initrd`);
      if (starts === STARTS || !gaveUpAtBoot(run)) return run;
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Whether the kernel panicked before anything of the script could be the reason. */
export function gaveUpAtBoot({ output }: Pick<VmRun, "output">): boolean {
  return !output.split("\n").includes(BEGINS) && output.includes("Kernel panic - not syncing: ");
}

async function start(machine: Machine, initrd: string): Promise<VmRun> {
  const began = performance.now();
  const child = new Deno.Command(which("qemu-system-x86_64")!, {
    // deno-fmt-ignore
    args: [
      "-m", String(machine.memory ?? 512), "-smp", "2", "-accel", "tcg,thread=multi", "-cpu", "max",
      "-nographic", "-nic", "none", "-no-reboot", "-kernel", machine.image ?? kernel().image, "-initrd", initrd,
      "-append", `console=ttyS0 quiet panic=1 ${machine.kernelArguments ?? ""}`,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), (machine.seconds ?? 120) * 1000);
  const { stdout, stderr } = await child.output();
  clearTimeout(timer);
  const output = decoder.decode(stdout).replaceAll("\r", "");
  const lines = output.split("\n");
  return {
    output: output + decoder.decode(stderr),
    ended: lines.includes(ENDED),
    seconds: Math.round(performance.now() - began) / 1000,
  };
}

const applets =
  "sh mount umount ls cat echo sleep id poweroff mkdir rm mv ln chmod chown grep sed head tail cut tr wc kill ps date dmesg insmod " +
  "hostname touch stat true false env seq setsid test timeout readlink";

function contents({ script, files = [], modules = [] }: Machine): Entry[] {
  const entries = new Map<string, Entry>();
  const put = (path: string, entry: object) => {
    const name = path.replace(/^\/+/, "");
    entries.set(name, { path: name, ...entry } as Entry);
  };
  const putHost = (path: string, host: string) => {
    const mode = (Deno.statSync(host).mode ?? 0o755) & 0o7777;
    put(path, { mode, bytes: Deno.readFileSync(host) });
  };
  for (const name of ["proc", "sys", "dev", "tmp", "run", "etc", "root", "var"]) {
    put(name, { folder: true });
  }
  putHost("bin/busybox", which("busybox")!);
  for (const applet of applets.split(" ")) put(`bin/${applet}`, { target: "busybox" });
  put("etc/passwd", text("root:x:0:0:root:/root:/bin/sh\n"));
  put("etc/group", text("root:x:0:\n"));
  for (const name of modules) {
    const { folder, version } = kernel();
    putHost(`modules/${name}.ko`, findModule(`${folder}/lib/modules/${version}/kernel`, name));
  }
  for (const file of files) {
    if ("text" in file) put(file.path, text(file.text, file.mode));
    else if ("host" in file) putHost(file.path, file.host);
    else {
      putHost(file.path, file.program);
      for (const library of libraries(file.program)) putHost(library, library);
    }
  }
  put("init", text(init(script, modules), 0o755));
  return [...entries.values()];
}

function text(text: string, mode = 0o644) {
  return { mode, bytes: new TextEncoder().encode(text) };
}

function init(script: string, modules: readonly string[]): string {
  return `#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs run /run
mount -t securityfs securityfs /sys/kernel/security; mount -t bpf bpf /sys/fs/bpf; mount -t cgroup2 cgroup /sys/fs/cgroup
${modules.map((name) => `insmod /modules/${name}.ko`).join("\n")}
echo
echo "${BEGINS}"
(
${script}
)
echo "${ENDED}"
poweroff -f
`;
}

/** What ldd(1) says a program needs; nothing for a static one. */
function libraries(program: string): string[] {
  const { stdout } = new Deno.Command("ldd", { args: [program], stderr: "null" }).outputSync();
  return [...decoder.decode(stdout).matchAll(/(\/\S+\.so\S*)/g)].map(([, path]) => path!);
}

function findModule(directory: string, name: string): string {
  const { stdout } = new Deno.Command("find", { args: [directory, "-name", `${name}.ko`] })
    .outputSync();
  const [path] = decoder.decode(stdout).split("\n");
  if (!path) throw new Error(`The kernel has no module ${name}`);
  return path;
}

let found: { folder: string; version: string; image: string } | undefined;

/** The newest kernel that is unpacked, or gets unpacked, in the folder. */
function kernel(): NonNullable<typeof found> {
  return found ??= unpacked() ?? download();
}

function unpacked(): typeof found {
  const images = [...safeList(`${folder}/boot`)].filter((name) => name.startsWith("vmlinuz-"));
  const image = images.sort().at(-1);
  if (image === undefined) return undefined;
  return { folder, version: image.slice("vmlinuz-".length), image: `${folder}/boot/${image}` };
}

function* safeList(directory: string): Iterable<string> {
  try {
    for (const { name } of Deno.readDirSync(directory)) yield name;
  } catch { /* not there */ }
}

function download(): NonNullable<typeof found> {
  const temporary = Deno.makeTempDirSync({ prefix: "postern-vm-" });
  try {
    const depends = sh(`apt-cache depends ${PACKAGE}`, temporary);
    const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
    if (name === undefined) throw new Error(`apt-cache does not know ${PACKAGE}`);
    sh(`apt-get download -q ${name}`, temporary);
    sh(
      `mkdir fs && dpkg-deb -x ${name}_*.deb fs && rm -rf '${folder}' && mv fs '${folder}'`,
      temporary,
    );
  } finally {
    Deno.removeSync(temporary, { recursive: true });
  }
  const result = unpacked();
  if (result === undefined) throw new Error(`${PACKAGE} holds no kernel`);
  return result;
}

function sh(command: string, cwd: string): string {
  const { success, stdout, stderr } = new Deno.Command("sh", { args: ["-c", command], cwd })
    .outputSync();
  if (!success) throw new Error(`${command}: ${decoder.decode(stderr).trim().split("\n").at(-1)}`);
  return decoder.decode(stdout);
}

import { asRoot, Chroot, missingForChroot, type Said, said } from "./chroot.ts";
import { which } from "./private_engine.ts";

/** Why no host can be booted here, or undefined. */
export function missingForBoot(): string | undefined {
  if (which("systemd-nspawn") === undefined) {
    return "systemd-nspawn not found (apt-get install systemd-container)";
  }
  return missingForChroot();
}

/** Its dockerd keeps out of the kernel's way: no bridge and no rules for a firewall. */
const daemonJson = `{
    "bridge": "none",
    "iptables": false,
    "storage-driver": "vfs"
}
`;

/** The same host with its own systemd as the first process, in a container with a network of its own: dockerd runs, and units do. */
export class BootedHost implements AsyncDisposable {
  readonly #host = new Chroot();
  readonly root = this.#host.root;
  #container: Deno.ChildProcess | undefined;
  #leader = "";

  private constructor() {
    Deno.writeTextFileSync(`${this.root}/etc/docker/daemon.json`, daemonJson);
  }

  /** Started, and every unit up that comes up at boot. */
  static async boot(): Promise<BootedHost> {
    const host = new BootedHost();
    try {
      await host.#start();
      return host;
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Shut down in order, and started with what lasts. */
  async reboot(): Promise<void> {
    await this.#stop();
    await this.#start();
  }

  async #start(): Promise<void> {
    const binds = this.#host.lent.map(({ from, to, writable }) =>
      `--bind${writable ? "" : "-ro"}=${from}:${to}`
    );
    // Without a systemd around it there is nobody to register with.
    const alone = exists("/run/systemd/system") ? [] : ["--register=no", "--keep-unit"];
    this.#container = new Deno.Command(which("systemd-nspawn")!, {
      args: [
        ...["--quiet", `--directory=${this.root}`, "--boot", "--console=pipe", ...alone],
        ...["--private-network", "--capability=all", ...binds],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    for (let tries = 0; tries < 600; tries++) {
      const up = this.#find() ? this.run("systemctl", "is-system-running").out.trim() : "";
      // auditd is what fails in a container: the kernel's audit is the outermost host's.
      if (up === "running" || up === "degraded") return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error("systemd did not come up in two minutes");
  }

  /** It tells its systemd to power off. */
  async #stop(): Promise<void> {
    const container = this.#container;
    if (container === undefined) return;
    this.#container = undefined;
    container.kill("SIGTERM");
    const timer = setTimeout(() => container.kill("SIGKILL"), 60_000);
    await container.status;
    clearTimeout(timer);
  }

  /** Its first process, as this host knows it. */
  #find(): boolean {
    const { pid } = this.#container!;
    const children = said("cat", [`/proc/${pid}/task/${pid}/children`]).out.trim();
    this.#leader = children.split(" ")[0]!;
    return this.#leader !== "";
  }

  /** Runs a program inside, as root. */
  run(...words: string[]): Said {
    return said(which("nsenter")!, [
      "-t",
      this.#leader,
      "-m",
      "-u",
      "-i",
      "-n",
      "-p",
      ...asRoot,
      ...words,
    ]);
  }

  /** Puts the packages that Postern imports where a download would, which has no network here. */
  lendPackages(): void {
    this.#host.lendPackages();
  }

  postern(...args: string[]): Said {
    return this.run("postern", ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    this.#host[Symbol.dispose]();
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

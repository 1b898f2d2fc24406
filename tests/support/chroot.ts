import { copyDebian, missingForDebian } from "./debian.ts";
import { which } from "./private_engine.ts";

const repository = new URL("../../", import.meta.url).pathname;
/** Where the project stands inside, as the README has it. */
export const INSIDE = "/opt/postern";
/** What the tests have put there, and what is none of the host's files. */
export const LENT = [
  "/opt",
  "/proc",
  "/dev",
  "/usr/local",
  "/root/.cache",
  "/var/lib/postern",
];

/** Why no host can be laid out in a chroot here, or undefined. */
export const missingForChroot = missingForDebian;

/** What a program said. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * A fresh Debian below a folder, with docker.io, auditd and apparmor installed and nothing running; of this host it has Deno and
 * this project, put where the README puts them. The packages that Postern imports lie where the service's cache is.
 */
export class Chroot implements Disposable {
  readonly #folder = Deno.makeTempDirSync({ dir: "/tmp", prefix: "harden-host-" });
  readonly root = `${this.#folder}/root`;
  readonly #cache = `${this.#folder}/cache`;

  constructor() {
    const { root } = this;
    copyDebian(root);
    for (const folder of [INSIDE, "/root/.cache/deno"]) {
      Deno.mkdirSync(`${root}${folder}`, { recursive: true });
    }
    Deno.mkdirSync(this.#cache);
    const { denoDir } = JSON.parse(said(Deno.execPath(), ["info", "--json"]).out);
    said("cp", ["-r", `${denoDir}/npm`, this.#cache]);
    this.lendPackages();
    Deno.writeTextFileSync(`${root}/usr/local/bin/deno`, "");
    const start = `#!/bin/sh\nexec deno run -A ${INSIDE}/main.ts "$@"\n`;
    Deno.writeTextFileSync(`${root}/usr/local/bin/postern`, start, { mode: 0o755 });
  }

  /** Puts the packages where the service's cache is, so that they need not be downloaded; a revert takes them away. */
  lendPackages(): void {
    const folder = `${this.root}/var/lib/postern/deno`;
    Deno.mkdirSync(folder, { recursive: true });
    said("cp", ["-r", `${this.#cache}/npm`, folder]);
  }

  /** What is this host's, and where it is inside. */
  get lent(): readonly { from: string; to: string; writable?: true }[] {
    return [
      { from: repository, to: INSIDE },
      { from: Deno.realPathSync(Deno.execPath()), to: "/usr/local/bin/deno" },
      { from: this.#cache, to: "/root/.cache/deno", writable: true },
    ];
  }

  /** What a process is started with that runs a command inside, as root. */
  command(...words: string[]): readonly [string, ...string[]] {
    const binds = this.lent.map(({ from, to, writable }) =>
      `mount --bind ${writable ? "" : "-o ro "}'${from}' '${this.root}${to}'`
    );
    const script = `
${binds.join("\n")}
mount -t proc proc '${this.root}/proc'
mount --rbind -o ro /sys '${this.root}/sys'
mount --rbind /dev '${this.root}/dev'
exec chroot '${this.root}' "$@"`;
    // The mounts end with their namespace.
    return [which("unshare")!, "--mount", "sh", "-ec", script, "sh", ...asRoot, ...words];
  }

  /** Runs a program inside, as root. */
  run(...words: string[]): Said {
    const [program, ...args] = this.command(...words);
    return said(program, args);
  }

  postern(...args: string[]): Said {
    return this.run("postern", ...args);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** A root shell's environment. */
export const asRoot = [
  ...["env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin", "HOME=/root", "NO_COLOR=1"],
] as const;

export function said(program: string, args: string[]): Said {
  const { code, stdout, stderr } = new Deno.Command(program, { args, stdin: "null" }).outputSync();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

import { which } from "./private_engine.ts";
import { until } from "./running_doctor.ts";

/** Why no /etc of its own can be laid over the host's here, or undefined. */
export function missingForPrivateEtc(): string | undefined {
  if (Deno.uid() !== 0) return "mounting needs root";
  const absent = ["unshare", "nsenter", "mount"].find((name) => which(name) === undefined);
  return absent && `${absent} not found`;
}

/**
 * A mount namespace in which /etc and /var/lib can be written, and the host's stay as they are. It ends with its block, and with it
 * all that was written.
 */
export class PrivateEtc implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #folder: string;

  private constructor(folder: string, process: Deno.ChildProcess) {
    this.#folder = folder;
    this.#process = process;
  }

  static async start(): Promise<PrivateEtc> {
    const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "pt-" });
    await Deno.chmod(folder, 0o755);
    const over = (path: string, name: string) =>
      `mkdir ${folder}/t/${name} ${folder}/t/${name}-work && mount -t overlay overlay -o ` +
      `lowerdir=${path},upperdir=${folder}/t/${name},workdir=${folder}/t/${name}-work ${path}`;
    const process = new Deno.Command("unshare", {
      args: [
        "--mount",
        "sh",
        "-ec",
        [
          `mkdir ${folder}/t && mount -t tmpfs tmpfs ${folder}/t`,
          over("/etc", "etc"),
          over("/var/lib", "lib"),
          `touch ${folder}/done`,
          "exec sleep infinity",
        ].join("\n"),
      ],
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    const etc = new PrivateEtc(folder, process);
    await until(() => exists(`${folder}/done`));
    return etc;
  }

  /** The words that run a command in it. */
  get through(): string[] {
    return ["nsenter", `--mount=/proc/${this.#process.pid}/ns/mnt`];
  }

  /** Where its files can be reached from outside. */
  get root(): string {
    return `/proc/${this.#process.pid}/root`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
    await Deno.remove(this.#folder, { recursive: true });
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

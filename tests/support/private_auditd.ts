import { which } from "./private_engine.ts";

/** One SYSCALL record of the kernel's. */
export interface AuditEvent {
  readonly arch: string;
  readonly syscall: number;
  readonly uid: number;
  readonly pid: number;
  readonly success: boolean;
}

/** Why connects cannot be recorded here, or undefined. */
export function missingForAuditd(): string | undefined {
  if (Deno.uid() !== 0) return "recording system calls needs root";
  for (const name of ["auditd", "auditctl", "augenrules", "setpriv"]) {
    if (which(name) === undefined) return `${name} not found (apt-get install auditd)`;
  }
  const status = new Deno.Command("auditctl", { args: ["-s"] }).outputSync();
  const text = new TextDecoder().decode(status.stdout);
  if (!status.success || text === "") return "this kernel records no system calls";
  if (!/^enabled [01]$/m.test(text)) return "the audit rules are locked until the next boot";
  return /^pid 0$/m.test(text) ? undefined : "this machine's own auditd is at work";
}

/** An auditd of the tests' own with its log in a directory; with it end its rules. The kernel has room for one. */
export class PrivateAuditd implements AsyncDisposable {
  readonly directory: string;
  readonly #child: Deno.ChildProcess;

  private constructor(directory: string, child: Deno.ChildProcess) {
    this.directory = directory;
    this.#child = child;
  }

  /** Waits until no other's is at work. */
  static async start(): Promise<PrivateAuditd> {
    for (let tries = 0; !/^pid 0$/m.test(await auditctl("-s")); tries++) {
      if (tries > 600) throw new Error("Another auditd is at work, and does not end");
      await sleep(100);
    }
    const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "pa-" });
    await Deno.mkdir(`${directory}/plugins.d`, { mode: 0o750 });
    await Deno.writeTextFile(`${directory}/auditd.conf`, conf(directory), { mode: 0o640 });
    const child = new Deno.Command("auditd", {
      args: ["-n", "-s", "enable", "-c", directory],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const auditd = new PrivateAuditd(directory, child);
    try {
      for (let tries = 0; !(await auditctl("-s")).includes(`pid ${child.pid}\n`); tries++) {
        if (tries > 100) throw new Error("auditd did not start");
        await sleep(50);
      }
      return auditd;
    } catch (error) {
      await auditd[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The events with a key so far. What happened before is in the log when a message of ours is, since the kernel keeps the order. */
  async events(key: string): Promise<AuditEvent[]> {
    const mark = crypto.randomUUID();
    await auditctl("-m", mark);
    let text = "";
    for (let tries = 0; !text.includes(mark); tries++) {
      if (tries > 500) throw new Error("auditd writes nothing");
      await sleep(10);
      text = await Deno.readTextFile(`${this.directory}/audit.log`);
    }
    return text.split("\n")
      .filter((line) => line.startsWith("type=SYSCALL ") && line.includes(` key="${key}"`))
      .map((line) => {
        const field = (name: string) => new RegExp(` ${name}=(\\S+)`).exec(line)![1]!;
        return {
          arch: field("arch"),
          syscall: Number(field("syscall")),
          uid: Number(field("uid")),
          pid: Number(field("pid")),
          success: field("success") === "yes",
        };
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await auditctl("-D");
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await auditctl("-e", "0");
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** Runs auditctl(8); the answer is what it printed. */
export async function auditctl(...args: readonly string[]): Promise<string> {
  const { stdout } = await new Deno.Command("auditctl", { args: [...args] }).output();
  return new TextDecoder().decode(stdout);
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** auditd.conf(5): written at once, and no full disk ends anything. */
const conf = (directory: string) =>
  [
    "local_events = yes",
    "write_logs = yes",
    `log_file = ${directory}/audit.log`,
    "log_format = RAW",
    "flush = NONE",
    "max_log_file = 8",
    "num_logs = 2",
    "max_log_file_action = ROTATE",
    ...["space_left = 75", "space_left_action = IGNORE"],
    ...["admin_space_left = 50", "admin_space_left_action = IGNORE"],
    ...["disk_full_action = IGNORE", "disk_error_action = IGNORE"],
    "",
  ].join("\n");

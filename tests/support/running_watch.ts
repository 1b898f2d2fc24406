import { ebpfObstacle } from "../../lib/watch/choose_source.ts";
import { which } from "./private_engine.ts";

/** A line of `postern watch --json`. */
export interface Told {
  readonly time: string;
  readonly event: "bypass" | "postern" | "missed";
  readonly socket: string;
  readonly by: "file" | "name";
  readonly result: string;
  readonly uid: number;
  readonly user: string | null;
  readonly pid: number;
  readonly comm: string | null;
  readonly exe: string | null;
  readonly command: readonly string[] | null;
  readonly container: string | null;
  readonly parent: { readonly pid: number; readonly exe: string | null } | null;
}

/** systemd mounts it where it runs; in a container or on a bare machine nobody does. */
const hasTracefs = / tracefs /.test(Deno.readTextFileSync("/proc/mounts"));
/** A command that runs another one where tracefs is mounted, and nowhere else. */
const withTracefs = [
  ...["unshare", "-m", "sh", "-c"],
  'mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"',
  "sh",
];

/** Why connections cannot be read out of the kernel here, or undefined. */
export function missingForWatch(): string | undefined {
  if (which("socat") === undefined) return "socat not found (apt-get install socat)";
  const why = ebpfObstacle(Deno.uid(), which("bpftrace") !== undefined);
  if (why === undefined || Deno.uid() !== 0 || hasTracefs) return why;
  const modules = new URL("../../lib/watch/choose_source.ts", import.meta.url);
  const ask = `import { ebpfObstacle } from "${modules}";
    console.log(ebpfObstacle(Deno.uid(), ${which("bpftrace") !== undefined}) ?? "");`;
  const [program, ...args] = [...withTracefs, Deno.execPath(), "eval", ask];
  const { success, stdout } = new Deno.Command(program!, { args, stderr: "null" }).outputSync();
  return success ? new TextDecoder().decode(stdout).trim() || undefined : why;
}

const postern = new URL("../../main.ts", import.meta.url).pathname;

/** `postern watch --json` as a process, until it is ended. */
export class RunningWatch implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<unknown>;
  readonly #lines: Told[] = [];
  #stderr = "";

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reading = Promise.all([
      this.#read(child.stdout, (line) => this.#lines.push(JSON.parse(line))),
      this.#read(child.stderr, (line) => this.#stderr += `${line}\n`),
    ]);
  }

  get pid(): number {
    return this.#child.pid;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Starts it and waits until it misses nothing. `through`: a command that becomes it; its own words come first. */
  static async start(
    config: string,
    words: readonly string[] = [],
    through: readonly string[] = hasTracefs ? [] : withTracefs,
  ): Promise<RunningWatch> {
    const own = [Deno.execPath(), "run", "-A", postern, "watch", "-c", config, "--json", ...words];
    const [program, ...args] = [...through, ...own];
    const child = new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const watch = new RunningWatch(child);
    try {
      await until(() => watch.#stderr.includes("postern watch: watching "), "it watches");
      return watch;
    } catch (error) {
      await watch.stop("SIGKILL");
      throw new Error(`${(error as Error).message}; it said:\n${watch.#stderr}`);
    }
  }

  /** What it has told so far, once it holds what is looked for. */
  async told(wanted: (line: Told) => boolean): Promise<Told> {
    await until(
      () => this.#lines.some(wanted),
      () => `told so; it told ${JSON.stringify(this.#lines)} and said ${this.#stderr}`,
    );
    return this.#lines.find(wanted)!;
  }

  /** Everything so far. */
  get lines(): readonly Told[] {
    return this.#lines;
  }

  /** The bpftraces that it has started. */
  children(): number[] {
    const text = Deno.readTextFileSync(`/proc/${this.pid}/task/${this.pid}/children`);
    const all = [...Deno.readDirSync(`/proc/${this.pid}/task`)].flatMap(({ name }) =>
      Deno.readTextFileSync(`/proc/${this.pid}/task/${name}/children`).trim().split(/\s+/)
    );
    return [...new Set([...text.trim().split(/\s+/), ...all])].filter(Boolean).map(Number);
  }

  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    try {
      this.#child.kill(signal);
    } catch { /* it has ended */ }
    const status = await this.#child.status;
    // With SIGKILL its bpftrace holds the pipes for a while.
    if (signal !== "SIGKILL") await this.#reading;
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #read(stream: ReadableStream<Uint8Array>, line: (text: string) => void): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      lines.forEach(line);
    }
  }
}

/** Waits until something holds, half a minute at most: bpftrace takes its time to start on a busy machine. */
export async function until(holds: () => boolean, what: string | (() => string)): Promise<void> {
  const end = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > end) {
      throw new Error(`It never came that ${typeof what === "string" ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

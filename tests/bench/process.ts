/** How long a program may take for what it is run for, in milliseconds. */
const RUN_LIMIT = 20_000;
/** How long a program that was told to end may take for it, in milliseconds. */
const END_LIMIT = 2_000;

/** Runs a program to its end. Throws with what it wrote to standard error when it fails, and kills it when it is late. */
export async function output(
  program: string,
  args: readonly string[],
  limit = RUN_LIMIT,
): Promise<string> {
  const command = new Deno.Command(program, {
    args: [...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, limit);
  const { success, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  if (late) throw new Error(`${program} did not end within ${limit / 1000} s`);
  if (!success) throw new Error(decoder.decode(stderr).trim());
  return decoder.decode(stdout);
}

/** A process that ends with the benchmark. */
export class Child implements AsyncDisposable {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array> | undefined;
  readonly stdout: ReadableStream<Uint8Array> | undefined;
  readonly #child: Deno.ChildProcess;
  readonly #log: string;
  #ended = false;

  /** `talks`: its standard input and output are pipes, else nothing. */
  constructor(
    program: string,
    args: readonly string[],
    options: { log: string; talks?: boolean; env?: Readonly<Record<string, string>> },
  ) {
    this.#log = options.log;
    const pipes = options.talks === true ? "piped" : "null";
    // The shell only points standard error at a file: a pipe that nobody reads would stop a program that logs.
    this.#child = new Deno.Command("sh", {
      args: ["-c", `exec "$0" "$@" 2>>"$BENCH_LOG"`, program, ...args],
      env: { NO_COLOR: "1", ...options.env, BENCH_LOG: options.log },
      stdin: pipes,
      stdout: pipes,
    }).spawn();
    this.#child.status.then(() => this.#ended = true);
    this.pid = this.#child.pid;
    this.stdin = options.talks === true ? this.#child.stdin : undefined;
    this.stdout = options.talks === true ? this.#child.stdout : undefined;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** What it wrote to standard error. */
  get said(): string {
    return Deno.readTextFileSync(this.#log);
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch { /* it has ended */ }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill("SIGTERM");
    const timer = setTimeout(() => this.#kill("SIGKILL"), END_LIMIT);
    await this.#child.status;
    clearTimeout(timer);
  }
}

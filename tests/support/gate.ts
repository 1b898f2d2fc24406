import { stringify } from "yaml";
import manifest from "../../deno.json" with { type: "json" };

/** One line of the audit log. */
export interface AuditLine {
  readonly time: string;
  readonly id: string;
  readonly event: "decision" | "end";
  readonly decision: "allow" | "deny";
  readonly reason: string | null;
  readonly rule: string;
  readonly policy: string;
  readonly mode: string;
  readonly listener: string;
  readonly peer: Readonly<Record<string, unknown>>;
  readonly request: Readonly<
    Record<"method" | "path" | "operation" | "api_version", string | null>
  >;
  readonly status: number | null;
  readonly bytes_in: number | null;
  readonly bytes_out: number | null;
  readonly duration_ms: number | null;
}

const postern = new URL("../../main.ts", import.meta.url).pathname;
/** The task start without `deno` and `main.ts serve`: the permissions that its users give it. */
const flags = manifest.tasks.start.split(" ").slice(1, -2);
const decoder = new TextDecoder();

/** How the process is started. */
export interface Launch {
  readonly env?: Record<string, string>;
  /** A command that becomes Postern: its own words come first. */
  readonly through?: readonly string[];
  /** Another module than Postern's own to run, and its first arguments. */
  readonly main?: readonly string[];
}

/** Postern as its users run it: a process with a configuration, ended by SIGTERM. */
export class RunningGate implements AsyncDisposable {
  readonly directory: string;
  readonly #child: Deno.ChildProcess;
  readonly #log: Promise<void>;
  #stderr = "";
  #ended = false;

  private constructor(directory: string, child: Deno.ChildProcess) {
    this.directory = directory;
    this.#child = child;
    this.#log = this.#read();
  }

  get pid(): number {
    return this.#child.pid;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** `serve` with a configuration; `DIR` in its texts stands for a directory that everybody can enter. */
  static async serve(
    config: unknown,
    files: Record<string, string> = {},
    launch: Launch = {},
  ): Promise<RunningGate> {
    const directory = await newDirectory();
    const text = stringify({ audit: { file: `${directory}/audit.jsonl` }, ...config as object })
      .replaceAll("DIR", directory);
    await Deno.writeTextFile(`${directory}/postern.yaml`, text, { mode: 0o600 });
    for (const [name, content] of Object.entries(files)) {
      await Deno.mkdir(`${directory}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${directory}/${name}`, content, { mode: 0o600 });
    }
    const gate = RunningGate.#spawn(
      directory,
      ["serve", "-c", `${directory}/postern.yaml`],
      launch,
    );
    const sockets = [...text.matchAll(/(?:socket|listen): (\S+)/g)].map((match) => match[1]!);
    await gate.ready(sockets);
    return gate;
  }

  /** Any command line, `DIR` as above, in the environment too. */
  static async start(
    args: readonly string[],
    sockets: readonly string[],
    launch: Launch = {},
  ): Promise<RunningGate> {
    const directory = await newDirectory();
    const inside = (text: string) => text.replaceAll("DIR", directory);
    const env = Object.fromEntries(
      Object.entries(launch.env ?? {}).map(([name, value]) => [name, inside(value)]),
    );
    const gate = RunningGate.#spawn(directory, args.map(inside), { ...launch, env });
    await gate.ready(sockets.map(inside));
    return gate;
  }

  static #spawn(
    directory: string,
    args: readonly string[],
    { env = {}, through = [], main = [postern] }: Launch = {},
  ): RunningGate {
    const [program, ...words] = [...through, Deno.execPath(), ...flags, ...main, ...args];
    const child = new Deno.Command(program!, {
      args: words,
      env,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    return new RunningGate(directory, child);
  }

  /** Waits until the log says that each socket is open. */
  async ready(sockets: readonly string[]): Promise<void> {
    for (let tries = 0; tries < 3000; tries++) {
      if (sockets.every((path) => this.#stderr.includes(`listening on ${path} `))) return;
      if (this.#ended) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const said = this.#stderr;
    await this[Symbol.asyncDispose]();
    throw new Error(`The gate did not open ${sockets.join(", ")}; it said:\n${said}`);
  }

  /** Waits until the log says something. */
  async says(text: RegExp): Promise<void> {
    for (let tries = 0; tries < 1000; tries++) {
      if (text.test(this.#stderr)) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`The gate never said ${text}; it said:\n${this.#stderr}`);
  }

  /** The audit log so far, once it holds what `enough` wants to see. */
  async audit(enough: (lines: readonly AuditLine[]) => boolean): Promise<AuditLine[]> {
    let lines: AuditLine[] = [];
    for (let tries = 0; tries < 1000; tries++) {
      const text = await Deno.readTextFile(`${this.directory}/audit.jsonl`);
      lines = text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
      if (enough(lines)) return lines;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(
      `The audit log never held what was waited for:\n${JSON.stringify(lines, null, 1)}`,
    );
  }

  /** Waits for an end that nobody asked for. */
  async ended(): Promise<Deno.CommandStatus> {
    await this.#log;
    return await this.#child.status;
  }

  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    if (!this.#ended) this.#child.kill(signal);
    const status = await this.#child.status;
    await this.#log;
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.directory, { recursive: true });
  }

  async #read(): Promise<void> {
    for await (const chunk of this.#child.stderr) this.#stderr += decoder.decode(chunk);
    this.#ended = true;
  }
}

async function newDirectory(): Promise<string> {
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "pg-" });
  await Deno.chmod(directory, 0o755);
  return directory;
}

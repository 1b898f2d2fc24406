// What the scenes that play inside a virtual machine have in common: an engine, Postern, and who asks. Each line that begins with
// `step` tells what one try showed.
export const ENGINE = "/run/docker.sock";
export const GATE = "/run/postern/ci.sock";
export const CONFIG = "/etc/postern/postern.yaml";
const REQUEST = "/etc/postern/request";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function step(name: string, shows: unknown): void {
  console.log(`step ${JSON.stringify([name, shows])}`);
}

/** `more`: lines of the configuration. */
export function setUp(more = ""): void {
  Deno.mkdirSync("/etc/postern", { recursive: true });
  Deno.mkdirSync("/run/postern", { recursive: true });
  Deno.chmodSync("/tmp", 0o1777);
  Deno.writeTextFileSync(
    CONFIG,
    `upstream: ${ENGINE}\nlisteners:\n  - { socket: ${GATE}, mode: 0666, policy: full }\naudit: { file: /run/audit.jsonl }\n${more}`,
    { mode: 0o600 },
  );
  Deno.writeTextFileSync(REQUEST, "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n");
}

/** Something that answers every request with 200. */
export class Engine {
  readonly #listener: Deno.Listener;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    this.#listener = Deno.listen({ transport: "unix", path });
    Deno.chmodSync(path, 0o666);
    this.#serve();
  }

  /** Waits until the file is gone, too: the runtime takes it away a moment after the listener is closed. */
  async end(): Promise<void> {
    this.#listener.close();
    await until(() => !exists(this.#path));
  }

  async #serve(): Promise<void> {
    for await (const connection of this.#listener) answer(connection);
  }
}

async function answer(connection: Deno.Conn): Promise<void> {
  try {
    await connection.read(new Uint8Array(4096));
    await connection.write(encoder.encode("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"));
    connection.close();
  } catch { /* the other side has gone */ }
}

/** We ask: the first line that comes back from a socket, or why it cannot be reached. */
export async function ask(path: string): Promise<string> {
  try {
    using connection = await Deno.connect({ transport: "unix", path });
    await connection.write(Deno.readFileSync(REQUEST));
    const buffer = new Uint8Array(4096);
    const n = await connection.read(buffer);
    return decoder.decode(buffer.subarray(0, n ?? 0)).split("\r\n")[0]!;
  } catch (error) {
    return (error as Error).message.replace(/ \(os error.*$/, "");
  }
}

/** How a process asks, as words of sh. */
export const asking = (path: string, way = "UNIX-CONNECT") =>
  `exec socat -t 10 - ${way}:${path} <${REQUEST}`;

/** A process of its own asks. `pid`: the one that it gets, where the kernel lets one choose (pid_namespaces(7)). */
export async function askAs(
  script: string,
  { uid, pid }: { uid?: number; pid?: number } = {},
): Promise<{ pid: number; said: string }> {
  if (pid !== undefined) Deno.writeTextFileSync("/proc/sys/kernel/ns_last_pid", String(pid - 1));
  const child = new Deno.Command("sh", {
    args: ["-c", script],
    ...(uid === undefined ? {} : { uid, gid: uid }),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = await child.output();
  return { pid: child.pid, said: said(output) };
}

/** What socat got; its messages end with what the kernel said. */
export function said({ stdout, stderr }: Deno.CommandOutput): string {
  const [line] = decoder.decode(stdout).split("\r\n");
  return line || decoder.decode(stderr).trim().replace(/^[^]*: /, "");
}

/** Postern, as a process. */
export class Program {
  readonly child: Deno.ChildProcess;
  out = "";
  err = "";
  readonly #read: Promise<unknown>;

  constructor(args: readonly string[], uid?: number) {
    this.child = new Deno.Command("postern", {
      args: [...args],
      ...(uid === undefined ? {} : { uid, gid: uid }),
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { stdout, stderr } = this.child;
    this.#read = Promise.all([
      (async () => {
        for await (const chunk of stdout) this.out += decoder.decode(chunk);
      })(),
      (async () => {
        for await (const chunk of stderr) this.err += decoder.decode(chunk);
      })(),
    ]);
  }

  async says(text: RegExp): Promise<this> {
    if (!await until(() => text.test(this.err))) step(`never said ${text}`, this.err);
    return this;
  }

  /** JSON lines on standard output, once there are so many. */
  async lines(count: number): Promise<Record<string, unknown>[]> {
    const all = () => this.out.split("\n").filter((line) => line !== "");
    await until(() => all().length >= count);
    return all().map((line) => JSON.parse(line));
  }

  async end(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    this.child.kill(signal);
    return await this.over();
  }

  async over(): Promise<number> {
    const { code } = await this.child.status;
    await this.#read;
    return code;
  }
}

/** Whether it came to hold within a minute: machines like this one are slow. */
export async function until(holds: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 600 && !holds(); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return holds();
}

export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Why faults cannot be injected here. */
export function missingForFaults(): string | undefined {
  if (Deno.uid() !== 0) return "strace of what nobody may trace needs root";
  try {
    new Deno.Command("strace", { args: ["-V"], stdout: "null", stderr: "null" }).outputSync();
    return undefined;
  } catch {
    return "strace is not installed";
  }
}

/** System calls of a process that fail from now on, until it is disposed of: the kernel never gets to see them (strace(1)). */
export class InjectedFault implements AsyncDisposable {
  readonly #strace: Deno.ChildProcess;
  readonly #said: Promise<void>;
  #stderr = "";

  private constructor(strace: Deno.ChildProcess) {
    this.#strace = strace;
    this.#said = this.#read();
  }

  /** `call` fails with `error`, in all threads: `accept4`, `ENFILE`. */
  static async into(pid: number, call: string, error: string): Promise<InjectedFault> {
    const strace = new Deno.Command("strace", {
      args: [
        ...["-f", "-p", String(pid), "-o", "/dev/null"],
        ...["-e", `trace=${call}`, "-e", `inject=${call}:error=${error}`],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const fault = new InjectedFault(strace);
    for (let tries = 0; tries < 1000; tries++) {
      if (/attached/.test(fault.#stderr)) return fault;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await fault[Symbol.asyncDispose]();
    throw new Error(`strace did not attach: ${fault.#stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#strace.kill("SIGINT");
    await this.#strace.status;
    await this.#said;
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#strace.stderr) this.#stderr += decoder.decode(chunk);
  }
}

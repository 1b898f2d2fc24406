/** `[PID:ISOLATE:N] 123 ms: Incremental Mark-Compact 12.3 (15.0) -> 9.1 (14.2) MB, …`: what a full collection leaves (V8's --trace-gc). */
const collection = /^\[\d+:([^\]]+)\].* Mark-Compact .*? -> (\d+(?:\.\d+)?) \(/;

/** What V8 keeps alive in each of a process's isolates, followed in what it says of its collections. */
export class Heap implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #decoder = new TextDecoder();
  readonly #chunk = new Uint8Array(64 * 1024);
  readonly #live = new Map<string, number>();
  #line = "";

  /** `path`: where the process writes what it has to say. */
  constructor(path: string) {
    this.#file = Deno.openSync(path);
  }

  /** What the last full collection left in each isolate that had one, in MiB. */
  live(): ReadonlyMap<string, number> {
    for (let n: number | null; (n = this.#file.readSync(this.#chunk)) !== null;) {
      this.#follow(this.#decoder.decode(this.#chunk.subarray(0, n), { stream: true }));
    }
    return new Map(this.#live);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #follow(text: string): void {
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop()!;
    for (const line of lines) {
      const [, isolate, live] = collection.exec(line) ?? [];
      if (isolate !== undefined) this.#live.set(isolate, Number(live));
    }
  }
}

import { describeFailure } from "../config/failure.ts";

/** What is longer than this and no line yet is left out, in bytes; audit's own lines end at 8970 (MAX_AUDIT_MESSAGE_LENGTH). */
const LONGEST = 1 << 16;

/**
 * The lines that are added to a file from now on, over its rotation: the rest of the old file first, then the new one from its
 * beginning. Throws when the file cannot be opened.
 */
export class LogTail {
  readonly #path: string;
  readonly #chunk = new Uint8Array(1 << 16);
  #file: Deno.FsFile;
  #at: number;
  #decoder = new TextDecoder();
  #rest = "";

  constructor(path: string) {
    this.#path = path;
    this.#file = Deno.openSync(path);
    this.#at = this.#file.seekSync(0, Deno.SeekMode.End);
  }

  /** What has come since the last call. Throws when the file cannot be read. */
  lines(): string[] {
    const lines: string[] = [];
    if (this.#file.statSync().size < this.#at) this.#begin(this.#file);
    this.#read(lines);
    const next = this.#replacement();
    if (next !== undefined) {
      // The last lines of the old file may have come between the two looks.
      this.#read(lines);
      this.#file.close();
      this.#begin(next);
      this.#read(lines);
    }
    return lines;
  }

  close(): void {
    this.#file.close();
  }

  #begin(file: Deno.FsFile): void {
    this.#file = file;
    this.#at = file.seekSync(0, Deno.SeekMode.Start);
    this.#decoder = new TextDecoder();
    this.#rest = "";
  }

  #read(lines: string[]): void {
    let n: number | null;
    while ((n = this.#file.readSync(this.#chunk)) !== null && n > 0) {
      this.#at += n;
      const text = this.#rest + this.#decoder.decode(this.#chunk.subarray(0, n), { stream: true });
      const found = text.split("\n");
      this.#rest = found.pop()!;
      if (this.#rest.length > LONGEST) this.#rest = "";
      lines.push(...found);
    }
  }

  /** The file that has this name now, when it is another one. */
  #replacement(): Deno.FsFile | undefined {
    try {
      const held = this.#file.statSync();
      const named = Deno.statSync(this.#path);
      if (held.ino === named.ino && held.dev === named.dev) return undefined;
      return Deno.openSync(this.#path);
    } catch (error) {
      // Between the two steps of a rotation there is none.
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw new Error(`cannot read ${this.#path}: ${describeFailure(error)}`);
    }
  }
}

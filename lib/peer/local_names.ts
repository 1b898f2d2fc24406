import { readWholeFile } from "../linux/proc.ts";

/** The file is read again at most so often, in milliseconds: somebody may have been added just now. */
const AGAIN_MS = 1000;

/** The names in a local file of users or groups (passwd(5), group(5)), which can be read without waiting for anybody. */
export class LocalNames {
  readonly #path: string;
  #names: ReadonlyMap<number, string> = new Map();
  /** On performance.now()'s clock. */
  #readAt = -Infinity;

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined for an id that the file does not list. */
  name(id: number): string | undefined {
    const now = performance.now();
    if (now - this.#readAt >= AGAIN_MS) {
      this.#readAt = now;
      this.#names = namesIn(readWholeFile(this.#path) ?? "");
    }
    return this.#names.get(id);
  }
}

/**
 * Names by id, of lines `name:password:id:…`: in both files the id is the third field. Of two with one id the first counts, as it
 * does for getpwuid(3). Lines that only NIS understands have no plain name or no id.
 */
export function namesIn(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [, name, id] = /^([^:+#-][^:]*):[^:]*:(\d{1,10})(?::|$)/.exec(line) ?? [];
    if (name !== undefined && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}

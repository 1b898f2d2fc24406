/** A line in the head of a request that only this process can write: its value is a secret that lasts as long as it does. */
export class SecretLine {
  readonly #name: string;
  readonly #secret = crypto.getRandomValues(new Uint8Array(32)).toHex();

  constructor(name: string) {
    this.#name = name;
  }

  /** With its end. Never to be logged. */
  get line(): string {
    return `${this.#name}: ${this.#secret}\r\n`;
  }

  /** Whether it stands there; undefined where nothing of the name does. `headers` by name in lower case. */
  isIn(headers: ReadonlyMap<string, string>): boolean | undefined {
    const said = headers.get(this.#name.toLowerCase());
    return said === undefined ? undefined : isSame(said, this.#secret);
  }
}

/** Takes the same time wherever they differ. */
function isSame(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let i = 0; i < one.length; i++) difference |= one.charCodeAt(i) ^ other.charCodeAt(i);
  return difference === 0;
}

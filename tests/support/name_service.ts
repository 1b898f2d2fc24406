// A name service that a test plays: what glibc takes for nscd(8), in a mount namespace of the process that asks.

/** Numbers of requests (glibc, nscd/nscd-client.h); whatever else is asked for is not there. */
const USER_BY_ID = 1;
const GROUP_BY_ID = 3;
const VERSION = 2;
/** Fields of 32 bits of a user's and of a group's answer. */
const USER_FIELDS = 9;
const GROUP_FIELDS = 6;

/** Why it cannot be played here. */
export function missingForNameService(): string | undefined {
  return Deno.uid() === 0 ? undefined : "a mount namespace needs root";
}

/** Knows names by id, and answers at once, or not before it is let go on. */
export class PlayedNameService implements AsyncDisposable {
  /** What of the machine's the process sees in its stead: no user and no group has a name of its own. */
  readonly through: readonly string[];
  readonly asked: string[] = [];
  /** Questions that are kept waiting; those who gave up are not counted. */
  waiting = 0;
  hangs = false;
  readonly #directory: string;
  readonly #listener: Deno.UnixListener;
  readonly #names: Readonly<Record<string, string>>;

  /** `names`: by `user 0`, `group 0`. */
  constructor(names: Readonly<Record<string, string>>) {
    this.#names = names;
    this.#directory = Deno.makeTempDirSync({ dir: "/tmp", prefix: "ns-" });
    Deno.mkdirSync(`${this.#directory}/nscd`);
    for (const file of ["passwd", "group"]) {
      Deno.writeTextFileSync(`${this.#directory}/${file}`, "");
    }
    this.#listener = Deno.listen({ transport: "unix", path: `${this.#directory}/nscd/socket` });
    this.through = [
      "unshare",
      "--mount",
      "sh",
      "-c",
      "mount -t tmpfs none /run && mkdir /run/nscd && mount --bind $0/nscd /run/nscd && " +
      'for f in passwd group; do mount --bind $0/$f /etc/$f; done && exec "$@"',
      this.#directory,
    ];
    this.#accept();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) this.#answer(conn).catch(() => {});
    } catch { /* it is over */ }
  }

  async #answer(conn: Deno.UnixConn): Promise<void> {
    using _conn = conn;
    const chunk = new Uint8Array(256);
    const n = await conn.read(chunk) ?? 0;
    if (n < 12) return;
    const type = new DataView(chunk.buffer).getInt32(4, true);
    if (type !== USER_BY_ID && type !== GROUP_BY_ID) return;
    const kind = type === USER_BY_ID ? "user" : "group";
    const id = new TextDecoder().decode(chunk.subarray(12, n)).replaceAll("\0", "");
    this.asked.push(`${kind} ${id}`);
    if (this.hangs) {
      this.waiting++;
      // Whoever gives up closes the connection.
      const left = conn.read(chunk).catch(() => null).then(() => true);
      while (this.hangs && !await Promise.race([left, pause()]));
      this.waiting--;
    }
    await conn.write(this.#said(kind, id));
  }

  #said(kind: "user" | "group", id: string): Uint8Array {
    const name = this.#names[`${kind} ${id}`];
    const known = name === undefined ? 0 : 1;
    const size = known === 0 ? 0 : name!.length + 1;
    const fields = new Int32Array(kind === "user" ? USER_FIELDS : GROUP_FIELDS);
    fields.set([VERSION, known, size, known]);
    if (kind === "user") fields.set([Number(id), Number(id), known, known, known], 4);
    else fields.set([Number(id), 0], 4);
    // Every other text is empty, and ends in its NUL as well.
    const texts = `${name}\0`.padEnd(size + (kind === "user" ? 4 : 1), "\0");
    const text = known === 0 ? new Uint8Array() : new TextEncoder().encode(texts);
    return new Uint8Array([...new Uint8Array(fields.buffer), ...text]);
  }
}

const pause = () => new Promise<false>((resolve) => setTimeout(() => resolve(false), 10));

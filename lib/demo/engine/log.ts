/** One line, or the part of it that was written at once. */
export interface LogEntry {
  readonly stream: 1 | 2;
  readonly time: Date;
  readonly bytes: Uint8Array;
}

export interface LogQuery {
  readonly streams: ReadonlySet<1 | 2>;
  /** How many entries from the end; Infinity for all. */
  readonly tail: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

const MAX_BYTES = 1 << 20;

/** What a container has printed, the newest megabyte of it. */
export class Log {
  #entries: LogEntry[] = [];
  #size = 0;

  add(stream: 1 | 2, bytes: Uint8Array): void {
    const time = new Date();
    for (let from = 0; from < bytes.length;) {
      const newline = bytes.indexOf(10, from);
      const to = newline < 0 ? bytes.length : newline + 1;
      this.#entries.push({ stream, time, bytes: bytes.slice(from, to) });
      from = to;
    }
    this.#size += bytes.length;
    while (this.#size > MAX_BYTES) this.#size -= this.#entries.shift()?.bytes.length ?? this.#size;
  }

  read({ streams, tail, since }: LogQuery): LogEntry[] {
    const wanted = this.#entries.filter(({ stream, time }) =>
      streams.has(stream) && time.getTime() >= since
    );
    return wanted.slice(Math.max(0, wanted.length - tail));
  }
}

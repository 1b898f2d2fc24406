/** A request as a server takes it from a connection; texts with a character a byte. */
export interface Taken {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

/** What a server makes of the bytes of a connection. */
export interface Reading {
  /** Those that are complete. */
  readonly requests: readonly Taken[];
  /** Whether nothing is left, a request has begun and not ended, or the rest is refused. */
  readonly end: "clean" | "open" | "refused";
}

/** A server's way to read. */
export interface Reader {
  readonly name: string;
  read(text: string): Reading;
}

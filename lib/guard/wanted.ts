import type { Attempt } from "./layout.ts";

/** What is sealed, and for whom it is not. */
export interface Wanted {
  /** The real sockets. */
  readonly upstreams: readonly string[];
  /** Postern's own: who holds them may connect, */
  readonly intercepts: readonly string[];
  /**
   * if it is one of these users', or if nobody but root could have put the socket there; and in no container: one that has the
   * sockets' folder mounted can put a socket of its own into it.
   */
  readonly owners: ReadonlySet<number>;
  readonly uids: readonly number[];
  /** Folders of cgroups; they may come and go. */
  readonly cgroups: readonly string[];
}

/** Who hears what. */
export interface Hearer {
  attempts(attempts: readonly Attempt[]): void;
  info(text: string): void;
  warn(text: string): void;
}

import type { Upstream } from "./dial.ts";
import type { Owner } from "./endpoint.ts";

/** A client's connection, whatever its protocol. */
export interface Connection extends Owner {
  /** Called once, after the listener knows the connection. */
  start(): void;
  /** Takes no request behind the one that runs: between two, the connection is over. What became a stream goes on. */
  retire(): void;
  /** The rules have changed: what they would not begin is ended, where `revoke` is set; true when something was. */
  reconsider(revoke: boolean): boolean;
}

/** What a connection belongs to. */
export interface Place {
  readonly listener: string;
  readonly upstream: Upstream;
  /** A connection says that it is gone; once each. */
  left(connection: Connection): void;
}

import type { RealSockets } from "./real_sockets.ts";
import type { Sighting } from "./sighting.ts";

/** A program that runs, as `World.follow` starts it. */
export interface Running {
  readonly ended: Promise<number>;
  stop(): Promise<void>;
}

/** Starts a program of the host's and hears its lines; undefined when it is not installed. */
export type Follow = (
  program: string,
  args: readonly string[],
  hear: (line: string, from: "stdout" | "stderr") => void,
  env?: Readonly<Record<string, string>>,
) => Running | undefined;

/** Where the connections are heard of. */
export type SourceName = "ebpf" | "audit";

/** What a source finds: all but the user's name, and whether it is Postern's own. */
export interface Found extends Omit<Sighting, "bypass" | "user"> {
  /** When the process began, in clock ticks since boot, where the source knows. */
  readonly began?: string;
}

/** Who hears of it. */
export interface Hearer {
  /** A connection, or an attempt at one. */
  found(found: Found): void;
  /** From now on nothing is missed. */
  ready(): void;
  /** Something could not be followed, as a sentence for the log. */
  missed(message: string): void;
  /** There is nothing more to hear, and why. */
  failed(why: string): void;
}

/** A source that runs. */
export interface Source {
  stop(): Promise<void>;
}

/** Starts to listen for connections to these sockets. */
export type Start = (sockets: RealSockets, hearer: Hearer) => Source;

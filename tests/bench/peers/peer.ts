/** A way to the engine under measurement. */
export type Way = Direct | Peer;

/** The way without a relay. */
interface Direct {
  readonly name: string;
  /** What to say of it in the report, in a few words. */
  readonly about: string;
  readonly command?: never;
}

/** A way through a relay. */
export interface Peer {
  readonly name: string;
  readonly about: string;
  /** The file in its folder that gets a line a request, when it logs. */
  readonly log?: string;
  /** How it is started so that it listens on `socket` and relays to `upstream`; files go to `directory`. */
  command(place: PeerPlace): PeerCommand;
}

export interface PeerPlace {
  readonly directory: string;
  readonly socket: string;
  readonly upstream: string;
}

export interface PeerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export const direct: Way = { name: "direct", about: "the engine itself, no relay" };

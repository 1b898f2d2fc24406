/** The values that the policy engine takes and gives. No I/O here: everything can be fuzzed, cloned to a worker and reused. */

import type { AddressRange } from "./address.ts";
import type { Constraints } from "./constraints/types.ts";

/** What an operation does to the engine or tells about it; the source is the classification in the operation table. */
export type Effect = "read" | "sensitive-read" | "write";

/** One Docker API operation under its stable name, whatever version prefix it is called with. */
export interface Operation {
  /** `group.verb`, the name used in policies, messages and audit records. */
  readonly name: string;
  readonly effect: Effect;
  /** The engine may turn the connection into a raw stream (101, or 200 with a raw-stream type). */
  readonly hijack: boolean;
  /** The answer or the body can go on for as long as the client stays: logs, events, build, pull. */
  readonly stream: boolean;
  /** A stricter form of another operation (`containers.list-size` of `containers.list`): both must be allowed. */
  readonly variantOf?: string;
}

/** What a client's certificate proves of its holder: who signed it vouches for each of the names. */
export interface PeerCertificate {
  /** Absent where it has none, or several. */
  readonly commonName?: string;
  /** Subject alternative names, as written. */
  readonly dns: readonly string[];
  readonly uris: readonly string[];
  readonly emails: readonly string[];
  /** SHA-256 of the certificate, 64 hexadecimal digits. */
  readonly fingerprint: string;
}

/** A container that a peer may be in, as the engine knows it. */
export interface PeerContainer {
  readonly id: string;
  /** Without the slash in front. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The connected process as the kernel reports it. What the kernel does not tell is absent, never 0 or "". */
export interface Peer {
  readonly uid?: number;
  readonly gid?: number;
  /** Supplementary groups as the kernel held them at connect(2); absent when it would not say. */
  readonly groups?: readonly number[];
  readonly pid?: number;
  readonly user?: string;
  readonly group?: string;
  /** The executable's path at the time it was asked. */
  readonly exe?: string;
  /** The container's full id, from the cgroup path or by the address. */
  readonly container?: string;
  /** Where a connection over TCP comes from, as `formatAddress` writes it; such a peer has no ids, only what follows. */
  readonly address?: string;
  readonly port?: number;
  /** What a client of mutual TLS has shown. */
  readonly certificate?: PeerCertificate;
  /**
   * What the engine knows to be at that address: one of these containers, or, where `none` is among them, no container. Absent
   * where nobody asked, or the engine cannot tell.
   */
  readonly inside?: readonly (PeerContainer | "none")[];
  /** Why `inside` is absent although somebody asked. */
  readonly unplaced?: string;
}

/** An inclusive range of numeric ids; a single id is a range of one. */
export type IdRange = readonly [first: number, last: number];

/** A client rule with every name already resolved to numbers. All the conditions that are given must hold. */
export interface ClientRule {
  readonly uids?: readonly IdRange[];
  /** Primary or supplementary. */
  readonly gids?: readonly IdRange[];
  /** Listener names. */
  readonly listeners?: readonly string[];
  readonly addresses?: readonly AddressRange[];
  /** Names that the certificate has, of any kind. */
  readonly certificates?: readonly string[];
  /** Names or full ids of containers. */
  readonly containers?: readonly string[];
  /** Labels of the container, each with its value; any of them. */
  readonly labels?: readonly (readonly [key: string, value: string])[];
  readonly policy: string;
  /** Where the rule was written, `postern.yaml:17`, or what it stands for when it was not written in a file. */
  readonly origin: string;
}

/** What one policy says of one operation. */
export interface Verdict {
  readonly allow: boolean;
  /** Closed by a `deny` that somebody wrote; a policy that extends this one cannot open it again. */
  readonly denied?: true;
  /** The rule that decided: `policies/team-ci.yaml:8 allow containers.create`, `read-only (built in)`. */
  readonly rule: string;
  /** Why not, for people: `read-only never reads files out of containers`. Only where allow is false. */
  readonly reason?: string;
  /** What would allow it, where the policy is not written in a file. Only where allow is false. */
  readonly hint?: string;
  /** What an allowed request is held against; absent where nothing about it is judged. */
  readonly constraints?: Constraints;
}

/** How much the users of a policy may take, all together. A key that is absent limits nothing. */
export interface PolicyLimits {
  /** Connections at once. */
  readonly connections?: number;
  /** Requests at once whose answer can go on for as long as the client stays: logs, events, attach, pull. */
  readonly streams?: number;
  /** Over time; those of one second may come at once. */
  readonly requests_per_second?: number;
  /** Bytes of a request's body. */
  readonly body?: number;
  /** Seconds that a connection may wait for its next request, and take for its head. */
  readonly idle?: number;
  /** Seconds for a request that is no stream, from its head to the end of its answer. */
  readonly time?: number;
  /** Seconds in which a stream must move at least a byte. */
  readonly stream_idle?: number;
}

/** A compiled policy: a verdict for every operation of the table. Plain data, so that it can be posted to a worker. */
export interface Policy {
  readonly name: string;
  /** `warn` lets everything pass, and records what `enforce` would deny. */
  readonly mode: "enforce" | "warn";
  readonly verdicts: Readonly<Record<string, Verdict>>;
  /** It ships with the program: who wants it otherwise extends it. */
  readonly preset?: true;
  /** They count in mode enforce only. */
  readonly limits?: PolicyLimits;
  /** Where all threads count what its users take; the relay adds it. */
  readonly usage?: SharedArrayBuffer;
}

/** Everything that choosing a policy for a peer needs. Plain data. */
export interface Gate {
  readonly clients: readonly ClientRule[];
  /** Listener name → policy name, for listeners that have one. */
  readonly listenerPolicies: Readonly<Record<string, string>>;
  readonly defaultPolicy: string;
  readonly policies: Readonly<Record<string, Policy>>;
}

/** The policy that a peer has on a listener, and the rule that gave it. */
export interface Assignment {
  readonly policy: Policy;
  readonly rule: string;
}

/** The answer about one request. */
export type Decision =
  | { readonly allow: true; readonly policy: string; readonly rule: string }
  | {
    readonly allow: false;
    readonly policy: string;
    readonly rule: string;
    /** Why, without a final period. */
    readonly reason: string;
    /** The smallest change that would allow it, without a final period; "" where nothing would. */
    readonly hint: string;
  };

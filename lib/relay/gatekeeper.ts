import { auditLine, type LineParts, peerJson } from "../audit/record.ts";
import type { AuditWriter } from "../audit/writer.ts";
import { describeProcess, identify } from "../peer/identify.ts";
import type { NameCache } from "../peer/names.ts";
import { type Choose, compileGate } from "../policy/choose.ts";
import type { Assignment, Gate, Peer, Policy } from "../policy/types.ts";
import { Judge } from "./judge.ts";
import { Quota } from "./quota.ts";

/** A connected client: who it is and what it may do. */
export interface Admitted {
  readonly peer: Peer;
  readonly assignment: Assignment;
  readonly judge: Judge;
  /** Where the policy has limits. */
  readonly quota?: Quota;
  /** The peer's part of its audit records; empty when nothing is recorded. */
  readonly peerJson: string;
  /** Which rules these are: another number than the gatekeeper's means older ones. */
  readonly generation: number;
}

/** Knows every peer, gives each its policy, and writes down what was decided. */
export class Gatekeeper {
  readonly names: NameCache;
  #choose: Choose;
  readonly #judges = new Map<string, Judge>();
  readonly #quotas = new Map<string, Quota>();
  readonly #audit: AuditWriter | undefined;
  /** A rule or a record needs the supplementary groups: one more system call for each connection. */
  #groupsMatter: boolean;
  #containersAt: (listener: string) => boolean;
  // Ids need to be told apart, not to be secret: a random half for the worker, a counter for the request.
  readonly #idPrefix = crypto.getRandomValues(new Uint32Array(1))[0]!.toString(16).padStart(8, "0");
  #counter = 0;
  #generation = 0;

  constructor(gate: Gate, names: NameCache, audit: AuditWriter | undefined) {
    this.names = names;
    this.#choose = compileGate(gate);
    this.#audit = audit;
    this.#groupsMatter = audit !== undefined || namesGroups(gate);
    this.#containersAt = containersAt(gate);
  }

  /** From now on these rules count. Whoever was admitted under others is asked about with `current`. */
  replace(gate: Gate): void {
    this.#generation++;
    this.#choose = compileGate(gate);
    this.#groupsMatter = this.#audit !== undefined || namesGroups(gate);
    this.#containersAt = containersAt(gate);
    this.#judges.clear();
    this.#quotas.clear();
  }

  /** Identifies the process at the other end of `fd` and finds its policy. Must be asked right after accept(2), while it lives. */
  admit(fd: number, listener: string): Admitted {
    const credentials = identify(fd, this.#groupsMatter);
    const assignment = this.#choose(listener, credentials);
    const recorded = this.#audit !== undefined;
    const peer = recorded ? this.#describe(fd, credentials) : credentials;
    return this.#admitted(peer, assignment, recorded ? peerJson(peer) : "");
  }

  /** Finds the policy of a client on TCP, of whom the kernel tells nothing but the address. */
  admitKnown(peer: Peer & { readonly address: string }, listener: string): Admitted {
    const recorded = this.#audit !== undefined;
    return this.#admitted(peer, this.#choose(listener, peer), recorded ? peerJson(peer) : "");
  }

  /** Whether rules for this listener ask in which container a client is. */
  asksContainers(listener: string): boolean {
    return this.#containersAt(listener);
  }

  /**
   * The same client under the rules of now: the very same object while they have not changed. Who it is stays as it was at
   * accept(2); what the kernel stored at connect(2) can still be asked for what no rule wanted to know then.
   */
  current(admitted: Admitted, fd: number, listener: string): Admitted {
    if (admitted.generation === this.#generation) return admitted;
    const { peer, peerJson } = admitted;
    // Of a client on TCP the kernel says nothing, and of one with TLS, that it is Postern itself.
    const isLocal = peer.address === undefined;
    const known = isLocal && this.#groupsMatter && peer.groups === undefined
      ? { ...identify(fd, true), ...peer }
      : peer;
    return this.#admitted(known, this.#choose(listener, known), peerJson);
  }

  /** The peer with the names that a message shows. */
  named(peer: Peer): Peer {
    const user = peer.uid === undefined ? undefined : this.names.user(peer.uid);
    return user === undefined ? peer : { ...peer, user };
  }

  /** A number that no other request of this worker has had lately. */
  nextNumber(): number {
    this.#counter = (this.#counter + 1) >>> 0;
    return this.#counter;
  }

  /** The id of the request with this number, in records and messages. */
  idOf(number: number): string {
    return this.#idPrefix + number.toString(16).padStart(8, "0");
  }

  /** As `record`, for what is about to be relayed: false when it must not be, since nobody would know of it. */
  recordFirst(parts: LineParts, id: string, listener: string, peer: string): boolean {
    return this.#audit?.precede(auditLine(parts, Date.now(), id, listener, peer)) !== false;
  }

  record(parts: LineParts, id: string, listener: string, peer: string): void {
    this.#audit?.add(auditLine(parts, Date.now(), id, listener, peer));
  }

  #admitted(peer: Peer, assignment: Assignment, peerJson: string): Admitted {
    const judge = this.#judgeFor(assignment);
    const quota = this.#quotaOf(assignment.policy);
    return {
      peer,
      assignment,
      judge,
      ...(quota === undefined ? {} : { quota }),
      peerJson,
      generation: this.#generation,
    };
  }

  #describe(fd: number, peer: Peer): Peer {
    const group = peer.gid === undefined ? undefined : this.names.group(peer.gid);
    return {
      ...this.named(peer),
      ...(group === undefined ? {} : { group }),
      ...describeProcess(fd, peer),
    };
  }

  #quotaOf({ name, mode, limits, usage }: Policy): Quota | undefined {
    if (limits === undefined || usage === undefined || mode === "warn") return undefined;
    let quota = this.#quotas.get(name);
    if (quota === undefined) {
      quota = new Quota(limits, usage);
      this.#quotas.set(name, quota);
    }
    return quota;
  }

  /** One memory of judgements for all that share an assignment. */
  #judgeFor(assignment: Assignment): Judge {
    const key = `${assignment.policy.name}\n${assignment.rule}`;
    let judge = this.#judges.get(key);
    if (judge === undefined) {
      judge = new Judge(assignment);
      this.#judges.set(key, judge);
    }
    return judge;
  }
}

function namesGroups(gate: Gate): boolean {
  return gate.clients.some(({ gids }) => gids !== undefined);
}

/** On which listeners rules ask for containers. */
function containersAt({ clients }: Gate): (listener: string) => boolean {
  const rules = clients.filter(({ containers, labels }) =>
    containers !== undefined || labels !== undefined
  );
  return (listener) => rules.some(({ listeners }) => listeners?.includes(listener) ?? true);
}

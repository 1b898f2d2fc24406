import { againstLimits, Allowance, type Excess, type Timed } from "./allowance.ts";
import type { Deadline } from "./deadlines.ts";
import { dial, NOT_WATCHED, type Upstream } from "./dial.ts";
import type { Endpoint } from "./endpoint.ts";
import { Flow } from "./flow.ts";
import type { Admitted, Gatekeeper } from "./gatekeeper.ts";
import type { Loop } from "./loop.ts";
import type { Connection, Place } from "./place.ts";
import type { Verdict } from "../policy/types.ts";
import { RawStream } from "./raw_stream.ts";
import { Recorder, UNRECORDED } from "./recorder.ts";
import { revoked } from "./revocation.ts";

/** The operation that connecting to a raw listener is judged as: there is nothing else to judge. */
const OPERATION = "raw.connect";
const request = { operation: OPERATION };

/** One client of a `protocol: raw` listener: judged once, by who it is, then relayed without being read. */
export class RawConnection implements Connection, Timed {
  readonly #loop: Loop;
  readonly #gatekeeper: Gatekeeper;
  readonly #place: Place;
  readonly #admitted: Admitted;
  readonly #recorder: Recorder;
  readonly #id: string;
  readonly #startedAt: number;
  readonly #up = new Flow();
  readonly #down = new Flow();
  readonly #client: Endpoint;
  #upstream: Endpoint | undefined;
  #stream: RawStream | undefined;
  #deadline: Deadline | undefined;
  #allowance: Allowance | undefined;
  queued = false;
  #closed = false;

  constructor(
    loop: Loop,
    gatekeeper: Gatekeeper,
    place: Place,
    client: Endpoint,
    admitted: Admitted,
  ) {
    this.#loop = loop;
    this.#gatekeeper = gatekeeper;
    this.#place = place;
    this.#client = client;
    this.#admitted = admitted;
    this.#startedAt = loop.now;
    this.#recorder = new Recorder(gatekeeper, this.#admitted, place.listener);
    this.#id = gatekeeper.idOf(gatekeeper.nextNumber());
    client.owner = this;
  }

  start(): void {
    const verdict = this.#verdict;
    const known = { request, rule: verdict?.rule ?? this.#admitted.assignment.rule };
    const { policy } = this.#admitted.assignment;
    const excess = this.#excess();
    if (excess !== undefined) {
      const against = againstLimits(policy, excess);
      this.#recorder.decision(this.#id, { request, decision: "deny", ...against });
      return this.#release();
    }
    const allowed = verdict?.allow === true;
    if (!allowed && policy.mode !== "warn") {
      const reason = verdict?.reason ?? "not allowed";
      this.#recorder.decision(this.#id, { ...known, decision: "deny", reason });
      return this.#release();
    }
    const decision = allowed ? "allow" : "would-deny";
    if (!this.#recorder.connected(this.#id, { ...known, decision })) {
      const { rule, reason } = UNRECORDED;
      this.#recorder.decision(this.#id, { request, rule, decision: "deny", reason });
      return this.#release();
    }
    this.#dial(this.#place.upstream);
  }

  /** Only until the stream stands: a client that leaves meanwhile is let go. */
  run(): void {
    if (this.#client.gone && this.#upstream === undefined) this.#end("the client left");
  }

  expire(): void {
    this.#dial(this.#place.upstream);
  }

  /** It has no requests to wait for. */
  idled(): void {}

  /** It is one stream from its beginning. */
  retire(): void {}

  timedOut(reason: string): void {
    this.#end(reason);
  }

  get moved(): number {
    return this.#up.taken + this.#down.taken;
  }

  #excess(): Excess | undefined {
    const { quota } = this.#admitted;
    if (quota === undefined || this.#verdict?.allow !== true) return undefined;
    this.#allowance = new Allowance(this.#loop, this);
    return this.#allowance.askRaw(quota);
  }

  reconsider(revoke: boolean): boolean {
    const { assignment } = this.#gatekeeper.current(
      this.#admitted,
      this.#client.fd,
      this.#place.listener,
    );
    const { mode, verdicts } = assignment.policy;
    if (!revoke || this.#closed || mode === "warn" || verdicts[OPERATION]?.allow === true) {
      return false;
    }
    this.#end(revoked(assignment, `no longer allows ${OPERATION}`));
    return true;
  }

  close(): void {
    this.#end("Postern closed the connection");
  }

  #release(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deadline?.cancel();
    this.#allowance?.close();
    this.#up.abandon();
    this.#down.abandon();
    this.#loop.release(this.#client);
    if (this.#upstream !== undefined) this.#loop.release(this.#upstream);
    // Ended from outside, it may be about to run in the next turn.
    this.#stream?.close();
    this.#place.left(this);
  }

  #dial({ path, address }: Upstream): void {
    const result = dial(path, address);
    if ("busy" in result) {
      if (this.#loop.now - this.#startedAt > this.#loop.times.dial) {
        return this.#end(`connect ${path}: its backlog stayed full; does the engine hang?`);
      }
      this.#deadline = this.#loop.retries.add(this);
      return;
    }
    if ("failure" in result) return this.#end(result.failure);
    this.#upstream = this.#loop.attach(result.fd);
    if (this.#upstream === undefined) return this.#end(NOT_WATCHED.failure);
    this.#stream = new RawStream(
      this.#loop,
      this.#client,
      this.#upstream,
      this.#up,
      this.#down,
      (failure) => this.#end(failure),
    );
    this.#stream.run();
  }

  #end(failure?: string): void {
    if (this.#closed) return;
    this.#recorder.end(this.#id, {
      request,
      decision: "allow",
      rule: this.#verdict?.rule ?? this.#admitted.assignment.rule,
      ...(failure === undefined ? {} : { reason: failure }),
      bytesIn: this.#up.taken,
      bytesOut: this.#down.taken,
    }, this.#startedAt);
    this.#release();
  }

  get #verdict(): Verdict | undefined {
    return this.#admitted.assignment.policy.verdicts[OPERATION];
  }
}

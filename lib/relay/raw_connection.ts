import { dial, type Upstream } from "./dial.ts";
import type { Endpoint } from "./endpoint.ts";
import { Flow } from "./flow.ts";
import type { Admitted, Gatekeeper } from "./gatekeeper.ts";
import type { Loop } from "./loop.ts";
import type { Connection, Place } from "./place.ts";
import { RawStream } from "./raw_stream.ts";

/** The operation that connecting to a raw listener is judged as: there is nothing else to judge. */
const OPERATION = "raw.connect";

/** One client of a `protocol: raw` listener: judged once, by who it is, then relayed without being read. */
export class RawConnection implements Connection {
  readonly #loop: Loop;
  readonly #gatekeeper: Gatekeeper;
  readonly #place: Place;
  readonly #admitted: Admitted;
  readonly #id: string;
  readonly #startedAt = performance.now();
  readonly #up = new Flow();
  readonly #down = new Flow();
  readonly #client: Endpoint;
  #upstream: Endpoint | undefined;
  #closed = false;

  constructor(loop: Loop, gatekeeper: Gatekeeper, place: Place, client: Endpoint) {
    this.#loop = loop;
    this.#gatekeeper = gatekeeper;
    this.#place = place;
    this.#client = client;
    this.#admitted = gatekeeper.admit(client.fd, place.listener);
    this.#id = gatekeeper.nextId();
    client.owner = this;
  }

  start(): void {
    const verdict = this.#admitted.assignment.policy.verdicts[OPERATION];
    if (verdict?.allow === true) {
      this.#record("decision", "allow", verdict.rule);
      this.#dial(this.#place.upstream);
      return;
    }
    const rule = verdict?.rule ?? this.#admitted.assignment.rule;
    this.#record("decision", "deny", rule, { reason: verdict?.reason ?? "not allowed" });
    this.close();
  }

  /** Only until the stream stands: a client that leaves meanwhile is let go. */
  run(): void {
    if (this.#client.gone && this.#upstream === undefined) this.#end("the client left");
  }

  expire(): void {
    if (!this.#closed) this.#dial(this.#place.upstream);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#up.abandon();
    this.#down.abandon();
    this.#loop.release(this.#client);
    if (this.#upstream !== undefined) this.#loop.release(this.#upstream);
    this.#place.left(this);
  }

  #dial({ path, address }: Upstream): void {
    const result = dial(path, address);
    if ("busy" in result) return this.#loop.retries.add(this);
    if ("failure" in result) return this.#end(result.failure);
    this.#upstream = this.#loop.attach(result.fd);
    if (this.#upstream === undefined) return this.#end("no room in epoll");
    const stream = new RawStream(
      this.#loop,
      this.#client,
      this.#upstream,
      this.#up,
      this.#down,
      () => this.#end(),
    );
    stream.run();
  }

  #end(failure?: string): void {
    if (this.#closed) return;
    const { assignment } = this.#admitted;
    const rule = assignment.policy.verdicts[OPERATION]?.rule ?? assignment.rule;
    this.#record("end", "allow", rule, {
      ...(failure === undefined ? {} : { reason: failure }),
      bytesIn: this.#up.taken,
      bytesOut: this.#down.taken,
      durationMs: Math.round(performance.now() - this.#startedAt),
    });
    this.close();
  }

  #record(
    event: "decision" | "end",
    decision: "allow" | "deny",
    rule: string,
    more: { reason?: string; bytesIn?: number; bytesOut?: number; durationMs?: number } = {},
  ): void {
    const { assignment, peerJson } = this.#admitted;
    if (peerJson === "") return;
    this.#gatekeeper.record(peerJson, {
      time: Date.now(),
      id: this.#id,
      event,
      decision,
      rule,
      policy: assignment.policy.name,
      mode: assignment.policy.mode,
      listener: this.#place.listener,
      request: { operation: OPERATION },
      ...more,
    });
  }
}

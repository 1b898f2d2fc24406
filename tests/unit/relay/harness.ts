import { builtinPolicies, full, operator, readOnly } from "../../../lib/policy/builtin.ts";
import type { ClientRule, Policy } from "../../../lib/policy/types.ts";
import type { ConnectionLimits } from "../../../lib/relay/census.ts";
import { type Applied, Gate } from "../../../lib/relay/gate.ts";
import type { ListenerOptions } from "../../../lib/relay/standing.ts";
import { Wire } from "../../support/wire.ts";

/** A gate between a client and an upstream that the test plays itself. */
export class Bench {
  readonly directory: string;
  readonly path: string;
  readonly #gate: Gate;
  readonly #listener: ListenerOptions;
  readonly #upstream: Deno.UnixListener;
  #early: Promise<Wire> | undefined;
  readonly #log: string[];

  private constructor(
    directory: string,
    gate: Gate,
    listener: ListenerOptions,
    upstream: Deno.UnixListener,
    log: string[],
  ) {
    this.directory = directory;
    this.path = `${directory}/gate.sock`;
    this.#gate = gate;
    this.#listener = listener;
    this.#upstream = upstream;
    this.#log = log;
  }

  static async open(
    policy: Policy = full,
    options: Partial<Pick<ListenerOptions, "protocol" | "maxConnections" | "rotate">> & {
      workers?: number;
      limits?: ConnectionLimits;
    } = {},
  ): Promise<Bench> {
    const directory = await Deno.makeTempDir({ prefix: "postern-relay-" });
    const upstream = Deno.listen({ transport: "unix", path: `${directory}/up.sock` });
    const policies = Object.fromEntries([full, readOnly, operator, policy].map((p) => [p.name, p]));
    const listener: ListenerOptions = {
      name: "test",
      socket: `${directory}/gate.sock`,
      mode: 0o600,
      backlog: 128,
      protocol: options.protocol ?? "http",
      upstream: `${directory}/up.sock`,
      ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
      ...(options.rotate === undefined ? {} : { rotate: options.rotate }),
    };
    const log: string[] = [];
    const gate = await Gate.open({
      listeners: [listener],
      gate: { clients: [], listenerPolicies: {}, defaultPolicy: policy.name, policies },
      audit: { to: "file", path: `${directory}/audit.jsonl` },
      workers: options.workers ?? 1,
      ...options.limits,
    }, {
      log: (level, message) => void log.push(`${level}: ${message}`),
      failed: (error) => {
        throw error;
      },
    });
    return new Bench(directory, gate, listener, upstream, log);
  }

  /** Other rules from now on, and listeners as `changes` say: one for each, made of the first. */
  apply(
    policy: Policy,
    { revoke = true, clients = [], changes = [{}], limits = {} }: {
      revoke?: boolean;
      clients?: readonly ClientRule[];
      changes?: readonly Partial<ListenerOptions>[];
      limits?: ConnectionLimits;
    } = {},
  ): Promise<Applied> {
    const policies = { ...builtinPolicies, [policy.name]: policy };
    return this.#gate.apply({
      listeners: changes.map((change) => ({ ...this.#listener, ...change })),
      gate: { clients, listenerPolicies: {}, defaultPolicy: policy.name, policies },
      ...limits,
    }, revoke);
  }

  /** What the gate has told its operator. */
  get log(): string {
    return this.#log.join("\n");
  }

  /** Waits until the log says something. */
  async says(text: RegExp): Promise<void> {
    for (let tries = 0; tries < 1000; tries++) {
      if (text.test(this.log)) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`The gate never said ${text}; it said:\n${this.log}`);
  }

  /** Ends when what runs has ended, and nobody else comes. */
  drain(): Promise<void> {
    return this.#gate.drain();
  }

  client(): Promise<Wire> {
    return Wire.to(this.path);
  }

  /** The next connection that the gate makes to the engine. */
  async engine(): Promise<Wire> {
    const early = this.#early;
    this.#early = undefined;
    return await (early ?? this.#upstream.accept().then((conn) => new Wire(conn)));
  }

  /** A connection that was waited for in vain is the next one. */
  giveBack(early: Promise<Wire>): void {
    this.#early = early;
    early.catch(() => {});
  }

  /** The engine goes away: nobody listens any more. */
  stopEngine(): void {
    this.#upstream.close();
  }

  /** The audit log, once it holds `count` records: they are written after what they are about, in the same turn of the loop. */
  // deno-lint-ignore no-explicit-any
  async audit(count: number): Promise<any[]> {
    for (let tries = 0; tries < 1000; tries++) {
      const text = await Deno.readTextFile(`${this.directory}/audit.jsonl`);
      const lines = text.split("\n").filter((line) => line !== "");
      if (lines.length >= count) return lines.map((line) => JSON.parse(line));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`The audit log never held ${count} records`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gate.close();
    try {
      this.#upstream.close();
    } catch { /* the test closed it */ }
    await Deno.remove(this.directory, { recursive: true });
  }
}

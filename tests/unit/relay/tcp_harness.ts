import assert from "node:assert/strict";
import { builtinPolicies } from "../../../lib/policy/builtin.ts";
import type { FarEnd } from "../../../lib/peer/far_end.ts";
import type { ClientRule } from "../../../lib/policy/types.ts";
import type { ConnectionLimits } from "../../../lib/relay/census.ts";
import { type Applied, Gate } from "../../../lib/relay/gate.ts";
import type { ListenerOptions } from "../../../lib/relay/standing.ts";
import { freePort } from "../../support/free_port.ts";
import { ok, Wire } from "../../support/wire.ts";

const notFound = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}";

type Change = Partial<Pick<ListenerOptions, "tls" | "protocol" | "maxConnections">>;

/** A gate on TCP between a client and an engine that the test plays itself. */
export class TcpBench implements AsyncDisposable {
  readonly port: number;
  readonly directory: string;
  readonly gate: Gate;
  readonly #listener: ListenerOptions;
  readonly #engine: Deno.UnixListener;
  readonly log: string[];

  private constructor(
    directory: string,
    gate: Gate,
    listener: ListenerOptions,
    engine: Deno.UnixListener,
    log: string[],
  ) {
    this.directory = directory;
    this.gate = gate;
    this.#listener = listener;
    this.port = listener.tcp!.port;
    this.#engine = engine;
    this.log = log;
  }

  static async open(
    clients: readonly ClientRule[] = [],
    change: Change & {
      readonly limits?: ConnectionLimits;
      readonly workers?: number;
      readonly address?: readonly number[];
      /** What the kernel shows of containers' connections: by itself, that they hold them. */
      readonly holds?: (end: FarEnd) => Promise<boolean | undefined>;
    } = {},
  ): Promise<TcpBench> {
    const directory = await Deno.makeTempDir({ prefix: "postern-tcp-" });
    const engine = Deno.listen({ transport: "unix", path: `${directory}/up.sock` });
    const port = freePort();
    const { limits, workers = 1, address = [127, 0, 0, 1], holds, ...options } = change;
    const listener: ListenerOptions = {
      name: "test",
      socket: `tcp://127.0.0.1:${port}`,
      tcp: { address, port },
      mode: 0,
      backlog: 128,
      protocol: "http",
      upstream: `${directory}/up.sock`,
      ...options,
    };
    const log: string[] = [];
    const gate = await Gate.open({
      listeners: [listener],
      gate: rules(clients),
      audit: { to: "file", path: `${directory}/audit.jsonl` },
      workers,
      ...limits,
    }, {
      log: (level, message) => void log.push(`${level}: ${message}`),
      failed: (error) => {
        throw error;
      },
      holds: holds ?? (() => Promise.resolve(true)),
    });
    return new TcpBench(directory, gate, listener, engine, log);
  }

  /** Other rules from now on, and the listener as `changes` say. */
  apply(clients: readonly ClientRule[], changes: readonly Change[] = [{}]): Promise<Applied> {
    const listeners = changes.map((change) => ({ ...this.#listener, ...change }));
    return this.gate.apply({ listeners, gate: rules(clients) }, true);
  }

  async client(hostname = "127.0.0.1"): Promise<Wire> {
    return new Wire(await Deno.connect({ hostname, port: this.port }));
  }

  async engine(): Promise<Wire> {
    return new Wire(await this.#engine.accept());
  }

  /** Answers the engine's questions of who is at an address, in the order in which they come. */
  async tells(answers: readonly (readonly [path: string, answer: unknown])[]): Promise<void> {
    for (const [path, answer] of answers) {
      using asked = await this.engine();
      assert.equal((await asked.until("\r\n\r\n")).split(" ")[1], path);
      await asked.send(answer === undefined ? notFound : ok(JSON.stringify(answer)));
    }
  }

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
    await this.gate.close();
    this.#engine.close();
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** A rule that was written somewhere. */
export const rule = (conditions: Omit<ClientRule, "origin">): ClientRule => ({
  origin: "postern.yaml:9",
  ...conditions,
});

/** Everybody else may read. */
function rules(clients: readonly ClientRule[]) {
  return {
    clients,
    listenerPolicies: { test: "read-only" },
    defaultPolicy: "deny",
    policies: builtinPolicies,
  };
}

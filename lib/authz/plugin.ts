import type { AuditLog } from "../audit/log.ts";
import { AuditWriter, RETRY_MS } from "../audit/writer.ts";
import type { AuthzSettings, Config } from "../config/types.ts";
import { NameCache } from "../peer/names.ts";
import { NameService } from "../peer/name_service.ts";
import { Gatekeeper } from "../relay/gatekeeper.ts";
import { answering } from "./answering.ts";
import { Authorizer } from "./authorizer.ts";
import type { Ask } from "./examine.ts";
import { OwnLookups } from "./own_lookups.ts";
import { intercepts, type Seal } from "./seal.ts";
import { closePluginSocket, openPluginSocket, type PluginSocket } from "./socket.ts";

/** What a plugin needs of the process that it is in. */
export interface PluginWorld {
  readonly audit: AuditLog | undefined;
  /** What the gate of this process puts on what it relays. */
  readonly seal?: Seal;
  /** Asks the engine on a socket, with these lines in the head of each question. */
  ask(upstream: string, fields: string): Ask;
  log(level: "info" | "warning" | "error", message: string): void;
}

/** The authorization plugin of an engine: answers its questions on a socket of its own. */
export class Plugin {
  readonly #authorizer: Authorizer;
  readonly #audit: AuditWriter | undefined;
  readonly #socket: PluginSocket;
  #retry: ReturnType<typeof setTimeout> | undefined;

  private constructor(
    authorizer: Authorizer,
    audit: AuditWriter | undefined,
    open: (flush: () => void) => PluginSocket,
  ) {
    this.#authorizer = authorizer;
    this.#audit = audit;
    this.#socket = open(() => this.#flush());
  }

  /** Throws a BindError or a SystemError. */
  static open(settings: AuthzSettings, config: Config, world: PluginWorld): Plugin {
    const { gate } = config;
    const audit = world.audit && new AuditWriter(world.audit, (level, text) => {
      world.log(level, text);
    });
    const lookups = new OwnLookups();
    const service = new NameService();
    const names = new NameCache((question) => {
      service.ask(question, (name) => names.learn(question, name));
    });
    const gatekeeper = new Gatekeeper(gate, names, audit);
    const authorizer = new Authorizer(
      gatekeeper,
      audit !== undefined,
      lookups,
      ({ upstream }) => world.ask(upstream, lookups.field),
      world.seal,
    );
    authorizer.replace(settings, gate, intercepts(config));
    const fault = (error: unknown) => {
      world.log("error", `the engine's question cannot be answered: ${String(error)}`);
    };
    return new Plugin(authorizer, audit, (flush) => {
      return openPluginSocket(settings.socket, answering(authorizer, flush, fault));
    });
  }

  /** From the next question on these rules count. */
  replace(settings: AuthzSettings, config: Config): void {
    this.#authorizer.replace(settings, config.gate, intercepts(config));
  }

  /** Answers what has been asked, writes what is to be recorded, and ends. */
  async close(): Promise<void> {
    await closePluginSocket(this.#socket);
    clearTimeout(this.#retry);
    this.#audit?.end();
  }

  #flush(): void {
    this.#audit?.flush();
    if (this.#audit?.behind !== true || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#flush();
    }, RETRY_MS);
  }
}

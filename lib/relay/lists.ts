import type { Told } from "../peer/residents.ts";
import type { Answer } from "../policy/constraints/types.ts";
import type { Upstream } from "./dial.ts";
import type { ListLookup } from "./engine_object.ts";
import { Inquiry } from "./inquiry.ts";
import type { Loop } from "./loop.ts";

/** The engine's lists, or why there are none. */
export type Listed = Told | { readonly failed: string };

type Asker = (listed: Listed) => void;

/**
 * The engine's lists of containers and networks, asked for by many at a time and told to all of them at once. Everybody gets lists that
 * were begun after he had asked: what is under way already may be older than his connection, so he waits for the next.
 */
export class Lists {
  readonly #loop: Loop;
  readonly #upstream: Upstream;
  #inquiry: Inquiry | undefined;
  /** Lists are under way. */
  #busy = false;
  /** Who waits for the lists that are under way, and for the next ones. */
  #now = new Set<Asker>();
  #next = new Set<Asker>();

  constructor(loop: Loop, upstream: Upstream) {
    this.#loop = loop;
    this.#upstream = upstream;
  }

  /** Calls `asker` once, unless what it answers is called before: later, or at once where the engine is away. */
  ask(asker: Asker): () => void {
    this.#next.add(asker);
    if (!this.#busy) this.#begin();
    return () => {
      this.#next.delete(asker);
      if (this.#now.delete(asker) && this.#now.size === 0) {
        // Nobody wants these any more.
        this.#inquiry?.close();
        this.#busy = false;
        this.#begin();
      }
    };
  }

  #begin(): void {
    if (this.#next.size === 0) return;
    this.#busy = true;
    this.#now = this.#next;
    this.#next = new Set();
    this.#list({ kind: "containers" }, (containers) => {
      this.#list({ kind: "networks" }, (networks) => this.#tell({ containers, networks }));
    });
  }

  #list(lookup: ListLookup, then: (found: unknown) => void): void {
    this.#inquiry = new Inquiry(this.#loop, this.#upstream, lookup, (answer: Answer) => {
      if ("found" in answer) then(answer.found);
      else this.#tell({ failed: "failed" in answer ? answer.failed : answer.absent });
    });
  }

  /** One who fails at it costs the others nothing. */
  #tell(listed: Listed): void {
    const askers = this.#now;
    this.#now = new Set();
    this.#busy = false;
    this.#begin();
    let fault: { readonly error: unknown } | undefined;
    for (const asker of askers) {
      try {
        asker(listed);
      } catch (error) {
        fault ??= { error };
      }
    }
    if (fault !== undefined) throw fault.error;
  }
}

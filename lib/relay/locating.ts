import { isOwnAddress } from "../linux/tcp.ts";
import { hasAddress, residentsAt } from "../peer/residents.ts";
import { parseAddress } from "../policy/address.ts";
import type { Answer } from "../policy/constraints/types.ts";
import type { Peer } from "../policy/types.ts";
import type { Deadline } from "./deadlines.ts";
import type { Upstream } from "./dial.ts";
import type { EngineLookup, ListLookup } from "./engine_object.ts";
import { Inquiry } from "./inquiry.ts";
import type { Loop } from "./loop.ts";

/** A container that has just started is not listed at once: it is asked again after so many milliseconds, so often. */
const AGAIN_MS = 100;
const ATTEMPTS = 20;

type Inside = Peer["inside"] | undefined;

/**
 * Asks the engine which container has an address: it lists containers and networks, and the container that was found is looked at once
 * more. Nothing is kept: the next connection from the same address asks anew. It ends by calling `done`, once, or by `close`.
 */
export class Locating {
  readonly #loop: Loop;
  readonly #upstream: Upstream;
  readonly #address: string;
  readonly #done: (inside: Inside) => void;
  #inquiry: Inquiry | undefined;
  #deadline: Deadline | undefined;
  #attempts = 0;
  #over = false;

  constructor(loop: Loop, upstream: Upstream, address: string, done: (inside: Inside) => void) {
    this.#loop = loop;
    this.#upstream = upstream;
    this.#address = address;
    this.#done = done;
    this.#list();
  }

  /** Nobody wants to know any more. */
  close(): void {
    this.#over = true;
    this.#inquiry?.close();
    this.#deadline?.cancel();
  }

  #ask(lookup: EngineLookup | ListLookup, then: (found: unknown) => void): void {
    this.#inquiry = new Inquiry(this.#loop, this.#upstream, lookup, (answer: Answer) => {
      if (this.#over) return;
      if ("found" in answer) then(answer.found);
      // A container that is gone by now: its address may be another's already.
      else if ("absent" in answer) this.#later();
      else this.#finish(undefined);
    });
  }

  #list(): void {
    this.#attempts++;
    this.#ask({ kind: "containers" }, (containers) => {
      this.#ask({ kind: "networks" }, (networks) => {
        const bytes = parseAddress(this.#address);
        const isOwn = bytes === undefined || isOwnAddress(bytes);
        const inside = residentsAt(this.#address, { containers, networks }, isOwn);
        if (inside === "unlisted") return this.#later();
        const first = inside?.[0];
        if (first === undefined || first === "none") return this.#finish(inside);
        this.#ask({ kind: "container", name: first.id }, (found) => {
          if (hasAddress(found, this.#address)) this.#finish(inside);
          else this.#later();
        });
      });
    });
  }

  #later(): void {
    if (this.#attempts >= ATTEMPTS) return this.#finish(undefined);
    this.#deadline = this.#loop.after(AGAIN_MS).add({
      expire: () => this.#list(),
      close: () => this.#finish(undefined),
    });
  }

  #finish(inside: Inside): void {
    if (this.#over) return;
    this.close();
    this.#done(inside);
  }
}

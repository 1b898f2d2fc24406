import { isOwnAddress, type TcpEnd } from "../linux/tcp.ts";
import { holderIn, type Residents, residentsAt } from "../peer/residents.ts";
import { type AddressBytes, formatAddress, parseAddress } from "../policy/address.ts";
import type { Answer } from "../policy/constraints/types.ts";
import type { Deadline } from "./deadlines.ts";
import type { Upstream } from "./dial.ts";
import type { EngineLookup } from "./engine_object.ts";
import type { FarEnds } from "./far_ends.ts";
import { Inquiry } from "./inquiry.ts";
import type { Lists } from "./lists.ts";
import type { Loop } from "./loop.ts";

/** A container that has just started is not listed at once: it is asked again after so many milliseconds, so often. */
const AGAIN_MS = 100;
const ATTEMPTS = 20;
const FAULT = "a fault in Postern";

/** Whose connection it is, who can tell, and who wants to know. */
export interface Wanted {
  readonly loop: Loop;
  readonly upstream: Upstream;
  readonly lists: Lists;
  readonly farEnds: FarEnds;
  readonly client: { readonly address: string; readonly port: number };
  /** The gate's own end of it; undefined when it is gone already. */
  readonly gate: TcpEnd | undefined;
  /** Called once, unless it is closed before. */
  done(found: Residents): void;
}

/**
 * Finds which container a connection is of: the engine lists containers and networks, the container that has the address is looked at
 * once more, and the kernel shows whether a process of it holds the connection. Nothing is kept: the next connection from there asks anew.
 */
export class Locating {
  readonly #wanted: Wanted;
  readonly #address: AddressBytes | undefined;
  #inquiry: Inquiry | undefined;
  /** Takes back the question for the lists. */
  #forget: (() => void) | undefined;
  #deadline: Deadline | undefined;
  /** Of the question to the kernel. */
  #asked: number | undefined;
  #attempts = 0;
  #over = false;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
    this.#address = parseAddress(wanted.client.address);
    this.#list();
  }

  /** Nobody wants to know any more. */
  close(): void {
    this.#over = true;
    this.#inquiry?.close();
    this.#forget?.();
    this.#deadline?.cancel();
    if (this.#asked !== undefined) this.#wanted.farEnds.forget(this.#asked);
  }

  #ask(lookup: EngineLookup, then: (found: unknown) => void): void {
    const { loop, upstream } = this.#wanted;
    this.#inquiry = new Inquiry(loop, upstream, lookup, (answer: Answer) => {
      if (this.#over) return;
      if ("found" in answer) then(answer.found);
      // A container that is gone by now: its address may be another's already.
      else if ("absent" in answer) this.#later();
      else this.#lose(answer.failed);
    });
  }

  #list(): void {
    const { client, lists } = this.#wanted;
    this.#attempts++;
    this.#forget = lists.ask((listed) => {
      if (this.#over) return;
      if ("failed" in listed) return this.#lose(listed.failed);
      const isOwn = this.#address === undefined || isOwnAddress(this.#address);
      const residents = residentsAt(client.address, listed, isOwn);
      if (residents === "unlisted") return this.#later();
      const first = "inside" in residents ? residents.inside[0] : undefined;
      if (first === undefined || first === "none") return this.#finish(residents);
      this.#ask({ kind: "container", name: first.id }, (found) => {
        const pid = holderIn(found, client.address);
        if (pid === undefined) this.#later();
        else this.#prove(first.id, pid, residents);
      });
    });
  }

  #prove(id: string, pid: number, residents: Residents): void {
    const { loop, farEnds, client, gate: end } = this.#wanted;
    const gate = end && parseAddress(formatAddress(end.address));
    if (this.#address === undefined || gate === undefined) return this.#lose("it has left");
    this.#deadline = loop.answers.add({
      expire: () => this.#lose("the kernel took too long to say whose connection it is"),
      close: () => this.#lose(FAULT),
    });
    const ends = {
      client: { address: this.#address, port: client.port },
      gate: { address: gate, port: end!.port },
    };
    const inside = "inside" in residents ? residents.inside : [];
    const containers = inside.flatMap((one) => one === "none" ? [] : [one.id]);
    this.#asked = farEnds.ask({ containers, pid, ...ends }, (holds) => {
      this.#deadline?.cancel();
      if (holds === undefined) this.#doubt(id, pid);
      else if (holds) this.#finish(residents);
      else this.#lose(`the container that has ${client.address} does not hold this connection`);
    });
  }

  /** The engine's word alone does not count: where its processes cannot be seen, nobody knows, unless they have ended. */
  #doubt(container: string, pid: number): void {
    const { farEnds, client } = this.#wanted;
    this.#ask({ kind: "container", name: container }, (found) => {
      if (holderIn(found, client.address) !== pid) return this.#later();
      farEnds.blind();
      this.#lose("Postern may not see which process holds this connection");
    });
  }

  #later(): void {
    const { client } = this.#wanted;
    if (this.#attempts >= ATTEMPTS) {
      return this.#lose(`no container that runs was given ${client.address}`);
    }
    this.#deadline = this.#wanted.loop.after(AGAIN_MS).add({
      expire: () => this.#list(),
      close: () => this.#lose(FAULT),
    });
  }

  #lose(why: string): void {
    this.#finish({ unknown: why });
  }

  #finish(found: Residents): void {
    if (this.#over) return;
    this.close();
    this.#wanted.done(found);
  }
}

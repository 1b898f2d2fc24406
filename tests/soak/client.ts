import type { Random } from "../support/random.ts";
import { bytes } from "../support/wire.ts";
import type { Ledger } from "./ledger.ts";
import { end, Reader } from "./reader.ts";
import { type Tags, told } from "./tags.ts";

/** A client in a hurry leaves after so many milliseconds at most, wherever it is. */
const HURRY_MS = 60;
/** A client that hears nothing leaves then, in milliseconds. */
const PATIENCE_MS = 1500;

/** What a client's request is answered with, if all goes well. */
export interface Expected {
  readonly tag: string;
  readonly status: number;
  /** Where it is the engine's. */
  readonly body?: string;
}

/** The other way in: an address and a port, with certificates (PEM). */
export interface TlsWay {
  readonly port: number;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** What all clients share. */
export interface Surroundings {
  readonly socket: string;
  /** Absent where no certificates can be made. */
  readonly tls?: TlsWay;
  /** How many of the clients come by it: 0 to 1. */
  readonly tlsShare: number;
  readonly random: Random;
  readonly tags: Tags;
  readonly ledger: Ledger;
  /** Nobody leaves early, and nobody is in a hurry. */
  readonly calm: boolean;
}

/** The gate or the engine has ended the exchange, or the client has. */
export class Cut extends Error {}

/** One connection of a client, which keeps account of what it asks and is told. */
export class Client implements Disposable {
  readonly random: Random;
  readonly tags: Tags;
  readonly ledger: Ledger;
  readonly reader: Reader;
  readonly #conn: Deno.Conn;
  readonly #timer: ReturnType<typeof setTimeout>;
  /** What may be told here. */
  readonly #own = new Set<string>();

  private constructor(conn: Deno.Conn, { random, tags, ledger, calm }: Surroundings) {
    this.#conn = conn;
    this.random = random;
    this.tags = tags;
    this.ledger = ledger;
    this.reader = new Reader(conn);
    const hurries = !calm && random.chance(0.1);
    const patience = hurries ? random.next() * HURRY_MS : calm ? 20 * PATIENCE_MS : PATIENCE_MS;
    this.#timer = setTimeout(() => end(conn), patience);
  }

  static async connect(surroundings: Surroundings): Promise<Client> {
    const { tls, tlsShare, socket, random, ledger } = surroundings;
    try {
      if (tls === undefined || !random.chance(tlsShare)) {
        return new Client(await Deno.connect({ transport: "unix", path: socket }), surroundings);
      }
      const { port, cert, key, ca } = tls;
      const way = { hostname: "127.0.0.1", port, cert, key, caCerts: [ca] };
      ledger.tls.begun++;
      const conn = await Deno.connectTls(way);
      const client = new Client(conn, surroundings);
      await client.attempt(() => conn.handshake());
      ledger.tls.made++;
      return client;
    } catch (error) {
      throw new Cut((error as Error).message);
    }
  }

  /** A tag for a request of this connection, told so many times at most. */
  tag(most: number): string {
    const tag = this.tags.next(1 + Math.floor(this.random.next() * most));
    this.#own.add(tag);
    return tag;
  }

  /** Sends what the gate may read as requests about these tags. */
  async send(text: string, ...about: readonly string[]): Promise<void> {
    for (const tag of about) this.ledger.sent(tag);
    const data = bytes(text);
    try {
      for (let at = 0; at < data.length;) at += await this.#conn.write(data.subarray(at));
    } catch (error) {
      throw new Cut((error as Error).message);
    }
  }

  async closeWrite(): Promise<void> {
    await this.attempt(() => this.#conn.closeWrite());
  }

  /** Hears one answer. False when the connection has no other: the gate could not use the engine. */
  async hear({ tag, status, body }: Expected): Promise<boolean> {
    const head = await this.attempt(() => this.reader.until("\r\n\r\n"));
    if (head === undefined) throw new Cut("no answer");
    this.ledger.answered(tag);
    const heard = Number(head.split(" ", 2)[1]);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    const text = length === undefined
      ? await this.#chunks()
      : await this.attempt(() => this.reader.exactly(Number(length)));
    const own = text.startsWith('{"message":"postern: ');
    if (heard !== status) {
      if ([502, 503, 504].includes(heard) && own) return false;
      this.wrong(`${status} was expected for ${tag}, not ${head}${text.slice(0, 200)}`);
    } else if (body === undefined ? !own : text !== body) {
      this.wrong(`${tag} was told ${text.slice(0, 200)}`);
    }
    return true;
  }

  /** Hears what must be the rest of a stream, up to its end. */
  async hearRest(text: string, tag: string): Promise<void> {
    const heard = await this.attempt(() => this.reader.exactly(text.length));
    const more = await this.attempt(() => this.reader.some());
    if (heard !== text || more !== undefined) this.wrong(`${tag}'s stream was told otherwise`);
  }

  wrong(what: string): void {
    this.ledger.wrong.push(what);
  }

  /** Does what fails where the connection ends. */
  async attempt<T>(what: () => Promise<T>): Promise<T> {
    try {
      return await what();
    } catch (error) {
      throw new Cut((error as Error).message);
    }
  }

  /** What came and was not looked at must be about this client's requests, too. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    end(this.#conn);
    for (const [tag] of this.reader.take().matchAll(/\b[0-9a-f]{20}\b/g)) {
      if (!this.#own.has(tag)) this.wrong(`${tag} was told to another client`);
    }
  }

  async #chunks(): Promise<string> {
    let text = "";
    for (;;) {
      const line = await this.attempt(() => this.reader.until("\r\n"));
      const size = parseInt(line ?? "", 16);
      if (Number.isNaN(size)) throw new Cut("no chunk");
      text += (await this.attempt(() => this.reader.exactly(size + 2))).slice(0, size);
      if (size === 0) return text;
    }
  }
}

/** What the engine says of a tag where nothing else is said. */
export const expect = (tag: string): Expected => ({ tag, status: 200, body: told(tag) });

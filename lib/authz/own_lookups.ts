import { isQuestion } from "../relay/engine_object.ts";
import type { PluginRequest } from "./protocol.ts";

const NAME = "X-Postern-Lookup";

/**
 * Tells questions that Postern asks the engine from everybody else's: the engine asks Postern about them, too, while it waits
 * for the answer. They carry a secret that lasts as long as this process, and can only look.
 */
export class OwnLookups {
  readonly #secret = crypto.getRandomValues(new Uint8Array(32)).toHex();

  /** The line that a question carries, with its end. */
  get field(): string {
    return `${NAME}: ${this.#secret}\r\n`;
  }

  /** True for a question of our own; false for what only says so; undefined for everything else. */
  recognise({ headers, method, target }: PluginRequest): boolean | undefined {
    const said = headers.get(NAME.toLowerCase());
    if (said === undefined) return undefined;
    return isSame(said, this.#secret) && method === "GET" && isQuestion(target);
  }
}

/** Takes the same time wherever they differ. */
function isSame(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let i = 0; i < one.length; i++) difference |= one.charCodeAt(i) ^ other.charCodeAt(i);
  return difference === 0;
}

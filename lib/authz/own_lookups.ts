import { isQuestion } from "../relay/engine_object.ts";
import type { PluginRequest } from "./protocol.ts";
import { SecretLine } from "./secret.ts";

/**
 * Tells questions that Postern asks the engine from everybody else's: the engine asks Postern about them, too, while it waits
 * for the answer. They carry a secret, and can only look.
 */
export class OwnLookups {
  readonly #secret = new SecretLine("X-Postern-Lookup");

  /** The line that a question carries, with its end. */
  get field(): string {
    return this.#secret.line;
  }

  /** True for a question of our own; false for what only says so; undefined for everything else. */
  recognise({ headers, method, target }: PluginRequest): boolean | undefined {
    const carried = this.#secret.isIn(headers);
    return carried === undefined ? undefined : carried && method === "GET" && isQuestion(target);
  }
}

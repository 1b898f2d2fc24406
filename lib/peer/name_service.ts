import { groupNameAside, userNameAside } from "../linux/nss.ts";
import type { NameQuestion } from "./names.ts";

/** Questions that a name service has at a time, each on a thread of its own. */
const AT_ONCE = 4;
/** Questions that wait; when there are more, a name is missing for a while. */
const WAITING = 256;

type Ask = (question: NameQuestion) => Promise<string | undefined>;
interface Asked {
  readonly question: NameQuestion;
  readonly answer: (name: string | undefined) => void;
}

const ofTheMachine: Ask = ({ kind, id }) =>
  kind === "user" ? userNameAside(id) : groupNameAside(id);

/** The machine's name services, which may take as long as they like: nobody waits for them. */
export class NameService {
  readonly #ask: Ask;
  readonly #waiting: Asked[] = [];
  #running = 0;

  constructor(ask = ofTheMachine) {
    this.#ask = ask;
  }

  /** Calls `answer` later, with the name or undefined; never when too many wait already. */
  ask(question: NameQuestion, answer: (name: string | undefined) => void): void {
    if (this.#waiting.length >= WAITING) return;
    this.#waiting.push({ question, answer });
    if (this.#running < AT_ONCE) this.#run();
  }

  async #run(): Promise<void> {
    this.#running++;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      next.answer(await this.#ask(next.question));
    }
    this.#running--;
  }
}

const SLASH = 0x2f;
/** Steps of a pattern that are no character's code. */
const WITHIN = -1; // `*`
const ACROSS = -2; // `**`

/**
 * A pattern with wildcards: `*` stands for any characters but a slash, `**` for any; every other character is itself. All places in
 * the pattern that the value can have come to are followed at once, so that a value of n characters costs n times their
 * number at most. A regular expression goes back instead: n to the power of the wildcards, and clients choose n.
 */
export class Glob {
  /** What stands before the first wildcard. */
  readonly #prefix: string;
  readonly #steps: readonly number[];

  constructor(pattern: string) {
    const first = pattern.indexOf("*");
    this.#prefix = first < 0 ? pattern : pattern.slice(0, first);
    this.#steps = pattern.slice(this.#prefix.length).split(/(\*+)/).flatMap((part) => {
      if (part.startsWith("*")) return part.length === 1 ? WITHIN : ACROSS;
      return Array.from({ length: part.length }, (_, i) => part.charCodeAt(i));
    });
  }

  /** Whether the pattern takes the value as a whole. */
  takes(value: string): boolean {
    if (!value.startsWith(this.#prefix)) return false;
    const steps = this.#steps;
    const last = steps.length - 1;
    let places = this.#enter([], 0);
    for (let i = this.#prefix.length; i < value.length; i++) {
      const code = value.charCodeAt(i);
      const next: number[] = [];
      for (const place of places) {
        const step = steps[place];
        if (step === ACROSS && place === last) return true;
        if (step === ACROSS || (step === WITHIN && code !== SLASH)) this.#enter(next, place);
        else if (step === code) this.#enter(next, place + 1);
      }
      if (next.length === 0) return false;
      places = next;
    }
    return places.at(-1) === steps.length;
  }

  /** Adds a place, and the one behind it where a wildcard may stand for nothing. They come in order, so that none comes twice. */
  #enter(places: number[], place: number): number[] {
    if (place > (places.at(-1) ?? -1)) places.push(place);
    const step = this.#steps[place];
    if ((step === WITHIN || step === ACROSS) && place + 1 > places.at(-1)!) places.push(place + 1);
    return places;
  }
}

/** A Go regular expression as JavaScript has it, or why there is none. */
export type Translated =
  | {
    readonly source: string;
    readonly flags: string;
    /** It has alternatives that no group holds together: `^a|b$` is not `^(?:a|b)$`. */
    readonly alternatives: boolean;
  }
  | { readonly problem: string };

/** The classes `[:name:]` of RE2, ASCII only. */
const classes: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7f",
  blank: "\\t ",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};

/** What a backslash makes of a letter in RE2 and in JavaScript alike. */
const SAME = "bBdDsSwWfnrtv";

/**
 * Translates Go's syntax (RE2, regexp/syntax) for paths, which are ASCII. What RE2 does not know is a problem, since the source
 * would not have started with it; so is what JavaScript does not have.
 */
export function translateRe2(pattern: string): Translated {
  try {
    return new Translation(pattern).result();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { problem: error.message };
  }
}

class Translation {
  readonly #text: string;
  readonly #flags = new Set<string>();
  #at = 0;
  #depth = 0;
  #out = "";
  #alternatives = false;

  constructor(pattern: string) {
    const [, flags, rest] = /^\(\?([isU]+)\)(.*)$/s.exec(pattern) ?? [];
    for (const flag of flags ?? "") if (flag !== "U") this.#flags.add(flag);
    this.#text = rest ?? pattern;
  }

  result(): Translated {
    while (this.#at < this.#text.length) this.#step();
    const flags = [...this.#flags].join("");
    // What JavaScript does not take either.
    new RegExp(this.#out, flags);
    return { source: this.#out, flags, alternatives: this.#alternatives };
  }

  #step(): void {
    const character = this.#text[this.#at]!;
    switch (character) {
      case "\\":
        return this.#escape(false);
      case "[":
        return this.#class();
      case "(":
        return this.#group();
      case ")":
        this.#depth--;
        break;
      case "|":
        if (this.#depth === 0) this.#alternatives = true;
        break;
    }
    this.#take(1);
  }

  /** So many characters as they are. */
  #take(count: number): void {
    this.#out += this.#text.slice(this.#at, this.#at + count);
    this.#at += count;
  }

  /** So many characters, as something else. */
  #replace(count: number, by: string): void {
    this.#out += by;
    this.#at += count;
  }

  #rest(): string {
    return this.#text.slice(this.#at);
  }

  #escape(inClass: boolean): void {
    const rest = this.#rest();
    const letter = rest[1];
    if (letter === undefined) throw new SyntaxError("it ends with a backslash");
    if (letter === "Q") {
      const [whole, literal] = /^\\Q(.*?)(?:\\E|$)/s.exec(rest)!;
      return this.#replace(whole.length, RegExp.escape(literal!));
    }
    if (letter === "A" && !inClass) return this.#replace(2, "^");
    if (letter === "z" && !inClass) return this.#replace(2, "$");
    if (letter === "a") return this.#replace(2, "\\x07");
    if (letter === "x") {
      const [whole, short, long] = /^\\x(?:([0-9A-Fa-f]{2})|\{0*([0-9A-Fa-f]{1,4})\})/.exec(rest) ??
        [];
      if (whole === undefined) throw new SyntaxError("it has a character that no path has");
      return this.#replace(whole.length, `\\u${(short ?? long)!.padStart(4, "0")}`);
    }
    if (SAME.includes(letter) || !/[0-9A-Za-z]/.test(letter)) return this.#take(2);
    throw new SyntaxError(`it has \\${letter}, which is not translated`);
  }

  #class(): void {
    const start = /^\[\^?\]?/.exec(this.#rest())![0];
    // `[]a]` holds a bracket in RE2, and nothing in JavaScript.
    this.#replace(start.length, start.endsWith("]") ? `${start.slice(0, -1)}\\]` : start);
    while (this.#text[this.#at] !== "]") {
      if (this.#at >= this.#text.length) throw new SyntaxError("it has a [ that nothing closes");
      const [whole, negated, name] = /^\[:(\^?)([a-z]+):\]/.exec(this.#rest()) ?? [];
      if (whole !== undefined) {
        const known = Object.hasOwn(classes, name!) ? classes[name!] : undefined;
        if (known === undefined || negated !== "") {
          throw new SyntaxError(`it has ${whole}, which is not translated`);
        }
        this.#replace(whole.length, known);
      } else if (this.#text[this.#at] === "\\") this.#escape(true);
      else this.#take(1);
    }
    this.#take(1);
  }

  #group(): void {
    this.#depth++;
    const [named] = /^\(\?P</.exec(this.#rest()) ?? [];
    if (named !== undefined) return this.#replace(named.length, "(?<");
    const [special] = /^\(\?(?:[:=!]|<[=!]|[a-zA-Z-]+[:)]|<)?/.exec(this.#rest()) ?? [];
    if (special === undefined) return this.#take(1);
    if (!["(?:", "(?i:", "(?s:", "(?<"].includes(special)) {
      throw new SyntaxError(`it has ${special}, which is not translated`);
    }
    this.#take(special.length);
  }
}

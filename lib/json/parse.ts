import { quoted } from "./quoted.ts";
import type { Json, JsonDocument } from "./value.ts";

/** Why a text is not JSON with one reading, without a final period, and at which character (UTF-16 unit; 0 for what concerns the whole). */
export class JsonError extends Error {
  override name = "JsonError";

  constructor(readonly reason: string, readonly offset: number) {
    super(reason);
  }
}

/** Objects and arrays inside each other. The engine takes 10,000; no client needs ten. */
const MAX_DEPTH = 64;

/**
 * The whole of `bytes` as one JSON value (RFC 8259) that has one reading: UTF-8 without a byte order mark, no member name twice
 * in an object, no lone surrogate in an escape. Go's decoder, which the engine uses, takes all of these, and merges, replaces or
 * drops. Throws a JsonError.
 */
export function parseJson(bytes: Uint8Array): JsonDocument {
  const text = decode(bytes);
  return { text, root: new Parser(text).document() };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new JsonError("not UTF-8", 0);
  }
}

// deno-lint-ignore no-control-regex
const special = /[\\\x00-\x1f]/;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

class Parser {
  #at = 0;
  #depth = 0;

  /** Where the first character is that makes a string more than what stands between two quotes. */
  readonly #odd: number;

  constructor(readonly text: string) {
    const odd = text.search(special);
    this.#odd = odd < 0 ? text.length : odd;
  }

  document(): Json {
    this.#skipBlanks();
    if (this.#at === this.text.length) throw new JsonError("empty", 0);
    const root = this.#value();
    this.#skipBlanks();
    if (this.#at < this.text.length) throw this.#error("more behind the first value");
    return root;
  }

  #value(): Json {
    switch (this.text.charCodeAt(this.#at)) {
      case 0x7b:
        return this.#object();
      case 0x5b:
        return this.#array();
      case QUOTE: {
        const start = this.#at;
        const value = this.#string();
        return { kind: "string", value, start, end: this.#at };
      }
      case 0x74:
        return { kind: "boolean", value: true, start: this.#at, end: this.#word("true") };
      case 0x66:
        return { kind: "boolean", value: false, start: this.#at, end: this.#word("false") };
      case 0x6e:
        return { kind: "null", start: this.#at, end: this.#word("null") };
      default:
        return this.#number();
    }
  }

  #object(): Json {
    const start = this.#at;
    const { text } = this;
    const members = new Map<string, Json>();
    this.#enter();
    this.#at++;
    this.#skipBlanks();
    if (text.charCodeAt(this.#at) === 0x7d) this.#at++;
    else {
      for (;;) {
        const nameAt = this.#at;
        if (text.charCodeAt(nameAt) !== QUOTE) throw this.#unexpected("a member's name");
        const name = this.#string();
        if (members.has(name)) {
          throw new JsonError(`the member ${quoted(name, 60)} is there twice`, nameAt);
        }
        this.#skipBlanks();
        if (text.charCodeAt(this.#at) !== 0x3a) throw this.#unexpected("a colon");
        this.#at++;
        this.#skipBlanks();
        members.set(name, this.#value());
        this.#skipBlanks();
        const code = text.charCodeAt(this.#at);
        if (code === 0x2c) {
          this.#at++;
          this.#skipBlanks();
        } else if (code === 0x7d) {
          this.#at++;
          break;
        } else throw this.#unexpected("a comma or }");
      }
    }
    this.#depth--;
    return { kind: "object", members, start, end: this.#at };
  }

  #array(): Json {
    const start = this.#at;
    const { text } = this;
    const items: Json[] = [];
    this.#enter();
    this.#at++;
    this.#skipBlanks();
    if (text.charCodeAt(this.#at) === 0x5d) this.#at++;
    else {
      for (;;) {
        items.push(this.#value());
        this.#skipBlanks();
        const code = text.charCodeAt(this.#at);
        if (code === 0x2c) {
          this.#at++;
          this.#skipBlanks();
        } else if (code === 0x5d) {
          this.#at++;
          break;
        } else throw this.#unexpected("a comma or ]");
      }
    }
    this.#depth--;
    return { kind: "array", items, start, end: this.#at };
  }

  #enter(): void {
    if (++this.#depth > MAX_DEPTH) throw this.#error(`nested deeper than ${MAX_DEPTH} levels`);
  }

  /** From a quote to behind the next one. */
  #string(): string {
    const { text } = this;
    const open = this.#at;
    let value = "";
    let start = open + 1;
    for (;;) {
      let at = start;
      if (at < this.#odd) {
        const quote = text.indexOf('"', at);
        if (quote >= 0 && quote < this.#odd) at = quote;
      }
      let code = text.charCodeAt(at);
      while (code !== QUOTE && code !== BACKSLASH && code >= 0x20) code = text.charCodeAt(++at);
      if (at === text.length) throw new JsonError("a string that does not end", open);
      const part = text.slice(start, at);
      this.#at = at;
      if (code === QUOTE) {
        this.#at++;
        return value === "" ? part : value + part;
      }
      if (code !== BACKSLASH) throw this.#error("a control character in a string");
      value += part + this.#escape();
      start = this.#at;
    }
  }

  /** From a backslash to behind its sequence; a surrogate counts only with its partner. */
  #escape(): string {
    const { text } = this;
    const start = this.#at;
    const letter = text[start + 1] ?? "";
    if (letter !== "u") {
      const plain = escapes[letter];
      if (plain === undefined) throw this.#error("an escape that JSON does not have");
      this.#at += 2;
      return plain;
    }
    const unit = this.#unit(start);
    this.#at = start + 6;
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    const low = unit < 0xdc00 && text.startsWith("\\u", this.#at) ? this.#unit(this.#at) : 0;
    if (low < 0xdc00 || low > 0xdfff) {
      throw new JsonError("half of a surrogate pair in an escape", start);
    }
    this.#at += 6;
    return String.fromCharCode(unit, low);
  }

  #unit(start: number): number {
    const digits = this.text.slice(start + 2, start + 6);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
      throw new JsonError("\\u without four hexadecimal digits", start);
    }
    return parseInt(digits, 16);
  }

  #number(): Json {
    const start = this.#at;
    number.lastIndex = start;
    if (!number.test(this.text)) throw this.#unexpected("a value");
    this.#at = number.lastIndex;
    return { kind: "number", text: this.text.slice(start, this.#at), start, end: this.#at };
  }

  #word(word: string): number {
    if (!this.text.startsWith(word, this.#at)) throw this.#unexpected("a value");
    return this.#at += word.length;
  }

  #skipBlanks(): void {
    const { text } = this;
    let code = text.charCodeAt(this.#at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      code = text.charCodeAt(++this.#at);
    }
  }

  #unexpected(wanted: string): JsonError {
    const { text } = this;
    const found = text.codePointAt(this.#at);
    const got = found === undefined ? "the end" : quoted(String.fromCodePoint(found), 2);
    return this.#error(`${got} where ${wanted} should be`);
  }

  #error(reason: string): JsonError {
    return new JsonError(reason, this.#at);
  }
}

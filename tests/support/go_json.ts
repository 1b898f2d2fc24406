import type { Shape, Struct } from "../../lib/policy/bodies/shape.ts";

/**
 * JSON as Go's encoding/json reads it (go1.19, which built dockerd 20.10): the first value only, duplicates kept, bytes that are
 * no UTF-8 and halves of surrogate pairs as U+FFFD. Throws where Go's scanner does.
 */
export function parseGo(bytes: Uint8Array): Raw {
  const scanner = new Scanner(bytes);
  scanner.blanks();
  return scanner.value();
}

export class GoError extends Error {}

/** An object's members as they were written, duplicates and all. */
export class Members {
  readonly list: [name: string, value: Raw][] = [];
}

export class Literal {
  constructor(readonly text: string) {}
}

export type Raw = null | boolean | string | Literal | Raw[] | Members;

const escapes = new Map([...'"\\/bfnrt'].map((c, i) => [c, '"\\/\b\f\n\r\t'[i]!]));

class Scanner {
  #at = 0;

  constructor(readonly bytes: Uint8Array) {}

  atBlank(): boolean {
    return [0x20, 0x09, 0x0a, 0x0d].includes(this.bytes[this.#at] ?? 0);
  }

  blanks(): void {
    while (this.atBlank()) this.#at++;
  }

  #peek(): string {
    return String.fromCharCode(this.bytes[this.#at] ?? 0);
  }

  #expect(text: string): void {
    for (const c of text) {
      if (this.#peek() !== c) throw new GoError(`looking for ${text}`);
      this.#at++;
    }
  }

  value(): Raw {
    switch (this.#peek()) {
      case "{":
        return this.#members();
      case "[":
        return this.#items();
      case '"':
        return this.#string();
      case "t":
        this.#expect("true");
        return true;
      case "f":
        this.#expect("false");
        return false;
      case "n":
        this.#expect("null");
        return null;
      default:
        return this.#number();
    }
  }

  #members(): Members {
    const members = new Members();
    this.#expect("{");
    this.blanks();
    if (this.#peek() === "}") this.#at++;
    else {
      do {
        this.blanks();
        const name = this.#string();
        this.blanks();
        this.#expect(":");
        this.blanks();
        members.list.push([name, this.value()]);
        this.blanks();
      } while (this.#took(","));
      this.#expect("}");
    }
    return members;
  }

  #items(): Raw[] {
    const items: Raw[] = [];
    this.#expect("[");
    this.blanks();
    if (this.#peek() === "]") this.#at++;
    else {
      do {
        this.blanks();
        items.push(this.value());
        this.blanks();
      } while (this.#took(","));
      this.#expect("]");
    }
    return items;
  }

  #took(c: string): boolean {
    if (this.#peek() !== c) return false;
    this.#at++;
    return true;
  }

  #number(): Literal {
    const rest = String.fromCharCode(...this.bytes.subarray(this.#at, this.#at + 64));
    const found = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/.exec(rest);
    if (found === null) throw new GoError("looking for beginning of value");
    this.#at += found[0].length;
    // Within a number the scanner refuses what could have gone on: 1.x, 1e+.
    if (/^[.eE]/.test(rest.slice(found[0].length))) throw new GoError("in numeric literal");
    return new Literal(found[0]);
  }

  #string(): string {
    this.#expect('"');
    let result = "";
    for (;;) {
      const byte = this.bytes[this.#at];
      if (byte === undefined || byte < 0x20) throw new GoError("in string literal");
      if (byte === 0x22) {
        this.#at++;
        return result;
      }
      result += byte === 0x5c ? this.#escape() : this.#rune();
    }
  }

  #escape(): string {
    this.#at++;
    const letter = this.#peek();
    if (letter !== "u") {
      const plain = escapes.get(letter);
      if (plain === undefined) throw new GoError("in string escape code");
      this.#at++;
      return plain;
    }
    const unit = this.#unit(this.#at - 1);
    if (unit === undefined) throw new GoError("in \\u hexadecimal character escape");
    this.#at += 5;
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    const low = this.#unit(this.#at);
    if (unit > 0xdbff || low === undefined || low < 0xdc00 || low > 0xdfff) return "\ufffd";
    this.#at += 6;
    return String.fromCharCode(unit, low);
  }

  #unit(at: number): number | undefined {
    const text = String.fromCharCode(...this.bytes.subarray(at, at + 6));
    return /^\\u[0-9a-fA-F]{4}$/.test(text) ? parseInt(text.slice(2), 16) : undefined;
  }

  /** utf8.DecodeRune: a byte that begins nothing valid is one U+FFFD by itself. */
  #rune(): string {
    for (let width = 4; width > 0; width--) {
      try {
        const text = strict.decode(this.bytes.subarray(this.#at, this.#at + width));
        if ([...text].length !== 1) continue;
        this.#at += width;
        return text;
      } catch { /* a shorter one */ }
    }
    this.#at++;
    return "\ufffd";
  }
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What is in a variable of a Go type: integers are bigint, lists keep what is behind their end. */
export type GoValue = null | boolean | bigint | number | string | Slice | Map<string, GoValue>;

export class Slice {
  length = 0;
  /** The array behind it, with what earlier decodings left there. */
  readonly backing: GoValue[] = [];
}

export function zero(type: Shape): GoValue {
  switch (type.kind) {
    case "bool":
      return false;
    case "int":
      return 0n;
    case "float":
      return 0;
    case "string":
      return "";
    default:
      return null;
  }
}

/**
 * Decodes into a variable that holds `old` already; a struct is a map of its fields, and null where the pointer to it is nil.
 * Throws on what is an UnmarshalTypeError in Go.
 */
export function store(raw: Raw, type: Shape, old: GoValue): GoValue {
  if (type.kind === "any" || type.kind === "refused") return null;
  if (raw === null) {
    return ["list", "map", "struct", "string-or-list"].includes(type.kind) ? null : old;
  }
  switch (type.kind) {
    case "bool":
      if (typeof raw === "boolean") return raw;
      break;
    case "string":
      if (typeof raw === "string") return raw;
      break;
    case "int":
      if (raw instanceof Literal) return integer(raw.text);
      break;
    case "float":
      if (raw instanceof Literal && Number.isFinite(Number(raw.text))) return Number(raw.text);
      break;
    case "string-or-list": {
      const list: Shape = { kind: "list", of: { kind: "string" } };
      return store(typeof raw === "string" ? [raw] : raw, list, null);
    }
    case "list":
      if (Array.isArray(raw)) return storeItems(raw, type.of, old);
      break;
    case "map":
      if (raw instanceof Members) return storeMap(raw, type.of, old);
      break;
    case "struct":
      if (raw instanceof Members) return storeStruct(raw, type, old);
  }
  throw new GoError(`cannot unmarshal into ${type.kind}`);
}

function integer(text: string): bigint {
  if (!/^-?[0-9]+$/.test(text)) throw new GoError("cannot unmarshal number");
  const value = BigInt(text);
  if (value < -(2n ** 63n) || value >= 2n ** 64n) throw new GoError("out of range");
  return value;
}

/** decode.go (*decodeState).array: elements are decoded into what the array behind the slice holds. */
function storeItems(raw: Raw[], of: Shape, old: GoValue): Slice {
  if (raw.length === 0) return new Slice();
  const slice = old instanceof Slice ? old : new Slice();
  raw.forEach((item, i) => {
    const before = slice.backing[i] ?? (of.kind === "struct" ? new Map() : zero(of));
    // An element is a struct, not a pointer to one: null leaves it alone.
    slice.backing[i] = item === null && of.kind === "struct" ? before : store(item, of, before);
  });
  slice.length = raw.length;
  return slice;
}

/** decode.go (*decodeState).object for maps: the map is kept, its elements are made anew. */
function storeMap(raw: Members, of: Shape, old: GoValue): Map<string, GoValue> {
  const map = old instanceof Map ? old : new Map<string, GoValue>();
  for (const [name, value] of raw.list) map.set(name, store(value, of, zero(of)));
  return map;
}

function storeStruct(raw: Members, type: Struct, old: GoValue): Map<string, GoValue> {
  const struct = old instanceof Map ? old : new Map<string, GoValue>();
  for (const [name, value] of raw.list) {
    const field = fieldFor(name, type);
    if (field === undefined) continue;
    const shape = type.fields.get(field)!.shape;
    struct.set(field, store(value, shape, struct.get(field) ?? zero(shape)));
  }
  return struct;
}

/** The field that is spelt so, else the first that folds to it; of names that fold to each other, Go has the first only. */
function fieldFor(name: string, type: Struct): string | undefined {
  const names = [...type.fields.keys()];
  if (/[^\p{L}\p{N}_]/u.test(name)) return undefined;
  // With the flags i and u a regular expression compares by simple case folding, as unicode.SimpleFold does.
  const folds = new RegExp(`^${name}$`, "iu");
  return names.find((field) => folds.test(field));
}

/** A value without its zero fields and without what is behind a slice's end, to be compared. */
export function visible(value: GoValue, type: Shape): unknown {
  if (value === null) return null;
  if (value instanceof Slice) {
    const of = (type as { of?: Shape }).of ?? { kind: "string" };
    return value.backing.slice(0, value.length).map((item) => visible(item, of));
  }
  if (!(value instanceof Map)) return value;
  const shown: Record<string, unknown> = Object.create(null);
  for (const [name, item] of value) {
    const of = type.kind === "struct" ? type.fields.get(name)!.shape : (type as { of: Shape }).of;
    if (type.kind === "struct" && item === zero(of)) continue;
    shown[name] = visible(item, of);
  }
  return shown;
}

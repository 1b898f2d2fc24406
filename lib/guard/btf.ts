/** Kinds of types that are looked up by name (include/uapi/linux/btf.h). */
export const BTF_STRUCT = 4;
export const BTF_FUNC = 12;

const INT = 1;
const PTR = 2;
const ARRAY = 3;
const UNION = 5;
const ENUM = 6;
const TYPEDEF = 8;
const CONST = 10;
const MAGIC = 0xeb9f;
/** A type's fixed part: name, info, and a size or another type. */
const FIXED = 12;
const MEMBER = 12;

/** Bytes behind the fixed part, for a type with so many members; by kind. Kinds of which nothing is said have none. */
const tails: Readonly<Record<number, (members: number) => number>> = {
  [INT]: () => 4,
  [ARRAY]: () => 12,
  [BTF_STRUCT]: (n) => MEMBER * n,
  [UNION]: (n) => MEMBER * n,
  [ENUM]: (n) => 8 * n,
  13: (n) => 8 * n, // FUNC_PROTO
  14: () => 4, // VAR
  15: (n) => 12 * n, // DATASEC
  17: () => 4, // DECL_TAG
  19: (n) => 12 * n, // ENUM64
};
const LAST_KIND = 19;
/** Kinds that only say something about another type: typedef, volatile, const, restrict, type tag. */
const modifiers = new Set([TYPEDEF, 9, CONST, 11, 18]);

/** Where a member stands in its structure, and how much it takes; both in bytes. */
export interface Place {
  readonly offset: number;
  readonly size: number;
}

/** Type information that cannot be read, or does not have what is looked for. */
export class BtfError extends Error {}

/** The kernel's description of its own types, /sys/kernel/btf/vmlinux (Documentation/bpf/btf.rst). Little-endian, as both architectures are. */
export class Btf {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #strings: number;
  readonly #stringsEnd: number;
  /** Where each type begins, by its number less one: number 0 is void. */
  readonly #types: number[] = [];

  /** Throws a BtfError when the bytes are not what they should be. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 24 || this.#u16(0) !== MAGIC) {
      throw new BtfError("no BTF: it does not begin with 9f eb");
    }
    const header = this.#u32(4);
    let at = header + this.#u32(8);
    const end = at + this.#u32(12);
    this.#strings = header + this.#u32(16);
    this.#stringsEnd = this.#strings + this.#u32(20);
    if (end > bytes.length || this.#stringsEnd > bytes.length) {
      throw new BtfError("the BTF is cut off");
    }
    while (at < end) {
      if (at + FIXED > end) throw new BtfError("the BTF is cut off in a type");
      this.#types.push(at);
      const kind = this.#kindAt(at);
      if (kind === 0 || kind > LAST_KIND) {
        throw new BtfError(`the BTF has types of an unknown kind, ${kind}`);
      }
      at += FIXED + (tails[kind]?.(this.#u32(at + 4) & 0xffff) ?? 0);
    }
    if (at !== end) throw new BtfError("the BTF is cut off in a type");
  }

  /** The number of the first type of this kind and name. Throws a BtfError when there is none. */
  id(kind: number, name: string): number {
    const wanted = new TextEncoder().encode(name);
    const index = this.#types.findIndex((at) =>
      this.#kindAt(at) === kind && this.#isString(this.#u32(at), wanted)
    );
    if (index < 0) {
      throw new BtfError(`this kernel has no ${kind === BTF_FUNC ? "function" : "struct"} ${name}`);
    }
    return index + 1;
  }

  /**
   * Where a member stands: `path.dentry` in `unix_sock` is the pointer in the structure that is embedded there. Members of
   * anonymous structures and unions count as the outer one's, as in C. Throws a BtfError when there is no such member.
   */
  place(struct: string, path: string): Place {
    let type = this.id(BTF_STRUCT, struct);
    let offset = 0;
    for (const name of path.split(".")) {
      const member = this.#member(type, new TextEncoder().encode(name));
      if (member === undefined) {
        throw new BtfError(`this kernel's struct ${struct} has no member ${path}`);
      }
      offset += member.offset;
      type = member.type;
    }
    return { offset, size: this.#size(type) };
  }

  #member(type: number, wanted: Uint8Array): { offset: number; type: number } | undefined {
    const at = this.#at(this.#plain(type));
    if (at === undefined) return undefined;
    const kind = this.#kindAt(at);
    if (kind !== BTF_STRUCT && kind !== UNION) return undefined;
    const info = this.#u32(at + 4);
    for (let n = 0; n < (info & 0xffff); n++) {
      const member = at + FIXED + MEMBER * n;
      const inside = this.#u32(member + 4);
      // With the flag, the upper byte is the width of a bit field (btf.h).
      const bits = info >>> 31 === 0 ? this.#u32(member + 8) : this.#u32(member + 8) & 0xffffff;
      const name = this.#u32(member);
      if (this.#byte(name) === 0) {
        const found = this.#member(inside, wanted);
        if (found !== undefined) return { ...found, offset: found.offset + bits / 8 };
      } else if (this.#isString(name, wanted)) {
        if (bits % 8 !== 0) return undefined;
        return { offset: bits / 8, type: inside };
      }
    }
    return undefined;
  }

  #size(type: number): number {
    const at = this.#at(this.#plain(type));
    if (at === undefined) return 0;
    const kind = this.#kindAt(at);
    if (kind === PTR) return 8;
    if (kind === ARRAY) return this.#size(this.#u32(at + FIXED)) * this.#u32(at + FIXED + 8);
    return this.#u32(at + 8);
  }

  /** The type behind names and qualifiers. */
  #plain(type: number): number {
    for (let steps = 0; steps < 64; steps++) {
      const at = this.#at(type);
      if (at === undefined || !modifiers.has(this.#kindAt(at))) return type;
      type = this.#u32(at + 8);
    }
    throw new BtfError("the BTF has a type that leads to itself");
  }

  #at(type: number): number | undefined {
    return this.#types[type - 1];
  }

  #kindAt(at: number): number {
    return (this.#u32(at + 4) >>> 24) & 31;
  }

  #byte(string: number): number | undefined {
    return this.#bytes[this.#strings + string];
  }

  #isString(string: number, wanted: Uint8Array): boolean {
    const start = this.#strings + string;
    if (start + wanted.length >= this.#stringsEnd || this.#bytes[start + wanted.length] !== 0) {
      return false;
    }
    return wanted.every((byte, n) => byte === this.#bytes[start + n]);
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, true);
  }
}

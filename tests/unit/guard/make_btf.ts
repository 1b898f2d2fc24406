/** A member: its name, its type's number, and where it begins, in bits. */
export type Member = readonly [name: string, type: number, bits: number];

/** A type of BTF, of the kinds that kernels describe themselves by (Documentation/bpf/btf.rst). */
export interface Type {
  readonly kind: number;
  readonly name?: string;
  /** A size in bytes, or another type's number. */
  readonly size?: number;
  readonly members?: readonly Member[];
  /** Offsets of members hold widths of bit fields, too. */
  readonly flag?: true;
  /** What else stands behind the fixed part, as numbers of 32 bits. */
  readonly tail?: readonly number[];
}

/** Type information as the kernel gives it: the first type has the number 1. */
export function makeBtf(types: readonly Type[]): Uint8Array<ArrayBuffer> {
  let strings = "\0";
  const string = (text: string) => {
    if (text === "") return 0;
    const at = strings.length;
    strings += `${text}\0`;
    return at;
  };
  const words = types.flatMap(({ kind, name = "", size = 0, members = [], flag, tail = [] }) => [
    string(name),
    members.length | kind << 24 | (flag === true ? 1 << 31 : 0),
    size,
    ...members.flatMap(([name, type, bits]) => [string(name), type, bits]),
    ...tail,
  ]);
  const text = new TextEncoder().encode(strings);
  const header = new Uint32Array([
    0x0001eb9f,
    24,
    0,
    4 * words.length,
    4 * words.length,
    text.length,
  ]);
  return new Uint8Array([
    ...new Uint8Array(header.buffer),
    ...new Uint8Array(new Uint32Array(words).buffer),
    ...text,
  ]);
}

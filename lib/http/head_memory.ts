/** Heads that are remembered at a time, a power of two, and the longest of them in bytes: half a mebibyte in all. */
const SLOTS = 1024;
const LONGEST = 512;

interface Entry<T> {
  readonly bytes: Uint8Array;
  readonly value: T;
}

/**
 * What was made of a head, by its very bytes: clients repeat themselves, and to compare is cheaper than to parse. Each slot
 * keeps the last head that fell into it, so that one who invents heads costs the others their place, but no memory.
 */
export class HeadMemory<T> {
  readonly #slots: (Entry<T> | undefined)[] = Array(SLOTS).fill(undefined);

  /** What `remember` was given for the same bytes. */
  recall(bytes: Uint8Array, start: number, end: number): T | undefined {
    const entry = this.#slots[slotOf(bytes, start, end)];
    if (entry === undefined || entry.bytes.length !== end - start) return undefined;
    const known = entry.bytes;
    for (let i = 0; i < known.length; i++) {
      if (known[i] !== bytes[start + i]) return undefined;
    }
    return entry.value;
  }

  remember(bytes: Uint8Array, start: number, end: number, value: T): void {
    if (end - start > LONGEST) return;
    this.#slots[slotOf(bytes, start, end)] = { bytes: bytes.slice(start, end), value };
  }
}

/** FNV-1a, folded to the number of slots. Past the longest head nothing is remembered, nor looked at. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  const stop = Math.min(end, start + LONGEST);
  for (let i = start; i < stop; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return (hash ^ (hash >>> 16)) & (SLOTS - 1);
}

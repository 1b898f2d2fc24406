import fc from "fast-check";

interface Change {
  readonly at: number;
  readonly dropped: number;
  readonly put: string;
  readonly copied: number;
}

/** Inputs of a grammar and of a pool, as they are and with a few places changed. The pool may grow meanwhile. */
export function mutated(
  grammar: fc.Arbitrary<string>,
  tokens: readonly string[],
  pool: readonly string[],
): fc.Arbitrary<string> {
  const kept = fc.nat().map((n) => pool[n % pool.length] ?? "");
  const base = fc.oneof({ weight: 3, arbitrary: grammar }, { weight: 2, arbitrary: kept });
  const change: fc.Arbitrary<Change> = fc.record({
    at: fc.nat(1 << 16),
    dropped: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(40)),
    put: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...tokens) },
      { weight: 1, arbitrary: fc.nat(255).map((code) => String.fromCharCode(code)) },
    ),
    copied: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(200)),
  });
  return fc.oneof(
    { weight: 2, arbitrary: base },
    {
      weight: 3,
      arbitrary: fc.tuple(base, fc.array(change, { minLength: 1, maxLength: 4 })).map(
        ([text, changes]) => changes.reduce(changeAt, text),
      ),
    },
  );
}

function changeAt(text: string, { at, dropped, put, copied }: Change): string {
  const index = text.length === 0 ? 0 : at % text.length;
  return text.slice(0, index) + put + text.slice(index + dropped, index + dropped + copied) +
    text.slice(index + dropped);
}

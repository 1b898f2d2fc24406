import fc from "fast-check";
import type { Shape } from "../../lib/policy/bodies/shape.ts";

/** A character that `bytesOf` turns into a byte which is no UTF-8. */
const BROKEN = "\ue0ff";

/** The text of a body for the shape: most of it as it should be, some of it in one of the ways in which parsers differ. */
export function bodies(shape: Shape): fc.Arbitrary<string> {
  const rare = (common: string, ...others: string[]) =>
    fc.oneof({ weight: 30, arbitrary: fc.constant(common) }, ...others.map((o) => fc.constant(o)));
  return fc.tuple(
    rare("", " \n", "\ufeff", "\0", "//\n"),
    text(shape),
    rare("", "\n", " {}", "x", "\0", "}", ',"Image":"b"}', "]", "\ufeff"),
  ).map((parts) => parts.join(""));
}

/** What goes over the wire. */
export function bytesOf(text: string): Uint8Array {
  const encoder = new TextEncoder();
  return Uint8Array.from(
    [...text].flatMap((c) => c === BROKEN ? [0xff] : [...encoder.encode(c)]),
  );
}

function text(shape: Shape): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 60, arbitrary: proper(shape) },
    { weight: 2, arbitrary: fc.constant("null") },
    { weight: 1, arbitrary: odd },
  );
}

/** Values of any type, and what only looks like a value. */
const odd = fc.oneof(
  fc.constantFrom("true", "1", "1.0", "1e2", "01", "-", "+1", ".5", "1.", "NaN", "'a'", "[1,]"),
  fc.constantFrom('"a"', "[]", "{}", '{"a":1,}', "{a:1}", "nul", "True", "", "/**/1", "0x1"),
  fc.constantFrom("9007199254740993", "18446744073709551616", "-9223372036854775809", "1e999"),
  fc.constantFrom(1, 62, 66, 1000).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
);

const string = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom("", "a", "host", "/:/h", "ü😀", "ALL", "a\u2028b") },
  { weight: 5, arbitrary: fc.string({ unit: "binary", maxLength: 4 }) },
).map((value) => JSON.stringify(value));

const brokenString = fc.constantFrom(
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\ud83d\\ude00"',
  '"\\uD83D\\u0041"',
  `"a${BROKEN}"`,
  '"\\x41"',
  '"a\nb"',
  '"\\/\\b"',
  '"\\u006"',
  '"',
);

function proper(shape: Shape): fc.Arbitrary<string> {
  switch (shape.kind) {
    case "bool":
      return fc.constantFrom("true", "false");
    case "int":
      return fc.constantFrom("0", "-0", "1", "-1", "1073741824", "9007199254740993");
    case "float":
      return fc.constantFrom("0", "0.5", "1e-3", "-2");
    case "string":
      return fc.oneof({ weight: 30, arbitrary: string }, brokenString);
    case "string-or-list":
      return fc.oneof(string, items({ kind: "string" }));
    case "any":
    case "refused":
      return fc.constantFrom("null", "1", '"x"', "[]", '{"a":[null]}');
    case "list":
      return items(shape.of);
    case "map":
      return members(() => fc.tuple(fc.oneof(string, brokenKey), fc.memo(() => text(shape.of))(1)));
    case "struct": {
      const fields = [...shape.fields];
      const member = fc.constantFrom(...fields).chain(([name, field]) => {
        const value = text(field.shape);
        const one = fc.tuple(spelt(name), value);
        return fc.oneof(
          { weight: 25, arbitrary: one.map((pair) => [pair]) },
          { weight: 1, arbitrary: fc.tuple(one, one) },
        );
      });
      const stranger = fc.tuple(fc.constantFrom('"x"', '"Priviledged"', '"na\\u006de"'), odd);
      return fc.tuple(
        fc.array(member, { maxLength: 5 }),
        fc.oneof(
          { weight: 20, arbitrary: fc.constant([]) },
          { weight: 1, arbitrary: fc.tuple(stranger) },
        ),
      ).map(([some, strange]) => object([...some.flat(), ...strange]));
    }
  }
}

const brokenKey = fc.constantFrom('"\\ud800"', `"${BROKEN}"`, '"\\u0061"', "a");

function items(of: Shape): fc.Arbitrary<string> {
  return fc.array(fc.constant(0), { maxLength: 3 }).chain((some) =>
    fc.tuple(...some.map(() => text(of)))
  )
    .map((parts) => `[${parts.join(" ,")}]`);
}

function members(member: () => fc.Arbitrary<[string, string]>): fc.Arbitrary<string> {
  return fc.array(fc.constant(0), { maxLength: 3 }).chain((some) => fc.tuple(...some.map(member)))
    .map(object);
}

const object = (pairs: readonly (readonly [string, string])[]) =>
  `{${pairs.map(([name, value]) => `${name}: ${value}`).join(",")}}`;

/** A name in quotes: as it is, with an escape, or in another way that Go takes for the same. */
function spelt(name: string): fc.Arbitrary<string> {
  const plain = JSON.stringify(name);
  const at = fc.nat(name.length - 1);
  const replaced = (by: (c: string) => string) =>
    at.map((i) => JSON.stringify(name.slice(0, i) + by(name[i]!) + name.slice(i + 1)));
  const escaped = at.map((i) =>
    `"${name.slice(0, i)}\\u${name.charCodeAt(i).toString(16).padStart(4, "0")}${
      name.slice(i + 1)
    }"`
  );
  return fc.oneof(
    { weight: 40, arbitrary: fc.constant(plain) },
    { weight: 3, arbitrary: escaped },
    replaced((c) => c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()),
    fc.constant(plain.replace(/[sS]/, "\u017f").replace(/[kK]/, "\u212a")),
    fc.constant(plain.toLowerCase()),
  );
}

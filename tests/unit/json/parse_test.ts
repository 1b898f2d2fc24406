import assert from "node:assert/strict";
import { JsonError, parseJson } from "../../../lib/json/parse.ts";
import type { Json } from "../../../lib/json/value.ts";

const parse = (text: string): Json => parseJson(new TextEncoder().encode(text)).root;

/** What JSON.parse would give; numbers as they were written. */
function plain(value: Json): unknown {
  switch (value.kind) {
    case "object":
      return Object.fromEntries([...value.members].map(([name, member]) => [name, plain(member)]));
    case "array":
      return value.items.map(plain);
    case "number":
      return Number(value.text);
    case "null":
      return null;
    default:
      return value.value;
  }
}

const accepted = [
  "null",
  "true",
  "false",
  '""',
  "0",
  "-0",
  "-1.5e+10",
  "1E5",
  "0.1e-1",
  "[]",
  "{}",
  " \t\r\n{ \n} \r",
  '{"a":{"b":[1,2,{"c":null}]},"d":true}',
  '[ "x" , [ ] , { } , false , -3 ]',
  '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
  '"\\u0041\\u00e9\\uD83D\\uDE00\\uffff"',
  '{"\\u0041":1,"a":2,"":3}',
  '"\u007f\u0080\u2028\ufeff"',
  '"😀 plain"',
  '{"__proto__":1,"constructor":2}',
];

for (const text of accepted) {
  Deno.test(`${JSON.stringify(text)} is read as JSON.parse reads it`, () => {
    assert.deepEqual(plain(parse(text)), JSON.parse(text));
  });
}

const refused: [why: string, text: string, offset: number][] = [
  ["nothing", "", 0],
  ["blanks only", " \n", 0],
  ["a second value", "{} {}", 3],
  ["a NUL behind the value", "{}\0", 2],
  ["a closing brace too many", "{}}", 2],
  ["a member that is there twice", '{"a":1,"a":2}', 7],
  ["a member that is there twice, once escaped", '{"HostConfig":1,"\\u0048ostConfig":2}', 16],
  ["a member that is there twice, deep down", '[{"b":[{"a":1,"a":2}]}]', 14],
  ["half of a surrogate pair", '"\\ud800"', 1],
  ["the low half alone", '"\\udc00x"', 1],
  ["two high halves", '"\\ud800\\ud800"', 1],
  ["a high half and a letter", '"\\ud800\\u0041"', 1],
  ["a high half and another escape", '"\\ud800\\n"', 1],
  ["a high half and the low half itself as text", '"\\ud800x"', 1],
  ["a \\u with too few digits", '"\\u12"', 1],
  ["a \\u with a sign", '"\\u+123"', 1],
  ["an escape of a letter", '"\\x41"', 1],
  ["an escape at the end", '"\\', 1],
  ["a string without an end", '["abc', 1],
  ["a raw newline in a string", '"a\nb"', 2],
  ["a NUL in a string", '"a\0"', 2],
  ["a control character behind an escape", '"\\n\x1f"', 3],
  ["single quotes", "{'a':1}", 1],
  ["a name without quotes", "{a:1}", 1],
  ["a trailing comma in an object", '{"a":1,}', 7],
  ["a trailing comma in an array", "[1,]", 3],
  ["a comma alone", "[,]", 1],
  ["no comma", "[1 2]", 3],
  ["no colon", '{"a" 1}', 5],
  ["a colon too many", '{"a"::1}', 5],
  ["an object without an end", '{"a":1', 6],
  ["an array without an end", "[1", 2],
  ["a comment", "/* */{}", 0],
  ["a leading zero", "01", 1],
  ["a leading zero behind a minus", "-01", 2],
  ["a plus", "+1", 0],
  ["a dot without digits", "1.", 1],
  ["a dot first", ".5", 0],
  ["an exponent without digits", "1e", 1],
  ["a minus alone", "-", 0],
  ["hexadecimal", "0x10", 1],
  ["NaN", "NaN", 0],
  ["Infinity", "-Infinity", 0],
  ["True", "True", 0],
  ["half a word", "nul", 0],
  ["a word too long", "nulll", 4],
  ["a byte order mark", "\ufeff{}", 0],
  ["a no-break space", "\u00a0{}", 0],
  ["a vertical tab", "\v{}", 0],
  ["a form feed", "{\f}", 1],
  ["a line separator", "[1,\u20282]", 3],
];

for (const [why, text, offset] of refused) {
  Deno.test(`${why} is refused at ${offset}`, () => {
    assert.throws(
      () => parse(text),
      (error) =>
        error instanceof JsonError && error.offset === offset && !error.reason.endsWith("."),
    );
  });
}

const invalid: [why: string, bytes: number[]][] = [
  ["a stray continuation byte", [0x22, 0x80, 0x22]],
  ["an overlong slash", [0x22, 0xc0, 0xaf, 0x22]],
  ["a surrogate in UTF-8", [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ["a cut sequence", [0x22, 0xe2, 0x82, 0x22]],
  ["beyond U+10FFFF", [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
  ["UTF-16", [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
];

for (const [why, bytes] of invalid) {
  Deno.test(`bytes with ${why} are refused`, () => {
    assert.throws(() => parseJson(Uint8Array.from(bytes)), { name: "JsonError" });
  });
}

Deno.test("64 levels are read, one more is refused where it begins", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  parse(nested(64));
  parse(`[${nested(63)},${nested(63)}]`);
  assert.throws(
    () => parse(nested(65)),
    (error) => error instanceof JsonError && error.offset === 64,
  );
  assert.throws(() => parse("[".repeat(100_000)), { name: "JsonError" });
});

Deno.test("every value knows where it stands", () => {
  const text = ' { "a" : [ 1 , -2.50 ] , "ü😀" : "x\\ny", "c":{} } ';
  const document = parseJson(new TextEncoder().encode(text));
  const found: string[] = [];
  const visit = (value: Json) => {
    found.push(text.slice(value.start, value.end));
    if (value.kind === "object") { for (const member of value.members.values()) visit(member); }
    if (value.kind === "array") value.items.forEach(visit);
  };
  visit(document.root);
  assert.deepEqual(found, [text.trim(), "[ 1 , -2.50 ]", "1", "-2.50", '"x\\ny"', "{}"]);
  assert.equal(document.text, text);
});

Deno.test("a number keeps every digit", () => {
  const value = parse("9007199254740993");
  assert.equal(value.kind === "number" && value.text, "9007199254740993");
});

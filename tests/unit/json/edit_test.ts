import assert from "node:assert/strict";
import { applyEdits, insertItem, insertMember, replaceValue } from "../../../lib/json/edit.ts";
import { parseJson } from "../../../lib/json/parse.ts";
import type { JsonArray, JsonDocument, JsonObject } from "../../../lib/json/value.ts";

const parse = (text: string): JsonDocument => parseJson(new TextEncoder().encode(text));
const object = (document: JsonDocument) => document.root as JsonObject;
const array = (document: JsonDocument) => document.root as JsonArray;

Deno.test("what is not edited stays as it was written, blanks and large integers too", () => {
  const document = parse('{ "Memory" : 9007199254740993 , "Image":"a\\u0062" }\n');
  const edits = [insertMember(object(document), "User", '"1000"')];
  assert.equal(
    applyEdits(document, edits),
    '{"User":"1000", "Memory" : 9007199254740993 , "Image":"a\\u0062" }\n',
  );
  assert.equal(applyEdits(document, []), document.text);
});

Deno.test("members go into an empty object, one or several, in the order given", () => {
  for (const text of ["{}", "{ \r\n\t}"]) {
    const document = parse(text);
    const one = insertMember(object(document), "a", "1");
    const two = insertMember(object(document), "b", "{}");
    assert.deepEqual(JSON.parse(applyEdits(document, [one])), { a: 1 });
    assert.equal(applyEdits(document, [one, two]).replaceAll(/\s/g, ""), '{"a":1,"b":{}}');
    assert.equal(applyEdits(document, [two, one]).replaceAll(/\s/g, ""), '{"b":{},"a":1}');
  }
});

Deno.test("several members go into an object that has some", () => {
  const document = parse('{"x":0}');
  const edits = ["a", "b"].map((name) => insertMember(object(document), name, "1"));
  assert.equal(applyEdits(document, edits), '{"a":1,"b":1,"x":0}');
});

Deno.test("items go into an empty and into a filled array", () => {
  assert.equal(applyEdits(parse("[ ]"), [insertItem(array(parse("[ ]")), '"a"')]), '["a" ]');
  assert.equal(applyEdits(parse("[1]"), [insertItem(array(parse("[1]")), '"a"')]), '["a",1]');
});

Deno.test("a value is replaced, and something is inserted beside it", () => {
  const document = parse('{"HostConfig":null,"a":[1, 2]}');
  const members = object(document).members;
  const edits = [
    replaceValue(members.get("a")!, "[]"),
    replaceValue(members.get("HostConfig")!, '{"Memory":1}'),
    insertMember(object(document), "User", '"1"'),
  ];
  assert.equal(applyEdits(document, edits), '{"User":"1","HostConfig":{"Memory":1},"a":[]}');
});

Deno.test("names and texts beyond ASCII keep the places right", () => {
  const document = parse('{"ключ":"😀","b":{}}');
  const b = object(document).members.get("b") as JsonObject;
  assert.equal(
    applyEdits(document, [insertMember(b, 'q"', '"ü"')]),
    '{"ключ":"😀","b":{"q\\"":"ü"}}',
  );
});

Deno.test("a comma inside of a value that was inserted is left alone", () => {
  const document = parse('{"a":[]}');
  const edit = insertMember(object(document), "x", '","');
  assert.deepEqual(JSON.parse(applyEdits(document, [edit])), { x: ",", a: [] });
});

Deno.test("edits that overlap, or lie outside of the text, are a TypeError", () => {
  const document = parse('{"a":[1,2]}');
  const a = object(document).members.get("a") as JsonArray;
  assert.throws(
    () => applyEdits(document, [replaceValue(a, "1"), replaceValue(a.items[0]!, "2")]),
    TypeError,
  );
  assert.throws(
    () => applyEdits(document, [replaceValue(a, "1"), replaceValue(a, "2")]),
    TypeError,
  );
  assert.throws(() => applyEdits(document, [{ start: 5, end: 99, text: "" }]), TypeError);
  assert.throws(() => applyEdits(document, [{ start: 5, end: 4, text: "" }]), TypeError);
});

Deno.test("a member that is there cannot be inserted", () => {
  assert.throws(() => insertMember(object(parse('{"a":1}')), "a", "2"), TypeError);
});

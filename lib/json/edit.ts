import type { Edit, Json, JsonArray, JsonDocument, JsonObject } from "./value.ts";

/**
 * The document's text with the edits made and every other character as it was, so that numbers stay exact. Insertions at one
 * place come in the order given. Throws a TypeError when two edits overlap or one lies outside of the text.
 */
export function applyEdits({ text }: Pick<JsonDocument, "text">, edits: readonly Edit[]): string {
  let result = "";
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < at || edit.end < edit.start || edit.end > text.length) {
      throw new TypeError(`Cannot edit ${edit.start} to ${edit.end}: it overlaps another edit`);
    }
    result = join(result, text.slice(at, edit.start)) + edit.text;
    at = edit.end;
  }
  return join(result, text.slice(at));
}

/** A comma that an insertion left at the end of an object or an array was for what follows, and there is nothing. */
function join(before: string, after: string): string {
  return before.endsWith(",") && /^[ \t\r\n]*[}\]]/.test(after)
    ? before.slice(0, -1) + after
    : before + after;
}

/** Puts a member in front of an object's others; it must not be there yet. Any number may go into one object. */
export function insertMember(object: JsonObject, name: string, json: string): Edit {
  if (object.members.has(name)) throw new TypeError(`Cannot insert ${name}: it is there`);
  const at = object.start + 1;
  return { start: at, end: at, text: `${JSON.stringify(name)}:${json},` };
}

/** Puts an item in front of an array's others. */
export function insertItem(array: JsonArray, json: string): Edit {
  const at = array.start + 1;
  return { start: at, end: at, text: `${json},` };
}

export function replaceValue(value: Json, json: string): Edit {
  return { start: value.start, end: value.end, text: json };
}

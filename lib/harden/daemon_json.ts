import { applyEdits, replaceValue } from "../json/edit.ts";
import { JsonError, parseJson } from "../json/parse.ts";
import type { Edit, Json, JsonObject } from "../json/value.ts";
import { Refused } from "./part.ts";

const FILE = "/etc/docker/daemon.json";

/** A member's name, and its JSON made from the value that is there; undefined where that one will do. */
export type Member = readonly [
  name: string,
  value: (existing: Json | undefined) => string | undefined,
];

/**
 * The text of daemon.json with these members: what is there keeps its order, its indentation and every character. Throws Refused
 * for what is no JSON object with one reading: dockerd would not start with it, or with another one than we mean.
 */
export function members(existing: string | undefined, wanted: readonly Member[]): string {
  if (existing === undefined || existing.trim() === "") {
    const lines = wanted.map(([name, value]) => `  ${JSON.stringify(name)}: ${value(undefined)}`);
    return `{\n${lines.join(",\n")}\n}\n`;
  }
  return wanted.reduce(withMember, existing);
}

function withMember(text: string, [name, value]: Member): string {
  const root = parse(text);
  const there = root.members.get(name);
  const json = value(there);
  if (json === undefined) return text;
  if (there === undefined) return applyEdits({ text }, [addition(text, root, name, json)]);
  return applyEdits({ text }, [replaceValue(there, json)]);
}

/** Behind the last one, on a line of its own where the others have theirs. */
function addition(text: string, root: JsonObject, name: string, json: string): Edit {
  const member = `${JSON.stringify(name)}: ${json}`;
  const last = [...root.members.values()].at(-1);
  if (last === undefined) {
    return { start: root.start + 1, end: root.end - 1, text: `\n  ${member}\n` };
  }
  const [, indent] = /^\{[ \t\r]*\n([ \t]*)/.exec(text.slice(root.start)) ?? [];
  const gap = indent === undefined ? " " : `\n${indent}`;
  return { start: last.end, end: last.end, text: `,${gap}${member}` };
}

function parse(text: string): JsonObject {
  try {
    const { root } = parseJson(new TextEncoder().encode(text));
    if (root.kind !== "object") throw new Refused(`${FILE} holds no JSON object`);
    return root;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const line = text.slice(0, error.offset).split("\n").length;
    throw new Refused(
      `${FILE}:${line} is not JSON with one reading, and is left alone: ${error.reason}`,
    );
  }
}

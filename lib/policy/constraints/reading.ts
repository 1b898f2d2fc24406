import type { Json, JsonObject, JsonString } from "../../json/value.ts";

// Bodies come here with their shape checked: what is of another type than it should be reads as absent.

/** A member of an object; null is absent, as it is in Go. */
export function member(json: Json | undefined, name: string): Json | undefined {
  if (json?.kind !== "object") return undefined;
  const value = json.members.get(name);
  return value?.kind === "null" ? undefined : value;
}

export function objectAt(json: Json | undefined, name: string): JsonObject | undefined {
  const value = member(json, name);
  return value?.kind === "object" ? value : undefined;
}

export function stringAt(json: Json | undefined, name: string): JsonString | undefined {
  const value = member(json, name);
  return value?.kind === "string" ? value : undefined;
}

/** "" where there is none. */
export function textAt(json: Json | undefined, name: string): string {
  return stringAt(json, name)?.value ?? "";
}

export function flagAt(json: Json | undefined, name: string): boolean {
  const value = member(json, name);
  return value?.kind === "boolean" && value.value;
}

/** Undefined where there is none. What is no integer is a decoding error in Go; it cannot pass the check of the shape. */
export function integerAt(json: Json | undefined, name: string): bigint | undefined {
  const value = member(json, name);
  if (value?.kind !== "number" || !/^-?[0-9]+$/.test(value.text)) return undefined;
  return BigInt(value.text);
}

/** The items of a list, and of a string where the engine takes one for a list (moby strslice). Null stands for a zero value. */
export function itemsAt(json: Json | undefined, name: string): readonly Json[] {
  const value = member(json, name);
  if (value?.kind === "string") return [value];
  return value?.kind === "array" ? value.items : [];
}

export function stringsAt(json: Json | undefined, name: string): readonly JsonString[] {
  return itemsAt(json, name).filter((item) => item.kind === "string");
}

export function textsAt(json: Json | undefined, name: string): readonly string[] {
  return stringsAt(json, name).map((item) => item.value);
}

/** The pairs of a map of strings. */
export function pairsAt(
  json: Json | undefined,
  name: string,
): readonly (readonly [name: string, value: string])[] {
  const members = objectAt(json, name)?.members ?? [];
  return [...members].map(([key, value]) => [key, value.kind === "string" ? value.value : ""]);
}

export function namesAt(json: Json | undefined, name: string): readonly string[] {
  return [...objectAt(json, name)?.members.keys() ?? []];
}

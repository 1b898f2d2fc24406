/** What Go's decoder takes for a value; null passes everywhere and changes nothing. */
export type Shape =
  | { readonly kind: "bool" | "int" | "float" | "string" | "string-or-list" | "any" }
  | { readonly kind: "list" | "map"; readonly of: Shape }
  /** A field that no engine of today reads as it once was meant: only what is empty passes. */
  | { readonly kind: "refused"; readonly reason: string }
  | Struct;

export interface Struct {
  readonly kind: "struct";
  readonly fields: ReadonlyMap<string, Field>;
  /** The fields by their names as Go folds them. */
  readonly folded: ReadonlyMap<string, string>;
  /** Fields that fold to the same: only one of them may be there. */
  readonly twins: readonly (readonly [string, string])[];
  /** Fields that some engines honour here although they belong elsewhere, folded → where they belong. */
  readonly misplaced: ReadonlyMap<string, string>;
}

export interface Field {
  readonly shape: Shape;
  /** The minor number of the first API version that documents it; 24 stands for that and all before. */
  readonly since: number;
}

export type Fields = Readonly<Record<string, Shape | Field>>;

export const bool: Shape = { kind: "bool" };
/** An integer of any width: Go takes neither 1.0 nor 1e3 for one. */
export const int: Shape = { kind: "int" };
export const float: Shape = { kind: "float" };
export const string: Shape = { kind: "string" };
/** moby's strslice: a string stands for a list of one. */
export const stringOrList: Shape = { kind: "string-or-list" };
/** What nobody judges. */
export const any: Shape = { kind: "any" };

export const list = (of: Shape): Shape => ({ kind: "list", of });
export const map = (of: Shape): Shape => ({ kind: "map", of });
export const refused = (reason: string): Shape => ({ kind: "refused", reason });

export const strings = list(string);
export const stringMap = map(string);
/** Go's map[string]struct{}, a set. */
export const set = map(map(any));

export const since = (minor: number, shape: Shape): Field => ({ shape, since: minor });

export function struct(fields: Fields, misplaced: ReadonlyMap<string, string> = new Map()): Struct {
  const folded = new Map<string, string>();
  const twins: [string, string][] = [];
  for (const name of Object.keys(fields)) {
    const other = folded.get(fold(name));
    if (other === undefined) folded.set(fold(name), name);
    else twins.push([other, name]);
  }
  return {
    kind: "struct",
    fields: new Map(
      Object.entries(fields).map(([name, field]) => [
        name,
        "kind" in field ? { shape: field, since: 24 } : field,
      ]),
    ),
    folded,
    twins,
    misplaced,
  };
}

/**
 * A key as encoding/json compares it to the names of a struct's fields, which here are all ASCII: besides the two cases of a
 * letter, Unicode's simple folding takes U+017F for s and U+212A for k.
 */
export function fold(name: string): string {
  return name.toLowerCase().replaceAll("\u017f", "s");
}

/** Where a value stands in the text it was read from: UTF-16 units, `end` is behind it. Edits are made there, nowhere else. */
interface Placed {
  readonly start: number;
  readonly end: number;
}

export interface JsonObject extends Placed {
  readonly kind: "object";
  /** In the order written; no name is there twice. */
  readonly members: ReadonlyMap<string, Json>;
}

export interface JsonArray extends Placed {
  readonly kind: "array";
  readonly items: readonly Json[];
}

export interface JsonString extends Placed {
  readonly kind: "string";
  /** With its escapes undone. */
  readonly value: string;
}

export interface JsonNumber extends Placed {
  readonly kind: "number";
  /** As written: 9007199254740993 is not a double. */
  readonly text: string;
}

export interface JsonBoolean extends Placed {
  readonly kind: "boolean";
  readonly value: boolean;
}

export interface JsonNull extends Placed {
  readonly kind: "null";
}

/** A JSON value that knows where it was written. */
export type Json = JsonObject | JsonArray | JsonString | JsonNumber | JsonBoolean | JsonNull;

/** A whole body: one value, and the text it was read from. */
export interface JsonDocument {
  readonly text: string;
  readonly root: Json;
}

/** Text to put in the place of a part of a document's text; an insertion where start and end are the same. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

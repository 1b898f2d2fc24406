/** A JSON Schema as `postern schema` prints them. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

/** Keywords that say nothing about what is valid. */
const silent = ["$schema", "$defs", "id", "title", "description"];

type Value = Readonly<Record<string, unknown>>;
const isMap = (value: unknown): value is Value =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Whether a value is valid by a JSON Schema (draft 2020-12), for the keywords that Postern's schemas have; any other throws, so that
 * none is passed over.
 */
export function isValid(schema: Schema, value: unknown, root: Schema = schema): boolean {
  return Object.entries(schema).every(([keyword, operand]) => {
    if (silent.includes(keyword)) return true;
    const holds = keywords[keyword];
    if (holds === undefined) throw new Error(`unknown keyword ${keyword}`);
    return holds(
      operand as never,
      value,
      (inner, of) => isValid(inner as Schema, of, root),
      schema,
      root,
    );
  });
}

type Holds = (
  operand: never,
  value: unknown,
  valid: (schema: unknown, value: unknown) => boolean,
  schema: Schema,
  root: Schema,
) => boolean;

const keywords: Readonly<Record<string, Holds>> = {
  $ref: (ref: string, value, valid, _, root) => {
    const name = /^#\/\$defs\/(.+)$/.exec(ref)?.[1];
    const definition = (root["$defs"] as Value)[name ?? ""];
    if (definition === undefined) throw new Error(`unknown definition ${ref}`);
    return valid(definition, value);
  },
  type: (types: string | readonly string[], value) =>
    [types].flat().some((type) => typeOf(value).includes(type)),
  const: (wanted: unknown, value) => value === wanted,
  enum: (allowed: readonly unknown[], value) => allowed.includes(value),
  anyOf: (schemas: readonly unknown[], value, valid) => schemas.some((one) => valid(one, value)),
  allOf: (schemas: readonly unknown[], value, valid) => schemas.every((one) => valid(one, value)),
  minimum: (least: number, value) => typeof value !== "number" || value >= least,
  exclusiveMinimum: (below: number, value) => typeof value !== "number" || value > below,
  maximum: (most: number, value) => typeof value !== "number" || value <= most,
  minLength: (least: number, value) => typeof value !== "string" || [...value].length >= least,
  minItems: (least: number, value) => !Array.isArray(value) || value.length >= least,
  items: (schema: unknown, value, valid) =>
    !Array.isArray(value) || value.every((item) => valid(schema, item)),
  required: (keys: readonly string[], value) =>
    !isMap(value) || keys.every((key) => Object.hasOwn(value, key)),
  propertyNames: (schema: unknown, value, valid) =>
    !isMap(value) || Object.keys(value).every((key) => valid(schema, key)),
  properties: (schemas: Value, value, valid) =>
    !isMap(value) ||
    Object.entries(value).every(([key, inner]) =>
      !Object.hasOwn(schemas, key) || valid(schemas[key], inner)
    ),
  additionalProperties: (additional: unknown, value, valid, { properties = {} }) =>
    !isMap(value) ||
    Object.entries(value).every(([key, inner]) =>
      Object.hasOwn(properties as Value, key) ||
      (typeof additional === "boolean" ? additional : valid(additional, inner))
    ),
};

function typeOf(value: unknown): readonly string[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  if (typeof value === "number") {
    return Number.isInteger(value) ? ["number", "integer"] : ["number"];
  }
  return [typeof value];
}

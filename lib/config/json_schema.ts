import * as z from "zod/mini";
import { groups, operations } from "../policy/operations.ts";
import { constraintsSchema } from "./constraints/schema.ts";
import {
  aboutConstraints,
  configSchema,
  operationSchema,
  optional,
  policySchema,
  verbsSchema,
} from "./schema.ts";

/** The files that have a schema. */
export type SchemaName = "config" | "policy";

type Schema = z.core.JSONSchema.JSONSchema;

const names = operations.map(({ name }) => name);

/** The JSON Schema (draft 2020-12) of `postern.yaml` or of a policy file, with the operations that there are. */
export function jsonSchema(name: SchemaName): Schema {
  const schema = name === "config" ? configSchema : z.extend(policySchema, {
    constraints: optional(constraintsSchema(), aboutConstraints),
  });
  return {
    title: name === "config" ? "Postern's configuration" : "A policy of Postern",
    ...z.toJSONSchema(schema, {
      io: "input",
      override({ zodSchema, jsonSchema }) {
        const found: unknown = zodSchema;
        if (found === operationSchema) Object.assign(jsonSchema, { enum: operationPatterns() });
        if (found === verbsSchema) Object.assign(jsonSchema, verbsOfGroups());
      },
    }),
  };
}

function operationPatterns(): string[] {
  return ["*", ...groups.map((group) => `${group}.*`), ...names];
}

function verbsOfGroups(): Schema {
  const properties = Object.fromEntries(groups.map((group) => {
    const verbs = names.filter((name) => name.startsWith(`${group}.`))
      .map((name) => name.slice(group.length + 1));
    const verb: Schema = { type: "string", enum: ["*", ...verbs] };
    const several: Schema = { type: "array", items: verb, minItems: 1 };
    const schema: Schema = { anyOf: [verb, several] };
    return [group, schema] as const;
  }));
  return { properties, additionalProperties: false };
}

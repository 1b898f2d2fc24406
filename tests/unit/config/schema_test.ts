import assert from "node:assert/strict";
import { z } from "zod";
import { configSchema, policySchema } from "../../../lib/config/schema.ts";

Deno.test("both schemas can be exported as JSON Schema, and every key is described", () => {
  for (const schema of [configSchema, policySchema]) {
    const undescribed: string[] = [];
    walk(z.toJSONSchema(schema), "", undescribed);
    assert.deepEqual(undescribed, []);
  }
});

function walk(node: unknown, path: string, undescribed: string[]): void {
  if (typeof node !== "object" || node === null) return;
  const { properties } = node as { properties?: Record<string, { description?: string }> };
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value.description === undefined) undescribed.push(`${path}/${key}`);
  }
  for (const [key, value] of Object.entries(node)) walk(value, `${path}/${key}`, undescribed);
}

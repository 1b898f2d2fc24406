import assert from "node:assert/strict";
import { parseDocument } from "../../../lib/config/yaml.ts";

Deno.test("YAML is read by the package's ES modules, which start faster than its CommonJS", async () => {
  const place = new URL("../browser/index.js", import.meta.resolve("yaml"));
  assert.equal(parseDocument, (await import(place.href)).parseDocument);
});

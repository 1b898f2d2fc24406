import assert from "node:assert/strict";
import { parseSocketPath } from "../../../lib/config/values.ts";

Deno.test("a socket's path holds no control characters: it goes into units and rules, a line each", () => {
  for (const character of ["\n", "\r", "\t", "\0", "\x1b", "\x7f", "\u0085", "\u009b"]) {
    for (const text of [`/run/a${character}b`, `unix:///run/a${character}`]) {
      const parsed = parseSocketPath(text);
      assert.match(
        "problem" in parsed ? parsed.problem : "",
        /^must not contain control characters/,
      );
    }
  }
  assert.deepEqual(parseSocketPath("/run/a b/ü.sock"), { value: "/run/a b/ü.sock" });
});

import assert from "node:assert/strict";
import { posix } from "node:path";
import fc from "fast-check";
import { parseTarget } from "../../lib/http/target.ts";
import { classify } from "../../lib/policy/classify.ts";

/** Pieces that have fooled other gates, glued together in any order. */
const piece = fc.oneof(
  fc.constantFrom(
    "/",
    "//",
    ".",
    "..",
    "/./",
    "/../",
    "%2F",
    "%2f",
    "%2e",
    "%2E%2E",
    "%252F",
    "%00",
    "%5C",
    "\\",
    "?",
    "#",
    ";",
    "%",
    "containers",
    "json",
    "create",
    "images",
    "exec",
    "archive",
    "/v1.41",
    "v1.12",
    "V1.41",
    "/v1.41.0",
    "%63",
    "abc",
    "0123",
    ":",
    "@",
    "%3A",
    "%40",
    "library",
    "ſ",
    "\x01",
    " ",
  ),
  fc.string({ maxLength: 4 }),
);
const target = fc.array(piece, { maxLength: 10 }).map((pieces) => "/" + pieces.join(""));

/** How Go's net/url and gorilla/mux see the path: decoded once, then cleaned; a path that is not clean is redirected. */
function goPath(raw: string): { decoded: string; clean: string } {
  const decoded = decodeURIComponent(raw.split("?", 1)[0]!);
  const clean = posix.normalize(decoded);
  return { decoded, clean };
}

Deno.test("the engine routes every accepted path exactly as it was judged", () => {
  fc.assert(
    fc.property(target, (raw) => {
      const parsed = parseTarget(raw);
      if (!parsed.ok) return;
      const { decoded, clean } = goPath(raw);
      assert.equal(clean, decoded, "the engine would redirect");
      const prefix = parsed.target.version === undefined ? "" : `/v${parsed.target.version}`;
      assert.equal(prefix + parsed.target.path, decoded, "the engine would see another path");
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(parsed.target.path, /[\x00-\x20\x7f-\uffff\\%?#]/);
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("no spelling of a known path is another operation: it is that one, refused or unknown", () => {
  const base = fc.constantFrom(
    ["POST", "/containers/create"] as const,
    ["GET", "/containers/abc/archive"] as const,
    ["POST", "/containers/abc/exec"] as const,
    ["GET", "/images/abc/get"] as const,
    ["GET", "/secrets"] as const,
  );
  fc.assert(
    fc.property(
      base,
      fc.nat(),
      fc.constantFrom("encode", "case", "slash", "dot"),
      ([method, path], at, how) => {
        const i = 1 + at % (path.length - 1);
        const character = path[i]!;
        const encoded = "%" + character.charCodeAt(0).toString(16);
        const change = {
          encode: encoded,
          case: character.toUpperCase(),
          slash: `/${character}`,
          dot: `./${character}`,
        }[how];
        const raw = path.slice(0, i) + change + path.slice(i + 1);
        const parsed = parseTarget(raw);
        if (!parsed.ok) return;
        const { decoded } = goPath(raw);
        const got = classify(method, parsed.target);
        const again = parseTarget(decoded);
        assert.ok(again.ok, "what is accepted encoded is accepted decoded");
        const expected = classify(method, again.target);
        if (got.kind === "operation") assert.deepEqual(got, expected);
      },
    ),
    { numRuns: 5000 },
  );
});

Deno.test("parsing never throws, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (raw) => {
      parseTarget(raw);
      parseTarget("/" + raw);
    }),
    { numRuns: 10_000 },
  );
});

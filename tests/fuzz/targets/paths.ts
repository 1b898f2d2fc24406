import assert from "node:assert/strict";
import fc from "fast-check";
import { parseTarget } from "../../../lib/http/target.ts";
import { classify } from "../../../lib/policy/classify.ts";
import { engineRoutes } from "../../support/engine_routes.ts";
import { routeOf } from "../../support/go_router.ts";
import type { Target } from "../target.ts";

const name = fc.constantFrom(
  ...["x", "json", "create", "prune", "a/b", "a%2Fb", "reg:5000/a@sha256:00", "a%3Ab", "start"],
  ...["checkpoints", "x/checkpoints", "x/exec", "get", "x".repeat(300), "..", "%2e%2e", "tag"],
);
const prefix = fc.constantFrom(
  ...["", "", "", "/v1.41", "/v1.24", "/v1.56", "/v1.23", "/v1.041", "/v1.41.", "/v1.41.0", "/v1"],
  ...["/V1.41", "/v1.41/v1.41", "/v1%2e41", "//v1.41", "/v1..41", "/v", "/v1.41/", "/."],
);
const route = fc.constantFrom(...engineRoutes).chain(([method, template]) =>
  fc.tuple(prefix, name, name, fc.constantFrom("", "", "/", "//", "?", "?a=b", "%2F", ".")).map(
    ([version, first, second, end]) => {
      const path = template.replace(/\{[^}]*\}/, first).replace(/\{[^}]*\}/, second);
      return `${method} ${version}${path}${end}`;
    },
  )
);

/** Every way that dots, slashes and letters have been spelt in. */
const spellings = [
  ...["/", "//", ".", "..", "/./", "/../", "%2F", "%2f", "%2e", "%2E", "%252F", "%252e", "%25"],
  ...[
    "%5C",
    "\\",
    "%00",
    "%20",
    "%c0%af",
    "%e0%80%af",
    "%u002f",
    "%ef%bc%8f",
    "..;/",
    ";",
    "#",
    "%23",
  ],
  ...[
    "%3F",
    "?",
    "*",
    "%",
    "%2",
    "%zz",
    "json",
    "create",
    "containers",
    "/v1.41",
    "%63",
    "%43",
    "C",
  ],
  ...[
    "POST ",
    "GET ",
    "DELETE ",
    "checkpoints",
    "exec",
    "start",
    ":",
    "@",
    "%3A",
    "%40",
    "~",
    "%7E",
  ],
];

/** A method and a target: Postern judges the operation that the engine's router runs, or refuses. */
export const paths: Target = {
  name: "paths",
  grammar: route,
  tokens: spellings,
  check(input) {
    const blank = input.indexOf(" ");
    if (blank < 0) return "no target";
    const method = input.slice(0, blank);
    const raw = input.slice(blank + 1);
    const parsed = parseTarget(raw);
    // What a request line cannot hold never gets here; it must not matter.
    if (!parsed.ok) return parsed.reason.slice(0, 40);
    const classified = classify(method, parsed.target);
    if (classified.kind !== "operation") return classified.kind;
    const { operation } = classified;
    if (operation.name.startsWith("podman-")) return "Podman's";
    const ran = routeOf(method, raw);
    const own = operation.name === "images.pull"
      ? "images.import"
      : operation.variantOf ?? operation.name;
    assert.equal(ran, own, raw);
    return own;
  },
};

import assert from "node:assert/strict";
import fc from "fast-check";
import { applyEdits } from "../../../lib/json/edit.ts";
import { JsonError, parseJson } from "../../../lib/json/parse.ts";
import type { Limits } from "../../../lib/policy/constraints/types.ts";
import { shapeOf } from "../../../lib/policy/bodies/check.ts";
import { bodies as bodiesOf } from "../../support/json_texts.ts";
import { look } from "../../unit/policy/constraints/run.ts";
import type { Target } from "../target.ts";

/** The calls whose bodies are judged. */
const calls: readonly (readonly [operation: string, path: string])[] = [
  ["containers.create", "/containers/create?name=c"],
  ["containers.update", "/containers/c/update"],
  ["containers.exec", "/containers/c/exec"],
  ["volumes.create", "/volumes/create"],
  ["networks.create", "/networks/create"],
  ["networks.connect", "/networks/n/connect"],
  ["services.create", "/services/create"],
  ["podman-containers.create", "/v4.0.0/libpod/containers/create"],
];

/** Limits that look into things further than the safe defaults do. */
const pickyLimits: Limits = {
  host_mounts: [{ path: "/srv/**", read_only: false }],
  images: ["bb", "registry.example.com/**"],
  capabilities: ["CHOWN"],
};

const grammar = fc.oneof(
  ...calls.flatMap(([operation]) => {
    const shape = shapeOf(operation);
    return shape === undefined ? [] : [bodiesOf(shape)];
  }),
);

/** A body of any call: it is judged in the declared ways, asks no more than it is long, and what passes is JSON after its edits. */
export const bodies: Target = {
  name: "bodies",
  grammar,
  tokens: [
    ...[
      '"',
      "\\",
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      "null",
      "true",
      "0",
      "-",
      "1e9",
      "\\ud800",
      "\\u0000",
    ],
    ...['"HostConfig":{', '"Binds":["/:/h"]', '"Mounts":[{', '"Privileged":true', '"__proto__":{'],
    ...['"NetworkMode":"container:x"', '"VolumesFrom":["c"]', '"Image":"bb"', "\ufeff", "[[[["],
  ],
  check(input) {
    return [parse(input), ...calls.map((call) => judge(call, input))].join(" / ");
  },
};

function parse(input: string): string {
  try {
    const document = parseJson(new TextEncoder().encode(input));
    assert.equal(applyEdits(document, []), document.text);
    JSON.parse(document.text);
    return document.root.kind;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    assert.ok(error.offset >= 0 && error.offset <= input.length, "the place is in the text");
    return error.reason.replace(/["'].*/, "");
  }
}

function judge([operation, path]: readonly [string, string], body: string): string {
  return [{}, pickyLimits].map((limits) => {
    const { finding, asked } = look({ path, body }, limits);
    assert.ok(asked.length <= 8 + body.length, `${operation} asks ${asked.length} times`);
    if (!finding.ok) {
      assert.ok(finding.reason.length > 0);
      assert.ok([400, 403, 404, 413, 502].includes(finding.status), String(finding.status));
      return String(finding.constraint ?? finding.status);
    }
    if (finding.document !== undefined) JSON.parse(applyEdits(finding.document, finding.edits));
    return "ok";
  }).join("+");
}

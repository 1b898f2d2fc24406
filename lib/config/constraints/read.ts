import type { ConditionEntry } from "../../policy/compile.ts";
import type { Limits } from "../../policy/constraints/types.ts";
import type { Conditions } from "../../policy/layers.ts";
import type { Diagnostic } from "../diagnostics.ts";
import type { Path, YamlFile } from "../document.ts";
import { got } from "../got.ts";
import { validate } from "../issues.ts";
import { covered, keysUnder, limitsSchema } from "./schema.ts";
import { LimitReader, type LooseAdditions } from "./values.ts";

type Report = (diagnostic: Diagnostic) => void;

/** Entries of `constraints`, each with the place of its key. */
export type PlacedConditions = readonly { readonly entry: ConditionEntry; readonly path: Path }[];

const ROOT = "constraints";

/** A policy file's `constraints`: `none` for nothing is judged, or what is written for each operation. */
export function constraintsAt(
  yaml: YamlFile,
  constraints: unknown,
  report: Report,
): "none" | PlacedConditions {
  if (constraints === undefined) return [];
  if (constraints === "none") return constraints;
  if (!isMap(constraints)) {
    const message = `constraints must be none, or a map of operations: ${got(constraints)}`;
    report(yaml.atValue("wrong-value", [ROOT], message));
    return [];
  }
  return Object.entries(constraints).map(([pattern, value]) => {
    const path = [ROOT, pattern];
    const conditions = conditionsAt(yaml, path, pattern, value, report);
    return { entry: { pattern, conditions, origin: yaml.origin(path) }, path };
  });
}

function conditionsAt(
  yaml: YamlFile,
  path: Path,
  pattern: string,
  value: unknown,
  report: Report,
): Conditions {
  const nothing = { limits: {}, origins: {} };
  if (value === "none") return value;
  // That there is no such operation is found out when the policy is compiled.
  if (covered(pattern).length === 0) return nothing;
  if (isMap(value) && keysUnder(pattern).length === 0) {
    const message = `nothing about ${pattern} can be judged, so it has no constraints`;
    report(yaml.atKey("unknown-key", path, message, "remove it, or deny the operation"));
    return nothing;
  }
  const { data, diagnostics } = validate(limitsSchema(pattern), yaml, path);
  diagnostics.forEach(report);
  const { set, ...written } = (data ?? {}) as Record<string, unknown>;
  const reader = new LimitReader(yaml, report);
  const limits: Record<string, unknown> = {};
  const origins: Record<string, string> = {};
  for (const [key, value] of Object.entries(written)) {
    if (value === undefined) continue;
    limits[key] = reader.limit(key as keyof Limits, value, [...path, key]);
    origins[key] = yaml.origin([...path, key]);
  }
  return {
    limits,
    origins,
    ...(set === undefined
      ? {}
      : { set: reader.additions(set as LooseAdditions, [...path, "set"]) }),
  };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

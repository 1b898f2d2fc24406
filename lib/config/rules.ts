import type { RuleEntry } from "../policy/compile.ts";
import type { Path, YamlFile } from "./document.ts";
import type { LooseRules } from "./schema.ts";

/** Operations as a policy lists them, each with its place: `containers.export`, `{containers: [create, start]}`. */
export function rulesAt(
  yaml: YamlFile,
  path: Path,
  rules: LooseRules | undefined,
): { entry: RuleEntry; path: Path }[] {
  const found: { entry: RuleEntry; path: Path }[] = [];
  const add = (pattern: string, at: Path) =>
    found.push({ entry: { pattern, origin: yaml.origin(at) }, path: at });
  for (const [index, item] of (rules ?? []).entries()) {
    const at = [...path, index];
    if (typeof item === "string") add(item, at);
    for (const [group, verbs] of typeof item === "object" ? Object.entries(item) : []) {
      // zod leaves what stands at __proto__ unchecked; there is no such group, which is told like that of any other.
      if (group === "__proto__") add(`${group}.*`, [...at, group]);
      else if (typeof verbs === "string") add(`${group}.${verbs}`, [...at, group]);
      else if (Array.isArray(verbs)) {
        for (const [n, verb] of verbs.entries()) {
          if (verb !== undefined) add(`${group}.${verb}`, [...at, group, n]);
        }
      }
    }
  }
  return found;
}

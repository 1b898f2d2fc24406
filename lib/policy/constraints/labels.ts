import { type Denial, denied } from "./finding.ts";
import { allows } from "./patterns.ts";
import type { Limits } from "./types.ts";
import { shown } from "./wording.ts";

/** Labels that must be there, with their values, and labels that must not. */
export function judgeLabels(
  { required_labels, refused_labels }: Limits,
  pairs: Iterable<readonly [name: string, value: string]>,
): Denial | undefined {
  const labels = new Map(pairs);
  for (const [name, pattern] of Object.entries(required_labels ?? {})) {
    const value = labels.get(name);
    if (value === undefined) {
      return denied("required_labels", `the label ${name} is missing (${name}=${pattern})`, "");
    }
    if (!allows([pattern], value)) {
      return denied("required_labels", `the label ${name} is ${shown(value)}, not ${pattern}`, "");
    }
  }
  if (refused_labels === undefined) return undefined;
  const name = [...labels.keys()].find((key) => allows(refused_labels, key));
  return name === undefined
    ? undefined
    : denied("refused_labels", `the label ${shown(name)} must not be there`, "");
}

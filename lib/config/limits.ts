import type { PolicyLimits } from "../policy/types.ts";
import { parseSize } from "./constraints/size.ts";
import type { Diagnostic } from "./diagnostics.ts";
import type { YamlFile } from "./document.ts";
import { got } from "./got.ts";
import type { LoosePolicy } from "./schema.ts";
import type { Parsed } from "./values.ts";

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
/** Longer than any request, and still a number of milliseconds that timers take. */
const MAX_SECONDS = 20 * 86_400;

/** Reads a time: `90s`, `5m`, `2h`, `1d`, or a number of seconds. */
export function parseDuration(value: string | number): Parsed<number> {
  const [, amount, unit = "s"] = /^(\d+(?:\.\d+)?) ?([smhd])?$/.exec(String(value)) ?? [];
  const seconds = Number(amount) * SECONDS[unit]!;
  return seconds > 0 && seconds <= MAX_SECONDS ? { value: seconds } : {
    problem: `must be a time like 90s, 5m or 2h, up to 20d: ${got(value)}`,
  };
}

const readers: Readonly<
  Partial<Record<keyof PolicyLimits, (value: string | number) => Parsed<number>>>
> = { body: parseSize, idle: parseDuration, time: parseDuration, stream_idle: parseDuration };

/** A policy file's `limits`, in bytes and seconds; what cannot be read is reported. */
export function limitsAt(
  yaml: YamlFile,
  limits: LoosePolicy["limits"],
  report: (diagnostic: Diagnostic) => void,
): PolicyLimits {
  const read = Object.entries(limits ?? {}).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const parsed = readers[key as keyof PolicyLimits]?.(value) ?? { value };
    if ("value" in parsed) return [[key, parsed.value]];
    report(yaml.atValue("wrong-value", ["limits", key], `${key} ${parsed.problem}`));
    return [];
  });
  return Object.fromEntries(read);
}

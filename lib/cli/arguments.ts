import { parseArgs, type ParseArgsConfig } from "node:util";
import { USAGE, type World } from "./world.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Flags that every command which reads the configuration takes. */
export const configOptions = {
  config: { type: "string", short: "c" },
  env: { type: "boolean" },
  upstream: { type: "string" },
  audit: { type: "string" },
  workers: { type: "string" },
} as const satisfies Options;

/** A command line that was not understood, and why. */
export class UsageError extends Error {}

/** What `action` answers; for a UsageError, it says on stderr what is wrong, and the answer is the exit code. */
export async function saysUsage(
  command: string,
  world: World,
  action: () => number | Promise<number>,
): Promise<number> {
  try {
    return await action();
  } catch (error) {
    return usage(command, world, error);
  }
}

function usage(command: string, world: World, error: unknown): typeof USAGE {
  if (!(error instanceof UsageError)) throw error;
  world.stderr(`postern ${command}: ${error.message}; see \`postern ${command} --help\`\n`);
  return USAGE;
}

/** Parses a command's arguments, or says on stderr what is wrong and answers with the exit code. */
export function parse<const O extends Options>(
  command: string,
  args: readonly string[],
  options: O,
  mostPositionals: number,
  world: World,
) {
  try {
    const parsed = strictly(args, options);
    const unexpected = parsed.positionals[mostPositionals];
    if (unexpected === undefined) return parsed;
    throw new UsageError(`unexpected argument ${JSON.stringify(unexpected)}`);
  } catch (error) {
    return usage(command, world, error);
  }
}

function strictly<const O extends Options>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message.split(/\. |\.?\n/, 1)[0]);
  }
}

import { parseArgs, type ParseArgsConfig } from "node:util";
import { USAGE, type World } from "./world.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Flags that every command which reads the configuration takes. */
export const configOptions = {
  config: { type: "string", short: "c" },
  upstream: { type: "string" },
  audit: { type: "string" },
  workers: { type: "string" },
} as const satisfies Options;

/** Parses a command's arguments, or says on stderr what is wrong and answers with the exit code. */
export function parse<const O extends Options>(
  command: string,
  args: readonly string[],
  options: O,
  positionals: { readonly min: number; readonly max: number },
  world: World,
) {
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    const count = parsed.positionals.length;
    if (count < positionals.min || count > positionals.max) {
      throw new TypeError(
        positionals.max === 0
          ? `unexpected argument ${JSON.stringify(parsed.positionals[0])}`
          : `wanted ${positionals.max} arguments, got ${count}`,
      );
    }
    return parsed;
  } catch (error) {
    const message = (error as Error).message.split(/\. |\.?\n/, 1)[0];
    world.stderr(`postern ${command}: ${message}; see \`postern ${command} --help\`\n`);
    return USAGE;
  }
}

import { denoFs } from "../config/fs.ts";
import type { LoadResult } from "../config/load.ts";
import { recording } from "../config/recording.ts";
import type { Config } from "../config/types.ts";
import { parseSocketPath } from "../config/values.ts";
import { discardWorker } from "../relay/workers.ts";
import { configOptions, parse, saysUsage, UsageError } from "./arguments.ts";
import { load, readConfig } from "./configuration.ts";
import { prepare, runGate } from "./serve.ts";
import { CANNOT_START, type World } from "./world.ts";

const options = { ...configOptions, socket: { type: "string" } } as const;

/** `postern authz`: the engine's authorization plugin alone, until it is told to stop. */
export async function authz(args: readonly string[], world: World): Promise<number> {
  try {
    const parsed = parse("authz", args, options, 0, world);
    if (typeof parsed === "number") return parsed;
    return await saysUsage("authz", world, async () => {
      const { socket, ...flags } = parsed.values;
      const place = socket === undefined ? undefined : placeOf(socket);
      const { fs, sources } = recording(denoFs);
      const config = readConfig(flags, world, fs);
      if (config === undefined) return CANNOT_START;
      if (config.authz === undefined) {
        world.stderr(`postern authz: ${config.file} has no authz: that says who may do what\n`);
        return CANNOT_START;
      }
      if (config.authz.seal) {
        world.stderr(
          "postern authz: authz.seal needs the gate in the same process: `postern serve` runs both\n",
        );
        return CANNOT_START;
      }
      const own = alone(config, place);
      if (!prepare(own, sources, world)) return CANNOT_START;
      return await runGate(own, world, (fs) => {
        const loaded = load({ ...flags, config: config.file }, world, fs);
        return loaded.ok ? withConfig(loaded, alone(loaded.config, place)) : loaded;
      });
    });
  } finally {
    discardWorker();
  }
}

function placeOf(text: string): string {
  const parsed = parseSocketPath(text);
  if ("problem" in parsed) throw new UsageError(`--socket ${parsed.problem}`);
  return parsed.value;
}

/** Without listeners. */
function alone(config: Config, socket: string | undefined): Config {
  const { authz } = config;
  return {
    ...config,
    listeners: [],
    ...(authz === undefined || socket === undefined ? {} : { authz: { ...authz, socket } }),
  };
}

function withConfig({ sources }: LoadResult, config: Config): LoadResult {
  return { ok: true, config, sources };
}

import { formatDiagnostics } from "../config/diagnostics.ts";
import { denoFs } from "../config/fs.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/types.ts";
import { systemNames } from "../peer/names.ts";
import type { World } from "./world.ts";

/** The flags that choose and override the configuration. */
export interface ConfigFlags {
  readonly config?: string | undefined;
  readonly upstream?: string | undefined;
  readonly audit?: string | undefined;
  readonly workers?: string | undefined;
}

const places = ["postern.yaml", "/etc/postern/postern.yaml"];

/** The configuration file that a command is about: named, or the first that is there. */
export function findConfig(flags: ConfigFlags, world: World): string | undefined {
  return flags.config ?? world.env["POSTERN_CONFIG"] ?? places.find(exists);
}

/** Loads the configuration, or writes everything that is wrong with it to stderr. */
export function readConfig(flags: ConfigFlags, world: World): Config | undefined {
  const file = findConfig(flags, world);
  if (file === undefined) {
    world.stderr(
      `postern: there is no configuration: neither ./postern.yaml nor /etc/postern/postern.yaml ` +
        `exists; name one with -c FILE (README: "A configuration to start from")\n`,
    );
    return undefined;
  }
  const loaded = loadConfig({
    file,
    env: world.env,
    overrides: {
      ...(flags.upstream === undefined ? {} : { upstream: flags.upstream }),
      ...(flags.audit === undefined ? {} : { audit: flags.audit }),
      ...(flags.workers === undefined ? {} : { workers: flags.workers }),
    },
    names: systemNames,
    fs: denoFs,
  });
  const color = world.color.stderr;
  if (!loaded.ok) {
    world.stderr(formatDiagnostics(loaded.diagnostics, loaded.sources, { color }));
    return undefined;
  }
  return loaded.config;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    // One that is there but cannot be read is reported by the loader.
    return !(error instanceof Deno.errors.NotFound);
  }
}

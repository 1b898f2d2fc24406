import { readEnvironment } from "../compat/environment.ts";
import { saysWhatIsOpen } from "../compat/flavours.ts";
import { type Diagnostic, formatDiagnostics, wholeFile } from "../config/diagnostics.ts";
import { type ConfigFs, denoFs } from "../config/fs.ts";
import { loadConfig, type LoadResult } from "../config/load.ts";
import type { Config } from "../config/types.ts";
import { systemNames } from "../peer/names.ts";
import type { World } from "./world.ts";

/** The flags that choose and override the configuration. */
export interface ConfigFlags {
  readonly config?: string | undefined;
  /** The environment of Tecnativa's or LinuxServer's image is the configuration. */
  readonly env?: boolean | undefined;
  readonly upstream?: string | undefined;
  readonly audit?: string | undefined;
  readonly workers?: string | undefined;
}

const HERE = "postern.yaml";
const places = [HERE, "/etc/postern/postern.yaml"];

/**
 * Loads the configuration: the one that is named, or the first that is there; where there is none, or on demand, what the variables
 * of Tecnativa's or LinuxServer's image say.
 */
export function load(flags: ConfigFlags, world: World, fs: ConfigFs = denoFs): LoadResult {
  if (flags.env === true && flags.config !== undefined) return refused(twoSources);
  const named = flags.config ?? (world.env["POSTERN_CONFIG"] || undefined);
  const asked = flags.env === true || (named === undefined && Boolean(world.env["POSTERN_ENV"]));
  const file = asked ? undefined : named ?? findPlace();
  if (file === undefined) {
    return asked || saysWhatIsOpen(world.env)
      ? environment(flags, world, fs)
      : refused(nothingFound);
  }
  const foreign = named === undefined && file === HERE ? foreignOwner(file) : undefined;
  if (foreign !== undefined) {
    const message =
      `this file of the current directory belongs to uid ${foreign}, not to you or root`;
    return refused(wholeFile("untrusted", file, message, "name another with -c FILE"));
  }
  const { upstream, audit, workers } = flags;
  return loadConfig({
    file,
    env: world.env,
    overrides: { upstream, audit, workers },
    names: systemNames,
    fs,
  });
}

/** Loads the configuration, or writes everything that is wrong with it to stderr. */
export function readConfig(
  flags: ConfigFlags,
  world: World,
  fs: ConfigFs = denoFs,
): Config | undefined {
  const loaded = load(flags, world, fs);
  if (loaded.ok) return loaded.config;
  world.stderr(
    formatDiagnostics(loaded.diagnostics, loaded.sources, { color: world.color.stderr }),
  );
  return undefined;
}

function environment(overrides: ConfigFlags, { env }: World, fs: ConfigFs): LoadResult {
  const { upstream, audit, workers } = overrides;
  const read = readEnvironment({
    env,
    overrides: { upstream, audit, workers },
    names: systemNames,
    fs,
  });
  return { ...read, sources: new Map() };
}

const twoSources = wholeFile(
  "conflict",
  "command line",
  "--env and --config name two configurations",
  "leave one of them out",
);
const nothingFound = wholeFile(
  "unreadable",
  "command line",
  `no configuration is named, and neither ./${places.join(" nor ")} exists`,
  'name one with -c FILE (README: "A configuration to start from")',
);

function refused(diagnostic: Diagnostic): LoadResult {
  return { ok: false, diagnostics: [diagnostic], sources: new Map() };
}

/** The first place with a file; else the last that cannot be looked at, for the loader to say why. */
function findPlace(): string | undefined {
  let hidden: string | undefined;
  for (const place of places) {
    try {
      Deno.statSync(place);
      return place;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) hidden = place;
    }
  }
  return hidden;
}

/** Whose a file is that stands where we happen to be, if it is neither ours nor root's: it was not meant for us. */
function foreignOwner(file: string): number | undefined {
  const stat = denoFs.stat(file);
  if ("failure" in stat || stat.uid === 0 || stat.uid === denoFs.ownUid()) return undefined;
  return stat.uid;
}

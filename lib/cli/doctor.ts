import { isAbsolute, resolve } from "node:path";
import { type Diagnostic } from "../config/diagnostics.ts";
import { loadConfig, type LoadResult } from "../config/load.ts";
import { DEFAULT_UPSTREAM } from "../config/types.ts";
import { parseSocketPath } from "../config/values.ts";
import { accounts, nameService } from "../doctor/accounts.ts";
import { examine } from "../doctor/checks.ts";
import { type Configured, gather } from "../doctor/facts.ts";
import type { Host } from "../doctor/host.ts";
import { realHost } from "../doctor/real_host.ts";
import { asJsonText, asText } from "../doctor/report.ts";
import { rootedFs } from "../doctor/rooted_fs.ts";
import { parse, saysUsage, UsageError } from "./arguments.ts";
import { load } from "./configuration.ts";
import { printable } from "../watch/printable.ts";
import { NO, OK, type World } from "./world.ts";

const options = {
  config: { type: "string", short: "c" },
  root: { type: "string" },
  json: { type: "boolean" },
} as const;

/** How long a program may think about an answer, in milliseconds: a directory service may be away. */
const PATIENCE_MS = 20_000;

/** `postern doctor`: what is wrong on this host, with evidence and what to do. */
export function doctor(args: readonly string[], world: World): Promise<number> {
  return saysUsage("doctor", world, async () => {
    const parsed = parse("doctor", args, options, 0, world);
    if (typeof parsed === "number") return parsed;
    const { config, json } = parsed.values;
    const root = rootOf(parsed.values.root);
    const ask: Host["run"] = (program, args) => world.run(program, args, "", PATIENCE_MS);
    const host = realHost(root, ask, Deno.uid() ?? 0, world.pid);
    const configured = root === "" ? configuredHere(config, world) : configuredBelow(host, config);
    const engine = configured.config === undefined ? engineOf(world) : DEFAULT_UPSTREAM;
    const report = await examine(await gather(host, configured, engine));
    world.stdout(
      json === true
        ? asJsonText(report)
        : asText(report, { color: world.color.stdout, columns: world.columns }),
    );
    return report.findings.some(({ level }) => level === "wrong") ? NO : OK;
  });
}

/** "" for the host itself. */
function rootOf(named: string | undefined): string {
  if (named === undefined) return "";
  try {
    const path = Deno.realPathSync(resolve(named));
    if (Deno.statSync(path).isDirectory) return path === "/" ? "" : path;
  } catch { /* said below */ }
  throw new UsageError(`--root must be a folder that is there: ${JSON.stringify(named)}`);
}

/** The engine that clients of this machine would use, where no configuration says. */
function engineOf({ env, stderr }: World): string {
  const named = env["DOCKER_HOST"];
  const parsed = parseSocketPath(named || DEFAULT_UPSTREAM);
  if ("value" in parsed) return parsed.value;
  stderr(
    `postern doctor: DOCKER_HOST=${
      printable(named!)
    } is no unix socket of this host's: looking at ${DEFAULT_UPSTREAM}\n`,
  );
  return DEFAULT_UPSTREAM;
}

function configuredHere(config: string | undefined, world: World): Configured {
  const loaded = load({ config }, world);
  const named = config ?? (world.env["POSTERN_CONFIG"] || undefined);
  const file = loaded.ok ? loaded.config.file : named ?? loaded.diagnostics[0]?.file;
  // Nothing is named: that there is no file is no mistake of the file's.
  if (file === "command line") return { problems: [] };
  const isFile = file !== undefined && file !== "environment";
  return configuredAs(isFile ? resolve(file) : "the environment", loaded);
}

const PLACE = "/etc/postern/postern.yaml";

function configuredBelow(host: Host, config: string | undefined): Configured {
  const file = config ?? PLACE;
  if (!isAbsolute(file)) {
    throw new UsageError(
      `with --root, -c must be an absolute path below it: ${JSON.stringify(file)}`,
    );
  }
  const fs = rootedFs(host);
  if (config === undefined && "failure" in fs.stat(file)) return { problems: [] };
  const names = nameService(accounts(host));
  return configuredAs(file, loadConfig({ file, env: {}, overrides: {}, names, fs }));
}

function configuredAs(file: string, loaded: LoadResult): Configured {
  return loaded.ok
    ? { file, config: loaded.config, problems: [] }
    : { file, problems: loaded.diagnostics.map(line) };
}

function line({ file, line, column, message, hint }: Diagnostic): string {
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  return `${place}: ${message}${hint === undefined ? "" : ` (${hint})`}`;
}

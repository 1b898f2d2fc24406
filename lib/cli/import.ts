import { dirname, join } from "node:path";
import { importers } from "../compat/import/import.ts";
import { ImportError } from "../compat/import/source.ts";
import { translate } from "../compat/import/translate.ts";
import { write, type Written } from "../compat/import/write.ts";
import { describeFailure } from "../config/failure.ts";
import { CommandError } from "../docker_cli/request.ts";
import { closest } from "../policy/suggest.ts";
import { parse, saysUsage, UsageError } from "./arguments.ts";
import { NO, OK, type World } from "./world.ts";

const options = { out: { type: "string" }, service: { type: "string" } } as const;

/** `postern import`: a configuration and a policy from the rules of another proxy. */
export async function importRules(args: readonly string[], world: World): Promise<number> {
  const parsed = parse("import", args, options, Infinity, world);
  if (typeof parsed === "number") return parsed;
  const { values: { out, service }, positionals: [kind, ...files] } = parsed;
  return await saysUsage("import", world, async () => {
    const read = importerFor(kind);
    if (files.length === 0) throw new UsageError("which files? - is standard input");
    const texts: string[] = [];
    try {
      for (const file of files) texts.push(await textOf(file, world));
      const source = read(texts, service);
      const written = write(source, translate(source), files.join(" and "));
      for (const warning of written.warnings) world.stderr(`postern: warning: ${warning}\n`);
      if (out === undefined) world.stdout(asOneText(written));
      else for (const file of await save(written, out)) world.stdout(`${file}\n`);
      return OK;
    } catch (error) {
      const problem = problemOf(error);
      if (problem === undefined) throw error;
      world.stderr(`postern: ${files.join(" and ")} ${problem}\n`);
      return NO;
    }
  });
}

function importerFor(kind: string | undefined) {
  const known = Object.keys(importers);
  const all = `${known.slice(0, -1).join(", ")} or ${known.at(-1)}`;
  if (kind === undefined) throw new UsageError(`whose rules? ${all}`);
  if (Object.hasOwn(importers, kind)) return importers[kind]!;
  const near = closest(kind, known);
  throw new UsageError(
    `there are importers for ${all}, not for ${JSON.stringify(kind)}` +
      (near === undefined ? "" : `; did you mean ${near}`),
  );
}

async function textOf(file: string, world: World): Promise<string> {
  if (file === "-") return new TextDecoder().decode(await world.readStdin());
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    throw new ImportError(`cannot be read: ${describeFailure(error)}`);
  }
}

function problemOf(error: unknown): string | undefined {
  if (error instanceof ImportError) return error.message;
  return error instanceof CommandError
    ? `cannot be read as a command line: ${error.message}`
    : undefined;
}

/** Two documents, each under the name of its file. */
function asOneText({ config, policy, policyFile }: Written): string {
  return `# postern.yaml\n${config}---\n# ${policyFile}\n${policy}`;
}

/** Writes both files where none are; the answer is their paths. */
async function save({ config, policy, policyFile }: Written, folder: string): Promise<string[]> {
  const files: readonly (readonly [string, string])[] = [
    ["postern.yaml", config],
    [policyFile, policy],
  ];
  const paths = files.map(([name]) => join(folder, name));
  const taken = paths.find(exists);
  if (taken !== undefined) throw new ImportError(`is not written: ${taken} is there already`);
  for (const [name, text] of files) {
    const path = join(folder, name);
    try {
      await Deno.mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await Deno.writeTextFile(path, text, { createNew: true, mode: 0o644 });
    } catch (error) {
      throw new ImportError(`cannot be written as ${path}: ${describeFailure(error)}`);
    }
  }
  return paths;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

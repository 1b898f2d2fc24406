// `deno task compile` embeds all that Postern loads. The runtime that it would be joined with need not be at hand: with
// DENORT_BIN the embedding is done on the deno that runs the tests. The result does not start as Postern.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { command } from "./cli/fake_world.ts";
import manifest from "../../deno.json" with { type: "json" };

const root = new URL("../../", import.meta.url);
const decoder = new TextDecoder();
const flagsOf = (task: string) =>
  task.split(" ").filter((word) => /^--(allow|ignore|no-prompt)/.test(word));

async function deno(args: readonly string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    stdin: "null",
    env: { DENORT_BIN: Deno.execPath(), NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  assert.equal(code, 0, decoder.decode(stderr));
  return decoder.decode(stdout);
}

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly { readonly code?: { readonly specifier?: string } }[];
}

/** The project's own modules that a module needs to run, dynamically imported ones and itself included; not mere types. */
async function graphOf(module: string): Promise<string[]> {
  const { modules } = JSON.parse(await deno(["info", "--json", module])) as { modules: Module[] };
  const needed = modules.flatMap(({ dependencies = [] }) =>
    dependencies.map(({ code }) => code?.specifier ?? "")
  );
  return [module, ...needed].filter((name) => name.startsWith(root.href) && name.endsWith(".ts"));
}

/** Everything that runs: what main.ts imports, and what the workers import that those modules start. */
async function everyModule(): Promise<Set<string>> {
  const found = new Set<string>();
  const entries = [new URL("main.ts", root).href];
  for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
    for (const module of await graphOf(entry)) {
      if (found.has(module)) continue;
      found.add(module);
      const source = await Deno.readTextFile(new URL(module));
      for (const [, worker] of source.matchAll(/new URL\("([^"]+\.ts)", import\.meta\.url\)/g)) {
        entries.push(new URL(worker!, module).href);
      }
    }
  }
  return found;
}

/** Of these files, those whose text the executable does not hold. */
async function missingFrom(args: readonly string[], files: Iterable<string>): Promise<string[]> {
  const directory = await Deno.makeTempDir();
  const output = `${directory}/postern`;
  await deno(args.map((arg) => arg === "postern" ? output : arg));
  const executable = await Deno.readFile(output);
  await Deno.remove(directory, { recursive: true });
  const { size } = await Deno.stat(Deno.execPath());
  const embedded = Buffer.from(executable.subarray(size));
  return [...files].filter((file) => embedded.indexOf(Deno.readFileSync(new URL(file))) < 0);
}

const [, ...compile] = manifest.tasks.compile.split(" ");

Deno.test("the compiled executable holds every module and every policy that ships", async () => {
  const modules = await everyModule();
  const named = ["lib/relay/worker.ts", "lib/demo/caller.ts", "lib/cli/others.ts"];
  for (const name of named) assert.ok(modules.has(new URL(name, root).href), name);
  const policies = new URL("policies/examples/team-ci.yaml", root).href;
  // `config/yaml` finds it by its place, which no graph knows of.
  const parser = new URL("../browser/dist/compose/composer.js", import.meta.resolve("yaml")).href;
  assert.deepEqual(await missingFrom(compile, [...modules, policies, parser]), []);

  // The same, without the lines that name what nothing imports: now these must be found missing.
  const without = compile.filter((word, at) =>
    word !== "--include" && compile[at - 1] !== "--include"
  );
  const missing = await missingFrom(without, [...modules, policies]);
  for (const file of [...named.map((name) => new URL(name, root).href), policies]) {
    assert.ok(missing.includes(file), `${file} is embedded without --include`);
  }
});

Deno.test("the container gives the gate what start gives it, but no network", async () => {
  const text = await Deno.readTextFile(new URL("Containerfile", root));
  const entrypoint: string[] = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(text)![1]!);
  const expected = flagsOf(manifest.tasks.start).filter((flag) => flag !== "--allow-net");
  assert.deepEqual(flagsOf(entrypoint.join(" ")), expected);
});

Deno.test("who needs no program of the host's gives the permission up before any code of its own is loaded", async () => {
  const renounced = async (name: string) => {
    const permissions: string[] = [];
    await command([name, "--no-such-option"], {}, "", permissions);
    return permissions;
  };
  for (const name of ["serve", "authz", "check", "explain", "schema", "import", "socat", "demo"]) {
    assert.ok((await renounced(name)).includes("run"), name);
  }
  assert.deepEqual(await renounced("harden"), []);
});

Deno.test("start and compile give the same permissions, but for the host's programs, demo fewer variables, and no code cache is written", () => {
  const { demo, start } = manifest.tasks;
  const variables = /--allow-env=\S+/;
  const few = "--allow-env=DOCKER_HOST,NO_COLOR";
  assert.deepEqual(flagsOf(demo), flagsOf(start.replace(variables, few)));
  // The executable is doctor, harden, watch and guard, too.
  const compiled = flagsOf(manifest.tasks.compile);
  assert.ok(compiled.includes("--allow-run"));
  assert.deepEqual(compiled.filter((flag) => flag !== "--allow-run"), flagsOf(start));
  assert.ok(compile.includes("--no-code-cache"));
  assert.ok(
    !start.includes("-A ") && !start.includes("--allow-run") && !start.includes("--allow-all"),
  );
});

import manifest from "../../deno.json" with { type: "json" };
import type { VmFile } from "./vm.ts";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
/** The task start without `deno` and `main.ts serve`: the permissions that its users give it. */
const flags = manifest.tasks.start.split(" ").slice(1, -2);
const decoder = new TextDecoder();

interface Graph {
  readonly modules: readonly { readonly local?: string }[];
  readonly npmPackages: Readonly<
    Record<string, { readonly name: string; readonly version: string }>
  >;
}

/** Postern as a machine runs it, from its sources: `postern serve …` in the script is its command line. */
export function posternFiles(): VmFile[] {
  const graph: Graph = JSON.parse(deno(["info", "--json", `${root}/main.ts`]));
  const { denoDir, npmCache } = JSON.parse(deno(["info", "--json"]));
  const paths = graph.modules.flatMap(({ local }) => local === undefined ? [] : [local]);
  const packages = Object.values(graph.npmPackages).flatMap(({ name, version }) =>
    filesIn(`${npmCache}/registry.npmjs.org/${name}`).filter((path) =>
      path.includes(`/${name}/${version}/`) || path.endsWith("/registry.json")
    )
  );
  // Without what the runtime has made of the sources before, the first start takes half a minute there.
  const made = `${denoDir}/gen/file${root}`;
  const compiled = isThere(made)
    ? filesIn(made).filter((path) => !path.startsWith(`${made}/tests/`))
    : [];
  for (const name of [...Deno.readDirSync(denoDir)].map(({ name }) => name)) {
    if (/^(dep_analysis|node_analysis|v8_code)_cache_v[0-9]+$/.test(name)) {
      compiled.push(`${denoDir}/${name}`);
    }
  }
  const sources = [
    ...paths,
    ...filesIn(`${root}/lib`),
    ...filesIn(`${root}/policies`),
    `${root}/deno.json`,
    `${root}/deno.lock`,
  ];
  const own = [...new Set(sources.filter((path) => path.startsWith(root)))];
  return [
    { path: "/bin/deno", program: Deno.execPath() },
    ...own.map((path) => ({ path, host: path })),
    ...compiled.map((path) => ({ path: `/deno${path.slice(denoDir.length)}`, host: path })),
    ...packages.map((path) => ({ path: `/deno/npm${path.slice(npmCache.length)}`, host: path })),
    {
      path: "/bin/postern",
      mode: 0o755,
      text: `#!/bin/sh\nexport DENO_DIR=/deno NO_COLOR=1 HOME=/root\nexec deno ${
        flags.join(" ")
      } --cached-only ${root}/main.ts "$@"\n`,
    },
  ];
}

function deno(args: string[]): string {
  const { stdout } = new Deno.Command(Deno.execPath(), { args, cwd: root, stderr: "null" })
    .outputSync();
  return decoder.decode(stdout);
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}

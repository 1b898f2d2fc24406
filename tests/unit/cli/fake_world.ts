import { run } from "../../../lib/cli/run.ts";
import type { World } from "../../../lib/cli/world.ts";

/** What a command line said and answered. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in a world of strings; into `renounced` go the permissions that it gives up. */
export async function command(
  args: readonly string[],
  env: Record<string, string> = {},
  stdin = "",
  renounced: string[] = [],
): Promise<Said> {
  let out = "";
  let err = "";
  const world: World = {
    env,
    pid: 1,
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    color: { stdout: false, stderr: false },
    columns: 100,
    readStdin: () => Promise.resolve(new TextEncoder().encode(stdin)),
    run: () => Promise.resolve(undefined),
    follow: () => undefined,
    tell: () => Promise.resolve(undefined),
    renounce: (permissions) => void renounced.push(...permissions),
    refuseDebugger: () => {},
    enclose: () => {},
    confine: () => [],
    onFault: () => () => {},
    onSignal: () => () => {},
  };
  return { code: await run(args, world), out, err };
}

/** Runs `fn` with files in a directory that only we can write; policy files and configuration are trusted there. */
export async function withFiles(
  files: Record<string, string>,
  fn: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "postern-cli-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(`${directory}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
      const content = text.replaceAll("DIR", directory);
      await Deno.writeTextFile(`${directory}/${name}`, content, { mode: 0o600 });
    }
    await fn(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

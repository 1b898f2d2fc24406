import { help } from "./help.ts";
import { OK, USAGE, type World } from "./world.ts";

/** A subcommand: takes its own arguments and answers with an exit code. */
type Command = (args: readonly string[], world: World) => Promise<number>;

// Imported when called: `serve` should not wait for the demo's engine to be loaded.
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import("./serve.ts")).serve,
  check: async () => (await import("./check.ts")).check,
  explain: async () => (await import("./explain.ts")).explain,
  demo: async () => (await import("./demo.ts")).demo,
};

/** Runs Postern's command line; the answer is the exit code (0 fine, 1 the answer is no, 2 usage, 3 cannot start). */
export async function run(args: readonly string[], world: World): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    const text = help(rest[0] ?? "");
    if (text === undefined) return unknownCommand(rest[0]!, world);
    (first === undefined ? world.stderr : world.stdout)(text);
    return first === undefined ? USAGE : OK;
  }
  if (first === "--version" || first === "-V") return await version(world);
  // `UNIX-LISTEN:…`: the whole command line is socat's.
  if (/^[a-z0-9-]+:/i.test(first)) return await (await import("./socat.ts")).socat(args, world);
  const load = commands[first];
  if (load === undefined) return unknownCommand(first, world);
  if (rest.includes("--help") || rest.includes("-h")) {
    world.stdout(help(first)!);
    return OK;
  }
  if (rest[0] === "--version") return await version(world);
  return (await load())(rest, world);
}

async function version(world: World): Promise<number> {
  const { default: manifest } = await import("../../deno.json", { with: { type: "json" } });
  world.stdout(`postern ${manifest.version}\n`);
  return OK;
}

function unknownCommand(name: string, world: World): number {
  world.stderr(
    `postern: there is no command ${JSON.stringify(name)}; \`postern --help\` lists them\n`,
  );
  return USAGE;
}

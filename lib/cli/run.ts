import { closest } from "../policy/suggest.ts";
import { prepareWorker } from "../relay/workers.ts";
import { help } from "./help.ts";
import { NO, OK, OutputError, USAGE, type World } from "./world.ts";

/** A subcommand: takes its own arguments and answers with an exit code. */
type Command = (args: readonly string[], world: World) => Promise<number>;

// Imported when called: `serve` should not wait for the demo's engine to be loaded.
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  async serve() {
    prepareWorker();
    return (await import("./serve.ts")).serve;
  },
  async authz() {
    prepareWorker();
    return (await others()).authz();
  },
  check: async () => (await others()).check(),
  explain: async () => (await others()).explain(),
  schema: async () => (await others()).schema(),
  import: async () => (await others()).importRules(),
  doctor: async () => (await others()).doctor(),
  harden: async () => (await others()).harden(),
  watch: async () => (await others()).watchBypasses(),
  guard: async () => (await others()).guard(),
  demo: async () => (await others()).demo(),
  socat: async () => (await others()).socat(),
};

/** By an address that is made here: Deno reads all that a program's text names before any of it runs, which would be half of it more. */
async function others(): Promise<typeof import("./others.ts")> {
  return await import(new URL("./others.ts", import.meta.url).href);
}

/** Commands that run the host's programs: all others give that up before their code is loaded. */
const running: ReadonlySet<string> = new Set(["doctor", "harden", "watch", "guard"]);

/** Runs Postern's command line; the answer is the exit code (0 fine, 1 the answer is no, 2 usage, 3 cannot start). */
export async function run(args: readonly string[], world: World): Promise<number> {
  try {
    return await dispatch(args, world);
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    world.stderr(`postern: ${error.message}\n`);
    return NO;
  }
}

async function dispatch(args: readonly string[], world: World): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined) {
    world.stderr(help("")!);
    return USAGE;
  }
  if (first === "--help" || first === "-h" || first === "help") return showHelp(rest[0], world);
  if (first === "--version" || first === "-V") return await version(world);
  // `UNIX-LISTEN:…`, behind socat's own options if any: the whole command line is socat's.
  const operand = args.find((arg) => !arg.startsWith("-"));
  const inSocatsForm = operand !== undefined && /^[a-z0-9-]+:/i.test(operand);
  const name = inSocatsForm ? "socat" : first;
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) return unknownCommand(first, world);
  if (!running.has(name)) world.renounce(["run"]);
  if (inSocatsForm) return (await load())(args, world);
  // Behind `--` stands somebody else's command line: `docker run -h box alpine`.
  const own = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (own.includes("--help") || own.includes("-h")) return showHelp(first, world);
  if (rest[0] === "--version") return await version(world);
  return (await load())(rest, world);
}

function showHelp(topic: string | undefined, world: World): number {
  const text = help(topic === undefined || topic === "help" ? "" : topic);
  if (text === undefined) return unknownCommand(topic!, world);
  world.stdout(text);
  return OK;
}

async function version(world: World): Promise<number> {
  const { default: manifest } = await import("../../deno.json", { with: { type: "json" } });
  world.stdout(`postern ${manifest.version}\n`);
  return OK;
}

function unknownCommand(name: string, world: World): number {
  const near = closest(name, Object.keys(commands));
  const hint = near === undefined ? "`postern --help` lists them" : `did you mean ${near}`;
  world.stderr(`postern: there is no command ${JSON.stringify(name)}; ${hint}\n`);
  return USAGE;
}

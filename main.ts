import { run } from "./lib/cli/run.ts";
import { processWorld } from "./lib/cli/world.ts";

if (import.meta.main) Deno.exit(await run(Deno.args, processWorld()));

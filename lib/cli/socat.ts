import { parseSocat } from "../config/socat.ts";
import { systemNames } from "../peer/names.ts";
import { runGate } from "./serve.ts";
import { USAGE, type World } from "./world.ts";

/** `postern UNIX-LISTEN:PATH[,…] UNIX-CONNECT:PATH`: socat's command line, with a policy in between. */
export async function socat(args: readonly string[], world: World): Promise<number> {
  const parsed = parseSocat([...args], systemNames);
  if (!parsed.ok) {
    world.stderr(`postern: ${parsed.message}\n`);
    return USAGE;
  }
  return await runGate(parsed.config, world);
}

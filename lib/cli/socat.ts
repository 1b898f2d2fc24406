import { type Diagnostic, formatDiagnostics } from "../config/diagnostics.ts";
import { readOverrides } from "../config/overrides.ts";
import { parseSocat } from "../config/socat.ts";
import { systemNames } from "../peer/names.ts";
import { runGate } from "./serve.ts";
import { USAGE, type World } from "./world.ts";

/** `postern UNIX-LISTEN:PATH[,…] UNIX-CONNECT:PATH`: socat's command line, with a policy in between. */
export async function socat(args: readonly string[], world: World): Promise<number> {
  const problems: Diagnostic[] = [];
  const overriding = readOverrides(world.env, {}, (problem) => problems.push(problem));
  if (problems.length > 0) {
    world.stderr(formatDiagnostics(problems, new Map(), { color: world.color.stderr }));
    return USAGE;
  }
  const parsed = parseSocat(args, systemNames, overriding);
  if (!parsed.ok) {
    for (const line of parsed.message.split("\n")) world.stderr(`postern: ${line}\n`);
    world.stderr("postern: see `postern help socat`\n");
    return USAGE;
  }
  for (const warning of parsed.warnings) world.stderr(`postern: warning: ${warning}\n`);
  return await runGate(parsed.config, world);
}

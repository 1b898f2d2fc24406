import { auditProblem } from "../config/audit_file.ts";
import { type Diagnostic, formatDiagnostics } from "../config/diagnostics.ts";
import { denoFs } from "../config/fs.ts";
import { readOverrides } from "../config/overrides.ts";
import { parseSocat } from "../config/socat.ts";
import { systemNames } from "../peer/names.ts";
import { help } from "./help.ts";
import { runGate } from "./serve.ts";
import { CANNOT_START, OK, USAGE, type World } from "./world.ts";

/** `postern UNIX-LISTEN:PATH[,…] UNIX-CONNECT:PATH`: socat's command line, with a policy in between. */
export async function socat(args: readonly string[], world: World): Promise<number> {
  if (args.length === 0) {
    world.stdout(help("socat")!);
    return OK;
  }
  const problems: Diagnostic[] = [];
  const overriding = readOverrides(world.env, {}, (problem) => problems.push(problem));
  if (problems.length > 0) {
    world.stderr(formatDiagnostics(problems, new Map(), { color: world.color.stderr }));
    return USAGE;
  }
  const parsed = parseSocat(args, systemNames, Deno.cwd(), overriding);
  if (!parsed.ok) {
    for (const line of parsed.message.split("\n")) world.stderr(`postern: ${line}\n`);
    world.stderr("postern: see `postern help socat`\n");
    return USAGE;
  }
  const audit = auditProblem(denoFs, parsed.config.audit);
  if (audit !== undefined) {
    world.stderr(`postern: POSTERN_AUDIT: ${audit.problem}; ${audit.hint}\n`);
    return CANNOT_START;
  }
  for (const warning of parsed.warnings) world.stderr(`postern: warning: ${warning}\n`);
  return await runGate(parsed.config, world);
}

import { isAbsolute, resolve as absolute } from "node:path";
import { formatDiagnostics } from "../config/diagnostics.ts";
import { apply } from "../harden/apply.ts";
import { isBelowCommand } from "../harden/below_commands.ts";
import { describePlan } from "../harden/describe.ts";
import { diskOf } from "../harden/disk.ts";
import { gatherFacts, namesFor } from "../harden/facts.ts";
import type { Host, Planned } from "../harden/host.ts";
import { readManifest } from "../harden/manifest.ts";
import { requireOwnAccounts } from "../harden/own_accounts.ts";
import { type Facts, needs, type PartName, partNames, Refused } from "../harden/part.ts";
import { parts } from "../harden/parts.ts";
import { ownProgram, requireTrustedProgram } from "../harden/program.ts";
import { revert } from "../harden/revert.ts";
import { shellScript } from "../harden/script.ts";
import { survey } from "../harden/survey.ts";
import { parse, saysUsage, UsageError } from "./arguments.ts";
import { programFolders } from "./programs.ts";
import { CANNOT_START, NO, OK, type World } from "./world.ts";

const options = {
  config: { type: "string", short: "c" },
  only: { type: "string", multiple: true },
  root: { type: "string" },
  shell: { type: "boolean" },
  force: { type: "boolean" },
} as const;

const verbs = ["plan", "apply", "revert"] as const;

/** What was asked for. */
interface Asked {
  readonly verb: typeof verbs[number];
  readonly only: ReadonlySet<PartName>;
  /** "" for this host. */
  readonly root: string;
  readonly config: string | undefined;
  readonly shell: boolean;
  readonly force: boolean;
}

/** `postern harden`: shows, does and undoes what keeps others from the real socket. */
export async function harden(args: readonly string[], world: World): Promise<number> {
  const parsed = parse("harden", args, options, 1, world);
  if (typeof parsed === "number") return parsed;
  return await saysUsage("harden", world, async () => {
    const asked = read(parsed.positionals[0], parsed.values);
    try {
      return await act(asked, world);
    } catch (error) {
      if (!(error instanceof Refused || isOfTheSystem(error))) throw error;
      const lines = (error as Error).message.split("\n");
      if (!(error instanceof Refused)) lines.push(...advice(asked));
      world.stderr(lines.map((line) => `postern harden: ${line}\n`).join(""));
      return NO;
    }
  });
}

/** What the kernel said no to: a full disk, one that cannot be written, a folder of root's. */
function isOfTheSystem(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^E[A-Z0-9]+$/.test(String(error.code));
}

function advice({ verb, root }: Asked): string[] {
  if (Deno.uid() !== 0 && root === "") return ["root can read that"];
  return verb === "plan"
    ? []
    : [`what came before it stands, and \`postern harden ${verb}\` goes on from there`];
}

type Values = {
  readonly [K in keyof typeof options]?:
    | (typeof options[K] extends { multiple: true } ? string[]
      : typeof options[K]["type"] extends "string" ? string
      : boolean)
    | undefined;
};

function read(verb: string | undefined, values: Values): Asked {
  const known = verbs.find((one) => one === verb);
  if (known === undefined) {
    throw new UsageError(
      verb === undefined
        ? "say plan, apply or revert"
        : `there is no ${verb}: plan, apply or revert`,
    );
  }
  if (values.shell === true && known !== "plan") throw new UsageError("--shell is for plan");
  if (values.shell === true && values.root !== undefined) {
    throw new UsageError("--shell is for this host, without --root");
  }
  if (values.force === true && known === "plan") throw new UsageError("--force is not for plan");
  const names = values.only?.flatMap((list) => list.split(",")) ?? partNames;
  const unknown = names.find((name) => !partNames.some((one) => one === name));
  if (unknown !== undefined) {
    throw new UsageError(`there is no part ${JSON.stringify(unknown)}: ${partNames.join(", ")}`);
  }
  const root = values.root === undefined ? "" : absolute(values.root);
  if (values.config !== undefined && root !== "" && !isAbsolute(values.config)) {
    throw new UsageError("with --root, the configuration is named by its path below it: -c /etc/…");
  }
  return {
    verb: known,
    only: new Set(names as PartName[]),
    root: root === "/" ? "" : root,
    config: values.config === undefined ? undefined : absolute(values.config),
    shell: values.shell === true,
    force: values.force === true,
  };
}

async function act(asked: Asked, world: World): Promise<number> {
  const { root, verb, only, force } = asked;
  if (root !== "" && !isFolder(root)) {
    world.stderr(`postern harden: --root ${root} is no folder\n`);
    return CANNOT_START;
  }
  const disk = diskOf(root);
  const names = namesFor({ root, disk });
  const host: Host = { root, disk, names, run: world.run, isBelowCommand };
  if (verb !== "plan" && root === "" && Deno.uid() !== 0) {
    throw new Refused(`only root can ${verb}`);
  }
  const tell = (text: string) => world.stdout(`${text}\n`);
  if (verb === "revert") {
    const count = await revert(only, host, force, tell);
    if (count === 0) tell("nothing to revert: nothing was applied");
    return OK;
  }
  const planned = plan(asked, host, world);
  if (planned === undefined) return CANNOT_START;
  if (verb === "plan") return await show(planned, host, asked, world);
  const changes = await apply(planned, host, force, tell);
  for (const { part, plan } of planned) {
    if (plan.skipped !== undefined) tell(`${part} left out: ${plan.skipped}`);
    for (const note of plan.notes) tell(`${part}: ${note}`);
  }
  if (changes === 0) tell("nothing to do");
  return await examine(asked, world);
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function plan({ only, config, root }: Asked, { disk }: Host, world: World): Planned[] | undefined {
  const program = ownProgram();
  if (only.has("systemd") && root === "") requireTrustedProgram(program);
  const facts = gatherFacts({ root, disk, configFile: config, program, programFolders });
  if ("ok" in facts) {
    const { diagnostics, sources } = facts;
    world.stderr(formatDiagnostics(diagnostics, sources, { color: world.color.stderr }));
    return undefined;
  }
  const names = namesFor({ root, disk });
  requireAccounts(only, facts, names);
  // In a user's own engine's place, nobody is given anything.
  if (
    partNames.some((part) => only.has(part) && (part === "sockets" || part in needs)) &&
    !facts.upstream.startsWith("/run/user/")
  ) {
    requireOwnAccounts(facts, names, readManifest(disk));
  }
  return parts.filter(({ name }) => only.has(name))
    .map((part) => ({ part: part.name, summary: part.summary, plan: part.plan(facts) }));
}

function requireAccounts(only: ReadonlySet<PartName>, facts: Facts, names: Host["names"]): void {
  const { user, group } = facts;
  if (names.uidOf(user) !== undefined && names.gidOf(group) !== undefined) return;
  const part = [...only].find((one) => needs[one] !== undefined && !only.has(needs[one]));
  if (part === undefined) return;
  throw new Refused(
    `${part} names the user ${user} and the group ${group}, which are not there yet: ` +
      `--only ${needs[part]},${part} makes them`,
  );
}

async function show(
  planned: readonly Planned[],
  host: Host,
  { shell, force }: Asked,
  world: World,
): Promise<number> {
  const found = await survey(planned, readManifest(host.disk), host, force);
  world.stdout(
    shell ? shellScript(planned, found) : describePlan(planned, found, world.color.stdout),
  );
  for (const line of found.refusals) world.stderr(`postern harden: ${line}\n`);
  return found.refusals.length === 0 ? OK : NO;
}

/** What is left to do is not what was asked for: the answer is that of `apply`. */
async function examine({ config, root }: Asked, world: World): Promise<number> {
  const { doctor } = await import("./doctor.ts");
  world.stdout("\n");
  await doctor([
    ...(config === undefined ? [] : ["-c", config]),
    ...(root === "" ? [] : ["--root", root]),
  ], world);
  return OK;
}

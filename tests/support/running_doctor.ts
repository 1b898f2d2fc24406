import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { type As, type Ran, runAs } from "./docker.ts";

/** A finding as `doctor --json` prints it. */
export interface Finding {
  readonly check: string;
  readonly group: string;
  readonly level: string;
  readonly title: string;
  readonly evidence: readonly string[];
  readonly fix: readonly string[];
}

/** How doctor is started. */
export interface Asked {
  readonly as?: As;
  /** A command that runs it, such as nsenter. */
  readonly through?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const main = new URL("../../main.ts", import.meta.url).pathname;
/** The permissions that Postern has for its users, and the right to run the host's programs. */
export const command: readonly string[] = [
  Deno.execPath(),
  ...manifest.tasks.start.split(" ").slice(1, -2),
  "--allow-run",
  main,
];

/** doctor's words on a terminal that is none, as a process of its own. */
export function doctorSays(args: readonly string[], asked: Asked = {}): Promise<Ran> {
  const { as, through = [], env = {} } = asked;
  const words = [
    ...through,
    ...as === undefined ? [] : dropping(as),
    ...command,
    "doctor",
    ...args,
  ];
  return runAs(undefined, words, {
    env: { ...(as === undefined ? {} : { DENO_DIR: cache().seen, HOME: "/" }), ...env },
  });
}

/** Becomes another user, to whom what Postern was loaded from is shown at another place: root's home is closed. */
function dropping({ uid, gid = uid }: As): string[] {
  const { own, seen } = cache();
  return [
    ...["unshare", "--mount", "sh", "-c", `mount --bind ${own} ${seen} && exec "$@"`, "sh"],
    ...["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"],
  ];
}

let found: { readonly own: string; readonly seen: string } | undefined;

function cache(): { readonly own: string; readonly seen: string } {
  if (found !== undefined) return found;
  const seen = Deno.makeTempDirSync({ dir: "/tmp", prefix: "doctor-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(seen));
  const own = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
  return found = { own, seen };
}

/** The findings of one check, from a process of its own. */
export async function doctor(
  config: string,
  asked: Asked = {},
): Promise<(check: string) => Finding[]> {
  const { code, out, err } = await doctorSays(["-c", config, "--json"], asked);
  assert.ok(code === 0 || code === 1, err);
  const report = JSON.parse(out) as { wrong: number; findings: Finding[] };
  assert.equal(code, report.wrong > 0 ? 1 : 0);
  const wrong = report.findings.filter(({ level }) => level === "wrong").length;
  assert.equal(report.wrong, wrong);
  return (check) => report.findings.filter((finding) => finding.check === check);
}

/** Everything that findings say but their fixes. */
export const text = (findings: readonly Finding[]): string =>
  findings.flatMap(({ title, evidence }) => [title, ...evidence]).join("\n");

export const levels = (findings: readonly Finding[]): string[] =>
  findings.map(({ level }) => level);

/** Types a finding's fix into a shell, `postern` being this one; throws what went wrong. */
export async function typed({ fix }: Finding, through: readonly string[] = []): Promise<void> {
  const postern = `postern() { ${[Deno.execPath(), "run", "-A", main].join(" ")} "$@"; }\n`;
  const commands = fix.filter((line) => !line.startsWith("#"));
  assert.ok(commands.length > 0, `nothing is to be typed: ${fix.join("\n")}`);
  const script = `set -e\n${postern}${fix.join("\n")}\n`;
  const { code, out, err } = await runAs(undefined, [...through, "sh", "-c", script]);
  assert.equal(code, 0, `${fix.join("\n")}\n${out}${err}`);
}

/** Waits until something is as it should be. */
export async function until(test: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await test()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("It did not come about in a minute");
}

/** A process that ends with its block. */
export function child(
  program: string,
  ...args: string[]
): AsyncDisposable & { readonly pid: number } {
  const process = new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    pid: process.pid,
    async [Symbol.asyncDispose]() {
      try {
        process.kill("SIGKILL");
      } catch { /* it ended by itself */ }
      await process.status;
    },
  };
}

/** Connections to a socket, in whichever network namespace, by /proc/PID/net/unix: another source than doctor's own. */
export async function connections(socket: string): Promise<number> {
  const namespaces = new Map<string, string>();
  for (const { name } of Deno.readDirSync("/proc")) {
    const path = `/proc/${name}/ns/net`;
    try {
      if (/^[0-9]+$/.test(name)) namespaces.set(Deno.readLinkSync(path), `/proc/${name}/net/unix`);
    } catch { /* it has ended */ }
  }
  const tables = await Promise.all(
    [...namespaces.values()].map((path) => Deno.readTextFile(path).catch(() => "")),
  );
  // __SO_ACCEPTCON is the listener's.
  return tables.join("\n").split("\n").filter((line) =>
    line.endsWith(` ${socket}`) && !line.includes(" 00010000 ")
  ).length;
}

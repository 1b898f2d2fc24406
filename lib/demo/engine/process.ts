import { constants } from "node:os";
import { PassThrough, type Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

/** Where bytes come out: 1 is stdout, 2 is stderr. Settles when the reader is ready for more. */
export type Output = (stream: 1 | 2, bytes: Uint8Array) => void | Promise<void>;

/** What stands in for a process: a function in memory. Nothing on the machine is executed. */
export interface Process {
  readonly stdin: Writable;
  /** The status as wait(2) tells it to Docker: 128 + n after signal n. */
  readonly exited: Promise<number>;
  signal(number: number): void;
}

interface World {
  readonly stdin: PassThrough;
  readonly output: Output;
  readonly killed: AbortSignal;
}

/** Programs that stay until they are told to stop, with what they log first. */
const DAEMONS: Readonly<Record<string, string>> = {
  "nginx": "[notice] 1#1: start worker processes",
  "postgres": "LOG:  database system is ready to accept connections",
  "redis-server": "* Ready to accept connections tcp",
};
const SHELLS = new Set(["sh", "bash", "ash", "dash"]);
/** signal(7): what is ignored, or stops and continues, by default; none of them ends a process. */
const HARMLESS = new Set<number>(
  (["SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGURG", "SIGWINCH"] as const)
    .map((name) => constants.signals[name]),
);

export function spawn(argv: readonly string[], output: Output): Process {
  const stdin = new PassThrough();
  // A client may write on after the process has gone.
  stdin.on("error", () => {});
  const abort = new AbortController();
  const { promise: killed, resolve: kill } = Promise.withResolvers<number>();
  const guarded: Output = (stream, bytes) =>
    abort.signal.aborted ? undefined : output(stream, bytes);
  const finished = execute(argv, { stdin, output: guarded, killed: abort.signal })
    .catch(() => 1);
  const exited = Promise.race([finished, killed]).finally(() => {
    abort.abort();
    stdin.destroy();
  });
  const signal = (number: number) => {
    if (HARMLESS.has(number)) return;
    kill(128 + number);
    abort.abort();
  };
  return { stdin, exited, signal };
}

/** `SIGTERM`, `term` or `15`; undefined when there is no such signal. */
export function signalNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) >= 1 && Number(text) <= 64 ? Number(text) : undefined;
  const name = text.toUpperCase().replace(/^(?!SIG)/, "SIG");
  return new Map<string, number>(Object.entries(constants.signals)).get(name);
}

async function execute(argv: readonly string[], world: World): Promise<number> {
  const [path = "", ...args] = argv;
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (SHELLS.has(name) && args[0] === "-c") return await runScript(args[1] ?? "", world);
  if (Object.hasOwn(DAEMONS, name)) {
    await say(world, 1, `${DAEMONS[name]}\n`);
    return await sleep(Infinity, world);
  }
  switch (name) {
    case "true":
    case "false":
      return name === "true" ? 0 : 1;
    case "exit":
      return Number(args[0] ?? 0) & 0xff;
    case "sleep":
      return await sleep(args[0] === "infinity" ? Infinity : Number(args[0]), world);
    case "echo":
      return await echo(args, world);
    case "cat":
      for await (const chunk of world.stdin) await world.output(1, chunk);
      return 0;
    default:
      await say(world, 1, `postern's embedded demo engine runs nothing: ${argv.join(" ")}\n`);
      return 0;
  }
}

/** Commands between `;` and `&&`, words between blanks, quotes around words: enough to try things out. */
async function runScript(script: string, world: World): Promise<number> {
  let status = 0;
  for (const [, joint, command = ""] of script.matchAll(/(^|;|&&)((?:(?!;|&&).)*)/gs)) {
    if (joint === "&&" && status !== 0) continue;
    const words = command.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
    if (words.length === 0) continue;
    status = await execute(words.map((word) => word.replace(/^(["'])(.*)\1$/s, "$2")), world);
    if (words[0] === "exit") break;
  }
  return status;
}

async function echo(args: readonly string[], world: World): Promise<number> {
  const stream = args.at(-1) === ">&2" || args.at(-1) === "1>&2" ? 2 : 1;
  await say(world, stream, `${args.slice(0, stream === 2 ? -1 : undefined).join(" ")}\n`);
  return 0;
}

async function sleep(seconds: number, { killed }: World): Promise<number> {
  if (Number.isNaN(seconds)) return 1;
  if (killed.aborted) return 0;
  // setTimeout holds 31 bits of milliseconds, and a daemon needs no timer at all.
  if (seconds * 1000 < 2 ** 31) await delay(seconds * 1000, undefined, { signal: killed });
  else await new Promise((resolve) => killed.addEventListener("abort", resolve, { once: true }));
  return 0;
}

async function say(world: World, stream: 1 | 2, text: string): Promise<void> {
  await world.output(stream, new TextEncoder().encode(text));
}

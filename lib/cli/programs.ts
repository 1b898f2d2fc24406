/** What a program of the host's said when it ended. */
export interface Ran {
  /** Its exit code; 128 and the signal's number when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where the host's own programs stand. $PATH is not asked: it is the caller's, and this runs as root. */
export const programFolders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"] as const;

/** The full path of one of the host's programs, or undefined when it is not installed. */
export function findProgram(name: string): string | undefined {
  return programFolders.map((folder) => `${folder}/${name}`).find(isFile);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/**
 * Runs one of the host's programs with nothing in its environment but a path and the C locale, and waits until it ends. One that
 * has not ended after `most` milliseconds is killed, and its `stderr` says so. Undefined when it is not installed.
 */
export async function runProgram(
  name: string,
  args: readonly string[],
  stdin = "",
  most = Infinity,
): Promise<Ran | undefined> {
  const path = findProgram(name);
  if (path === undefined) return undefined;
  const child = new Deno.Command(path, {
    args: [...args],
    clearEnv: true,
    env: { PATH: programFolders.join(":"), LC_ALL: "C" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = false;
  const timer = most === Infinity ? undefined : setTimeout(() => {
    late = true;
    kill(child, "SIGKILL");
  }, most);
  const [, output] = await Promise.all([feed(child.stdin, stdin), child.output()]);
  clearTimeout(timer);
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: late ? `${name} did not end within ${most / 1000} s` : decoder.decode(output.stderr),
  };
}

async function feed(sink: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = sink.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch (error) {
    // A program may end without having read everything; its exit code tells what that means.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Whether Deno lets us start one of the host's programs, by its name or path; one that is not installed, too. */
export function mayRun(program: string): boolean {
  const path = program.startsWith("/") ? program : findProgram(program) ?? `/${program}`;
  return Deno.permissions.querySync({ name: "run", command: path }).state === "granted";
}

/** A program that goes on. */
export interface Following {
  /** Its exit code, when it has ended and all of its lines were heard. */
  readonly ended: Promise<number>;
  /** Ends it, by SIGTERM and, after two seconds, SIGKILL. */
  stop(): Promise<void>;
}

/** Starts one of the host's programs, as `runProgram` does, and calls back for each line while it runs. Undefined when it is not installed. */
export function followProgram(
  name: string,
  args: readonly string[],
  hear: (line: string, from: "stdout" | "stderr") => void,
  env: Readonly<Record<string, string>> = {},
): Following | undefined {
  const path = findProgram(name);
  if (path === undefined) return undefined;
  const child = new Deno.Command(path, {
    args: [...args],
    clearEnv: true,
    env: { PATH: programFolders.join(":"), LC_ALL: "C", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const ended = Promise.all([
    child.status,
    eachLine(child.stdout, (line) => hear(line, "stdout")),
    eachLine(child.stderr, (line) => hear(line, "stderr")),
  ]).then(([{ code }]) => code);
  return { ended, stop: () => end(child, ended) };
}

async function end(child: Deno.ChildProcess, ended: Promise<unknown>): Promise<void> {
  kill(child, "SIGTERM");
  const timer = setTimeout(() => kill(child, "SIGKILL"), 2000);
  await ended;
  clearTimeout(timer);
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // It has ended by itself (TypeError of the runtime's), or a moment ago.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** What is longer than this and no line yet is given as one, in characters: a program that never ends a line fills no memory. */
const LONGEST = 1 << 16;

async function eachLine(
  stream: ReadableStream<Uint8Array>,
  hear: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    lines.forEach(hear);
    if (rest.length < LONGEST) continue;
    hear(rest);
    rest = "";
  }
  if (rest !== "") hear(rest);
}

/**
 * Runs a person's own command, without a shell, with these variables and a text on its standard input; what it prints is dropped,
 * and what is left of it after `most` milliseconds is killed. Its exit code, or undefined when there is no such program.
 */
export async function tellProgram(
  [name, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  stdin: string,
  most: number,
): Promise<number | undefined> {
  const path = name.startsWith("/") ? name : findProgram(name);
  if (path === undefined || !isFile(path)) return undefined;
  const child = new Deno.Command(path, {
    args,
    clearEnv: true,
    env: { PATH: programFolders.join(":"), LC_ALL: "C", ...env },
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => kill(child, "SIGKILL"), most);
  const [, { code }] = await Promise.all([feed(child.stdin, stdin), child.status]);
  clearTimeout(timer);
  return code;
}

import { environmentVariables } from "../compat/flavours.ts";
import type { Sources } from "../config/recording.ts";
import type { Config } from "../config/types.ts";
import { refuseDebugger } from "../linux/signal.ts";
import { describeFailure } from "../config/failure.ts";
import { enclose } from "./enclosure.ts";
import { confine, type Notice } from "./privileges.ts";
import { type Following, followProgram, type Ran, runProgram, tellProgram } from "./programs.ts";

/** Everything that a command takes from the process it runs in, so that tests can give it another. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The process's own number. */
  readonly pid: number;
  /** Results. Throws an OutputError when they cannot be written. */
  stdout(text: string): void;
  /** The log and what went wrong. */
  stderr(text: string): void;
  /** Whether escapes are wanted: a terminal, and no NO_COLOR. */
  readonly color: { readonly stdout: boolean; readonly stderr: boolean };
  /** The width to wrap at, in columns. */
  readonly columns: number;
  /** All of standard input. */
  readStdin(): Promise<Uint8Array>;
  /** Runs one of the host's programs and waits until it ends, for `most` milliseconds at most; undefined when it is not installed. */
  run(
    program: string,
    args: readonly string[],
    stdin?: string,
    most?: number,
  ): Promise<Ran | undefined>;
  /** Starts one of the host's programs, with these variables and no others but PATH, and hears its lines; undefined when it is not installed. */
  follow(
    program: string,
    args: readonly string[],
    hear: (line: string, from: "stdout" | "stderr") => void,
    env?: Readonly<Record<string, string>>,
  ): Following | undefined;
  /** Runs a person's own command with these variables and this input, for at most so many milliseconds; undefined when it is not there. */
  tell(
    words: readonly [string, ...string[]],
    env: Readonly<Record<string, string>>,
    stdin: string,
    most: number,
  ): Promise<number | undefined>;
  /** Gives up, for good, the permissions that only other commands need. */
  renounce(permissions: readonly ("net" | "run" | "import")[]): void;
  /** Keeps Deno from opening a debugger to everybody on this machine. */
  refuseDebugger(): void;
  /** Begins anew where no file can be opened but those that this configuration needs; returns where that is so, or cannot be. */
  enclose(config: Config, sources: Sources): void;
  /** Gives up what a gate with this configuration does not need once it stands; what is left to say about it. */
  confine(config: Config): Notice[];
  /** Calls back, until `stop` is called, instead of ending the process at a fault that nobody catches. */
  onFault(handler: (error: unknown) => void): () => void;
  /** Calls back at each of these signals until `stop` is called. */
  onSignal(signals: readonly Deno.Signal[], handler: (signal: Deno.Signal) => void): () => void;
}

/** A result that could not be written, on a full disk. */
export class OutputError extends Error {}

/** Exit codes of every command. */
export const OK = 0;
/** The answer is no. */
export const NO = 1;
/** The command line was not understood. */
export const USAGE = 2;
/** It cannot start. */
export const CANNOT_START = 3;

/** The environment variables that mean something; the permission to read others is not asked for. */
const variables = [
  "DOCKER_HOST",
  "LISTEN_FDNAMES",
  "LISTEN_FDS",
  "LISTEN_PID",
  "NOTIFY_SOCKET",
  "POSTERN_AUDIT",
  "POSTERN_CONFIG",
  "POSTERN_UPSTREAM",
  "POSTERN_WORKERS",
  "WATCHDOG_PID",
  "WATCHDOG_USEC",
  ...environmentVariables,
];

/** The world of this very process. */
export function processWorld(): World {
  const encoder = new TextEncoder();
  const noColor = (Deno.env.get("NO_COLOR") ?? "") !== "";
  return {
    env: Object.fromEntries(variables.map((name) => [name, Deno.env.get(name)])),
    pid: Deno.pid,
    stdout(text) {
      const failure = writeAll(Deno.stdout, encoder.encode(text));
      // Whoever read our output may have gone, as `postern explain … | head -1` does.
      if (failure === undefined || failure instanceof Deno.errors.BrokenPipe) return;
      throw new OutputError(`cannot write the result: ${describeFailure(failure)}`);
    },
    // When this fails, there is nobody left to tell.
    stderr: (text) => void writeAll(Deno.stderr, encoder.encode(text)),
    color: {
      stdout: !noColor && Deno.stdout.isTerminal(),
      stderr: !noColor && Deno.stderr.isTerminal(),
    },
    columns: columns(),
    readStdin: () => new Response(Deno.stdin.readable).bytes(),
    run: runProgram,
    follow: followProgram,
    tell: tellProgram,
    renounce(permissions) {
      for (const name of permissions) Deno.permissions.revokeSync({ name });
    },
    refuseDebugger,
    enclose,
    confine,
    onFault(handler) {
      const thrown = (event: ErrorEvent) => {
        event.preventDefault();
        handler(event.error);
      };
      const rejected = (event: PromiseRejectionEvent) => {
        event.preventDefault();
        handler(event.reason);
      };
      globalThis.addEventListener("error", thrown);
      globalThis.addEventListener("unhandledrejection", rejected);
      return () => {
        globalThis.removeEventListener("error", thrown);
        globalThis.removeEventListener("unhandledrejection", rejected);
      };
    },
    onSignal(signals, handler) {
      const undo = signals.map((signal) => {
        const listener = () => handler(signal);
        Deno.addSignalListener(signal, listener);
        return () => Deno.removeSignalListener(signal, listener);
      });
      return () => undo.forEach((stop) => stop());
    },
  };
}

/** Writes everything; the answer is why it could not. */
function writeAll(sink: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): unknown {
  try {
    for (let at = 0; at < bytes.length;) at += sink.writeSync(bytes.subarray(at));
    return undefined;
  } catch (error) {
    return error;
  }
}

function columns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 100;
  }
}

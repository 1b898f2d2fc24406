/** Everything that a command takes from the process it runs in, so that tests can give it another. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results. */
  stdout(text: string): void;
  /** The log and what went wrong. */
  stderr(text: string): void;
  /** Whether escapes are wanted: a terminal, and no NO_COLOR. */
  readonly color: { readonly stdout: boolean; readonly stderr: boolean };
  /** The width to wrap at, in columns. */
  readonly columns: number;
  /** All of standard input. */
  readStdin(): Promise<string>;
  /** Gives up, for good, the permissions that only other commands need. */
  renounce(permissions: readonly ("net" | "run" | "import")[]): void;
  /** Calls back at each of these signals until `stop` is called. */
  onSignal(signals: readonly Deno.Signal[], handler: (signal: Deno.Signal) => void): () => void;
}

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
  "POSTERN_AUDIT",
  "POSTERN_CONFIG",
  "POSTERN_UPSTREAM",
  "POSTERN_WORKERS",
];

/** The world of this very process. */
export function processWorld(): World {
  const encoder = new TextEncoder();
  const noColor = (Deno.env.get("NO_COLOR") ?? "") !== "";
  return {
    env: Object.fromEntries(variables.map((name) => [name, Deno.env.get(name)])),
    stdout: (text) => writeAll(Deno.stdout, encoder.encode(text)),
    stderr: (text) => writeAll(Deno.stderr, encoder.encode(text)),
    color: {
      stdout: !noColor && Deno.stdout.isTerminal(),
      stderr: !noColor && Deno.stderr.isTerminal(),
    },
    columns: columns(),
    readStdin: () => new Response(Deno.stdin.readable).text(),
    renounce(permissions) {
      for (const name of permissions) Deno.permissions.revokeSync({ name });
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

function writeAll(sink: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  try {
    for (let at = 0; at < bytes.length;) at += sink.writeSync(bytes.subarray(at));
  } catch (error) {
    // Whoever read our output has gone, as `postern explain … | head -1` does.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

function columns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 100;
  }
}

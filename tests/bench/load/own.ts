import { Child, output } from "../process.ts";
import { firstLine } from "../waiting.ts";

/** How long thousands of connections may take, in milliseconds. */
const HOLD_LIMIT = 20_000;

function command(program: string, ...args: (string | number)[]): string[] {
  return ["run", "-A", new URL(program, import.meta.url).pathname, ...args.map(String)];
}

/** Short connections, one a request. */
export async function churn(
  socket: string,
  amount: number,
): Promise<{ readonly requests: number; readonly failed: number; readonly seconds: number }> {
  return JSON.parse(await output(Deno.execPath(), command("./churn.ts", socket, amount)));
}

export type StreamKind = "length" | "chunked" | "attach" | "load";

/** One stream. Throws when not all of it arrives. */
export async function stream(
  kind: StreamKind,
  socket: string,
  mebibytes: number,
): Promise<{ readonly seconds: number }> {
  return JSON.parse(await output(Deno.execPath(), command("./stream.ts", kind, socket, mebibytes)));
}

/** Connections that stay open until they are disposed of. */
export interface Held extends AsyncDisposable {
  readonly open: number;
  readonly failed: number;
}

/** Opens connections: `silent` new ones, `idle` after a small answer on each, `hijacked` after a 101. */
export async function hold(
  kind: "silent" | "idle" | "hijacked",
  socket: string,
  amount: number,
  directory: string,
): Promise<Held> {
  const log = `${directory}/hold.log`;
  const args = command("./hold.ts", kind, socket, amount);
  const child = new Child(Deno.execPath(), args, { log, talks: true });
  const dispose = async () => {
    await child[Symbol.asyncDispose]();
    await child.stdin!.abort().catch(() => {});
    await child.stdout!.cancel().catch(() => {});
  };
  try {
    const said = JSON.parse(await firstLine(child.stdout!, HOLD_LIMIT));
    return { ...said, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

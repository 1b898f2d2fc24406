import { dirname } from "node:path";
import { describeFailure } from "../config/failure.ts";
import { MAX_SOCKET_PATH } from "../linux/socket.ts";

const PREFIX = "postern-demo-";
/** The longest name that the demo gives to a socket. */
const LONGEST = "/engine.sock";

/**
 * Makes the directory for the demo's sockets: one that only we can enter, or where other users play as well, one that
 * everybody can. Throws an Error that says what to do.
 */
export function makeStage(forOthers: boolean): string {
  const stage = forOthers ? makeOpenStage() : make();
  const bytes = new TextEncoder().encode(stage + LONGEST).length;
  if (bytes <= MAX_SOCKET_PATH) return stage;
  Deno.removeSync(stage);
  throw new Error(
    `${stage}${LONGEST} would be ${bytes} bytes long, and a socket's path is at most ` +
      `${MAX_SOCKET_PATH}; set TMPDIR to a shorter folder`,
  );
}

function makeOpenStage(): string {
  for (const dir of [undefined, "/tmp"]) {
    const stage = make(dir);
    if (dirname(Deno.realPathSync(stage)).split("/").every(enterable)) {
      Deno.chmodSync(stage, 0o755);
      return stage;
    }
    Deno.removeSync(stage);
  }
  throw new Error(
    "as root the demo calls as other users, and they can enter neither TMPDIR nor /tmp; " +
      "set TMPDIR to a folder that everybody can enter",
  );
}

/** Whether users whom a folder does not belong to can go through it; takes a path's parts as `every` hands them out. */
function enterable(_: string, index: number, parts: readonly string[]): boolean {
  return ((Deno.statSync(parts.slice(0, index + 1).join("/") || "/").mode ?? 0) & 0o001) !== 0;
}

/** A new directory of mode 0700, in TMPDIR or /tmp unless said. */
function make(dir?: string): string {
  try {
    return Deno.makeTempDirSync({ prefix: PREFIX, ...(dir === undefined ? {} : { dir }) });
  } catch (error) {
    const where = dir ?? "TMPDIR or /tmp";
    throw new Error(`cannot make a directory in ${where}: ${describeFailure(error)}`);
  }
}

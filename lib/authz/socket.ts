import { basename, dirname } from "node:path";
import { type FileStatus, statusOf } from "../linux/file.ts";
import { describeFailure } from "../config/failure.ts";
import { BindError, removeStale } from "../relay/bind.ts";

/** Only its owner may connect: the engine, which is root. */
const MODE = 0o600;
/** As dockerd makes its folders in /run. */
const FOLDER_MODE = 0o711;

/** A server on a unix socket that is looked after by the runtime, and the file that is its name. */
export interface PluginSocket {
  readonly path: string;
  readonly server: Deno.HttpServer<Deno.UnixAddr>;
  readonly file: FileStatus | undefined;
}

/**
 * Opens a server's socket with mode 0600: it is made in a folder that nobody else can enter, and gets its name when its mode is
 * set. A stale socket is replaced, a live one is a BindError.
 */
export function openPluginSocket(
  path: string,
  handler: (request: Request) => Response | Promise<Response>,
): PluginSocket {
  removeStale(path);
  const birthplace = makeBirthplace(path);
  const born = `${birthplace}/s`;
  try {
    const server = Deno.serve({ path: born, onListen() {} }, handler);
    Deno.chmodSync(born, MODE);
    Deno.renameSync(born, path);
    return { path, server, file: statusOf(path) };
  } finally {
    Deno.removeSync(birthplace, { recursive: true });
  }
}

/** The folder of a plugin's socket is dockerd's, which may not have made it yet. Throws a BindError. */
export function makePluginFolder(path: string): void {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
  } catch (error) {
    throw new BindError(`cannot make the folder of ${path}: ${describeFailure(error)}`);
  }
}

function makeBirthplace(path: string): string {
  try {
    return Deno.makeTempDirSync({ dir: dirname(path), prefix: `.${basename(path)}-` });
  } catch (error) {
    throw new BindError(`cannot open ${path}: ${describeFailure(error)}`);
  }
}

/** Answers what has been asked, and takes the name away, unless it is another's by now. */
export async function closePluginSocket({ path, server, file }: PluginSocket): Promise<void> {
  const now = statusOf(path);
  if (now !== undefined && now.inode === file?.inode && now.device === file.device) {
    try {
      Deno.removeSync(path);
    } catch {
      /* the folder is root's, and we are not root any more: a dead socket refuses as well as none */
    }
  }
  await server.shutdown();
}

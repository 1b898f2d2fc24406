import { dirname } from "node:path";
import { describeFailure } from "../config/failure.ts";
import { type FileStatus, statusOf, withUmask } from "../linux/file.ts";
import { BindError, removeStale } from "../relay/bind.ts";

/** Only its owner may connect: the engine, which is root. */
const NOT_OTHERS = 0o177;
/** As dockerd makes its folders in /run. */
const FOLDER_MODE = 0o711;

/** A server on a unix socket that is looked after by the runtime, and the file that is its name. */
export interface PluginSocket {
  readonly path: string;
  readonly server: Deno.HttpServer<Deno.UnixAddr>;
  readonly file: FileStatus | undefined;
}

/** Opens a server's socket, with mode 0600 from the start. A stale socket is replaced, a live one is a BindError. */
export function openPluginSocket(
  path: string,
  handler: (request: Request) => Response | Promise<Response>,
): PluginSocket {
  removeStale(path);
  try {
    const server = withUmask(NOT_OTHERS, () => Deno.serve({ path, onListen() {} }, handler));
    return { path, server, file: statusOf(path) };
  } catch (error) {
    throw new BindError(`cannot open ${path}: ${describeFailure(error)}`);
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

/** Answers what has been asked, and takes the name away, unless it is another's by now. */
export async function closePluginSocket({ path, server, file }: PluginSocket): Promise<void> {
  const now = statusOf(path);
  if (now !== undefined && now.inode === file?.inode && now.device === file.device) {
    try {
      Deno.removeSync(path);
    } catch {
      /* with run_as, root's folder is not ours: to dockerd a dead socket is as good as none */
    }
  }
  await server.shutdown();
}

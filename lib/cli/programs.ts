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
 * Runs one of the host's programs with nothing in its environment but a path and the C locale, and waits until it ends. Undefined
 * when it is not installed.
 */
export async function runProgram(
  name: string,
  args: readonly string[],
  stdin = "",
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
  const [, output] = await Promise.all([feed(child.stdin, stdin), child.output()]);
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
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

import { which } from "./private_engine.ts";

/** The private engine's own socket; set by tests/run.ts. */
export const engineSocket = Deno.env.get("POSTERN_ENGINE_SOCKET") ?? "";
const missing = Deno.env.get("POSTERN_ENGINE_MISSING") ??
  (engineSocket === "" ? "run through `deno task test`" : "");

/**
 * A test that needs a real engine; skipped, with the reason in the run's summary, where there is none. `absent`: what else it needs
 * and is not there.
 */
export function engineTest(
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
  absent?: string,
): void {
  const ignore = missing !== "" || absent !== undefined;
  Deno.test({ name: absent === undefined ? name : `${name} (${absent})`, ignore, fn });
}

/** Who runs a command: ids for setpriv(1). */
export interface As {
  readonly uid: number;
  readonly gid?: number;
  readonly groups?: readonly number[];
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly bytes: Uint8Array;
}

const decoder = new TextDecoder();
/** A guard against hanging only, in milliseconds. */
const TIMEOUT_MS = 90_000;

/** Runs a program as somebody, gives it input and waits for its end. A program that hangs is killed, and that is an error. */
export async function runAs(
  as: As | undefined,
  command: readonly string[],
  options: { stdin?: Uint8Array | string; env?: Record<string, string>; cwd?: string } = {},
): Promise<Ran> {
  const gid = as?.gid ?? as?.uid;
  const groups = as?.groups?.length ? [`--groups=${as.groups.join()}`] : ["--clear-groups"];
  const drop = as === undefined
    ? []
    : ["setpriv", `--reuid=${as.uid}`, `--regid=${gid}`, ...groups];
  const [program, ...args] = [...drop, ...command];
  const child = new Deno.Command(program!, {
    args,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    env: options.env ?? {},
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  }).spawn();
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill("SIGKILL");
  }, TIMEOUT_MS);
  const fed = options.stdin === undefined ? Promise.resolve() : feed(child.stdin, options.stdin);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  await fed;
  const ran = { code, out: decoder.decode(stdout), err: decoder.decode(stderr), bytes: stdout };
  if (hung) {
    throw new Error(`${command.join(" ")} hung: ${JSON.stringify({ out: ran.out, err: ran.err })}`);
  }
  return ran;
}

async function feed(stdin: WritableStream<Uint8Array>, data: Uint8Array | string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(typeof data === "string" ? new TextEncoder().encode(data) : data);
    await writer.close();
  } catch { /* it ended without reading on */ }
}

let home: string | undefined;

/** A home that every user can read, so that no command line's configuration is somebody else's. */
function sharedHome(): string {
  if (home === undefined) {
    home = Deno.makeTempDirSync({ dir: "/tmp", prefix: "ph-" });
    Deno.chmodSync(home, 0o777);
    const made = home;
    globalThis.addEventListener("unload", () => Deno.removeSync(made, { recursive: true }));
  }
  return home;
}

export interface DockerOptions {
  readonly as?: As;
  readonly stdin?: Uint8Array | string;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Another docker than the first on PATH. */
  readonly cli?: string;
}

/** Runs the docker command line against a socket. */
export function docker(
  socket: string,
  args: readonly string[],
  options: DockerOptions = {},
): Promise<Ran> {
  const { as, cli, env, ...rest } = options;
  return runAs(as, [cli ?? "docker", ...args], {
    ...rest,
    env: {
      DOCKER_HOST: `unix://${socket}`,
      HOME: sharedHome(),
      DOCKER_CONFIG: `${sharedHome()}/.docker`,
      ...env,
    },
  });
}

/** A docker whose `build` speaks BuildKit by itself: Debian's, where another stands before it on PATH. */
export const buildkitCli = ["/usr/bin/docker", which("docker") ?? ""].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}) ?? "docker";

/** A name that no other test uses. */
export const unique = (prefix: string) => `${prefix}-${crypto.randomUUID().slice(0, 8)}`;

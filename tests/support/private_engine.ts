/** A dockerd of the tests' own: its data, sockets and processes are in one directory and end with it. */
export interface PrivateEngine extends AsyncDisposable {
  readonly socket: string;
  /** Ends it, and starts another with the same data when told to. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const programs = ["dockerd", "docker", "busybox", "setpriv", "tar", "script"];

/** Why no engine can be started here, or undefined. */
export function missingForEngine(): string | undefined {
  if (Deno.uid() !== 0) return "starting a private dockerd needs root";
  const absent = programs.filter((name) => which(name) === undefined);
  if (absent.length === 0) return undefined;
  return `${absent.join(", ")} not found (apt-get install docker.io busybox-static socat)`;
}

export function which(name: string): string | undefined {
  const path = `${Deno.env.get("PATH") ?? ""}:/usr/sbin:/sbin`;
  for (const directory of path.split(":")) {
    try {
      if (Deno.statSync(`${directory}/${name}`).isFile) return `${directory}/${name}`;
    } catch { /* not there */ }
  }
  return undefined;
}

const applets = [
  "sh",
  "cat",
  "ls",
  "echo",
  "sleep",
  "head",
  "wc",
  "md5sum",
  "tar",
  "dd",
  "true",
  "false",
  "yes",
  "env",
  "ps",
  "id",
  "stty",
  "tty",
  "touch",
  "kill",
  "seq",
];

/**
 * Starts dockerd, with further words for its command line, and gives it the image `bb`, made of busybox alone. `through`: a command
 * that becomes what stands behind it, such as nsenter(1).
 */
export async function startPrivateEngine(
  words: readonly string[] = [],
  through: readonly string[] = [],
): Promise<PrivateEngine> {
  // Short, since the engine makes longer paths of it and sun_path holds 107 bytes.
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "pe-" });
  await Deno.chmod(directory, 0o755);
  const socket = `${directory}/d.sock`;
  // setsid: a Ctrl-C in the terminal must reach the tests only, so that they can end it in order.
  const options = words.join(" ");
  const start = [...through, "setsid", which("dockerd")].join(" ");
  const command = new Deno.Command("sh", {
    args: [
      "-c",
      `exec ${start} --data-root ${directory}/data --exec-root ${directory}/x -p ${directory}/pid ` +
      `-H unix://${socket} --bridge=none --iptables=false ${options} >${directory}/log 2>&1`,
    ],
  });
  let dockerd: Deno.ChildProcess | undefined;
  const engine: PrivateEngine = {
    socket,
    async stop() {
      dockerd?.kill("SIGTERM");
      await dockerd?.status;
      dockerd = undefined;
    },
    async start() {
      dockerd = command.spawn();
      await answers(socket, `${directory}/log`);
    },
    async [Symbol.asyncDispose]() {
      await engine.stop();
      await run("sh", [
        "-c",
        `grep -o ' ${directory}/[^ ]*' /proc/mounts | sort -r | xargs -r umount -l`,
      ]);
      await Deno.remove(directory, { recursive: true });
    },
  };
  try {
    await engine.start();
    await importImage(directory, socket);
    return engine;
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}

async function answers(socket: string, log: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    try {
      (await Deno.connect({ transport: "unix", path: socket })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(
    `dockerd does not answer; its log ends with:\n${(await Deno.readTextFile(log)).slice(-2000)}`,
  );
}

async function importImage(directory: string, socket: string): Promise<void> {
  const root = `${directory}/bb`;
  await Deno.mkdir(`${root}/bin`, { recursive: true });
  await Deno.mkdir(`${root}/tmp`);
  await Deno.copyFile(which("busybox")!, `${root}/bin/busybox`);
  for (const applet of applets) await Deno.symlink("busybox", `${root}/bin/${applet}`);
  const pipeline = `tar -C ${root} -c . | docker -H unix://${socket} import - bb`;
  const { success, stderr } = await run("sh", ["-c", pipeline]);
  if (!success) {
    throw new Error(`The image could not be imported: ${new TextDecoder().decode(stderr)}`);
  }
}

function run(program: string, args: string[]): Promise<Deno.CommandOutput> {
  return new Deno.Command(program, { args, stdin: "null" }).output();
}

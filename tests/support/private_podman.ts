import { which } from "./private_engine.ts";

/** A Podman service of a test's own: its images, containers and sockets are in one directory and end with it. */
export interface PrivatePodman extends AsyncDisposable {
  readonly socket: string;
  /** A program that does the same as `podman`, on its storage. */
  readonly program: string;
  /** Runs podman on its storage, without the service. */
  podman(...args: readonly string[]): Promise<string>;
}

/** Why no Podman can be started here, or undefined. */
export function missingForPodman(): string | undefined {
  if (Deno.env.get("POSTERN_TEST_ENGINE") === "0") return "POSTERN_TEST_ENGINE=0";
  if (Deno.uid() !== 0) return "starting a private Podman needs root";
  const absent = ["podman", "runc", "conmon", "busybox", "tar"].filter((name) => !which(name));
  return absent.length === 0
    ? undefined
    : `${absent.join(", ")} not found (apt-get install podman)`;
}

/** No limits that a sandbox may refuse to raise, no systemd, no network of its own. */
const settings = `
[engine]
cgroup_manager="cgroupfs"
events_logger="file"
runtime="runc"
[containers]
default_ulimits=["nofile=1024:1024", "nproc=1024:1024"]
netns="none"
`;

const applets = ["sh", "cat", "ls", "echo", "sleep", "id", "env", "true"];

/** Starts `podman system service` with the image localhost/bb, made of busybox alone. */
export async function startPrivatePodman(): Promise<PrivatePodman> {
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "pp-" });
  await Deno.chmod(directory, 0o755);
  const socket = `${directory}/p.sock`;
  await Deno.writeTextFile(`${directory}/containers.conf`, settings);
  const env = { CONTAINERS_CONF: `${directory}/containers.conf` };
  const storage = ["--root", `${directory}/root`, "--runroot", `${directory}/run`];
  const common = [...storage, "--storage-driver", "vfs"];
  const podman = async (...args: readonly string[]) => {
    const command = new Deno.Command("podman", { args: [...common, ...args], env, stdin: "null" });
    const { success, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    if (!success) throw new Error(`podman ${args.join(" ")}: ${decoder.decode(stderr)}`);
    return decoder.decode(stdout);
  };
  await importImage(directory, podman);
  const program = `${directory}/podman`;
  const exec = `CONTAINERS_CONF=${env.CONTAINERS_CONF} exec podman ${common.join(" ")} "$@"`;
  await Deno.writeTextFile(program, `#!/bin/sh\n${exec}\n`, { mode: 0o755 });
  const service = new Deno.Command("setsid", {
    args: ["podman", ...common, "system", "service", "--time=0", `unix://${socket}`],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const engine: PrivatePodman = {
    socket,
    program,
    podman,
    async [Symbol.asyncDispose]() {
      await podman("rm", "-f", "-a", "-t", "0");
      service.kill("SIGTERM");
      await service.status;
      const unmount = `grep -o ' ${directory}/[^ ]*' /proc/mounts | sort -r | xargs -r umount -l`;
      await new Deno.Command("sh", { args: ["-c", unmount] }).output();
      await Deno.remove(directory, { recursive: true });
    },
  };
  try {
    await answers(socket);
    return engine;
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}

async function answers(socket: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    try {
      (await Deno.connect({ transport: "unix", path: socket })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error("podman system service does not answer");
}

async function importImage(
  directory: string,
  podman: (...args: readonly string[]) => Promise<string>,
): Promise<void> {
  const root = `${directory}/bb`;
  await Deno.mkdir(`${root}/bin`, { recursive: true });
  await Deno.mkdir(`${root}/tmp`);
  await Deno.copyFile(which("busybox")!, `${root}/bin/busybox`);
  for (const applet of applets) await Deno.symlink("busybox", `${root}/bin/${applet}`);
  const tar = new Deno.Command("tar", { args: ["-C", root, "-cf", `${directory}/bb.tar`, "."] });
  await tar.output();
  await podman("import", `${directory}/bb.tar`, "bb");
}

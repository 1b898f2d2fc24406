import { docker } from "./docker.ts";

const root = new URL("../../", import.meta.url).pathname;

/** Makes the image `postern` in an engine. */
export async function importPosternImage(socket: string): Promise<void> {
  await withPosternImage(async (tar, changes) => {
    const options = changes.flatMap((change) => ["-c", change]);
    const { code, err } = await docker(socket, ["import", ...options, tar, "postern"]);
    if (code !== 0) throw new Error(err);
  });
}

/**
 * The image as the Containerfile says, but of this machine's own runtime and libraries, since nothing can be pulled: what is copied,
 * the entry point, the environment and the folder are read there. `changes`: for `import --change`, one variable in each.
 */
export async function withPosternImage(
  use: (tar: string, changes: readonly string[]) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "pi-" });
  try {
    const recipe = (await Deno.readTextFile(`${root}Containerfile`)).split(/^FROM /m).at(-1)!;
    const said = (word: string) => new RegExp(`^${word} .*`, "m").exec(recipe)![0];
    const home = said("WORKDIR").split(" ")[1]!;
    const variables = said("ENV").split(" ").slice(1).map((variable) => `ENV ${variable}`);
    await fill(`${directory}/image`, home);
    const tar = `${directory}/image.tar`;
    await sh('tar -C "$1" -cf "$2" .', [`${directory}/image`, tar]);
    await use(tar, [...["WORKDIR", "ENTRYPOINT", "CMD"].map(said), ...variables]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function fill(directory: string, home: string): Promise<void> {
  const at = `${directory}${home}`;
  const cache = JSON.parse(await sh(`${Deno.execPath()} info --json`, [])).denoDir as string;
  await sh(
    `set -e
    mkdir -p $1/usr/local/bin $1/proc $1/sys $1/dev $1/etc $1/run $1/tmp $2/.deno
    mkdir $1/var; ln -s ../run $1/var/run
    cp ${Deno.execPath()} $1/usr/local/bin/deno
    # What glibc loads by itself: name services, and the unwinder that ending a thread takes.
    extra=$(ls /lib/*-linux-gnu/libnss_files.so.2 /lib/*-linux-gnu/libgcc_s.so.1 2>/dev/null || true)
    for library in $(ldd ${Deno.execPath()} | grep -oE '/[^ ]+\\.so[^ ]*') $extra; do
      mkdir -p $1$(dirname $library); cp -L $library $1$library
    done
    cd ${root}; cp -r deno.json deno.lock main.ts lib policies $2/
    if [ -d ${cache}/npm ]; then cp -r ${cache}/npm $2/.deno/; fi
    cd $2; DENO_DIR=$2/.deno ${Deno.execPath()} install --quiet --frozen --entrypoint main.ts lib/cli/*.ts lib/relay/worker.ts
    chmod -R a+rX $1`,
    [directory, at],
  );
}

async function sh(script: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", ...args],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr));
  return decoder.decode(stdout);
}

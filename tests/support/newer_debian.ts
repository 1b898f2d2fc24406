import { which } from "./private_engine.ts";

/**
 * Programs and a kernel of the Debian that is in the making, unpacked and not installed: for what the kernel and the tools of this
 * host's release do not have yet.
 */
export interface NewerDebian {
  /** Where the packages are unpacked. */
  readonly folder: string;
  /** The kernel's image. */
  readonly kernel: string;
}

const folder = "/var/tmp/postern-sid";
const SUITE = "sid";
const KERNEL = "linux-image-cloud-amd64";
/** Beside the kernel: the parser of AppArmor profiles, and what it is linked with. */
const packages = ["apparmor", "libapparmor1", "libc6", "libgcc-s1", "libstdc++6", "libzstd1"];
const decoder = new TextDecoder();

/** Downloads it once. Throws where apt-get cannot be asked, or has none. */
export function newerDebian(): NewerDebian {
  return unpacked() ?? download();
}

/** A program of it, started with the loader and the libraries that it was made for. */
export function startedWith({ folder }: NewerDebian, program: string): string[] {
  const libraries = `${folder}/usr/lib/x86_64-linux-gnu`;
  return [
    `${libraries}/ld-linux-x86-64.so.2`,
    "--library-path",
    libraries,
    `${folder}${program}`,
  ];
}

function unpacked(): NewerDebian | undefined {
  const modules = `${folder}/usr/lib/modules`;
  try {
    const [version] = [...Deno.readDirSync(modules)].map(({ name }) => name);
    const kernel = `${modules}/${version}/vmlinuz`;
    return Deno.statSync(kernel).isFile ? { folder, kernel } : undefined;
  } catch {
    return undefined;
  }
}

function download(): NewerDebian {
  if (Deno.build.arch !== "x86_64") throw new Error("its kernel is an x86-64 one here");
  for (const name of ["apt-get", "dpkg-deb"]) {
    if (which(name) === undefined) throw new Error(`${name} not found`);
  }
  const directory = Deno.makeTempDirSync({ prefix: "postern-sid-" });
  try {
    const env = { APT_CONFIG: configuration(directory) };
    const run = (command: string) => sh(command, directory, env);
    run("apt-get update -qq");
    const image = needs(run(`apt-cache depends ${KERNEL}`), /^linux-image-\d/);
    // The image itself is in the package that this one needs.
    const binary = needs(run(`apt-cache depends ${image}`), /^linux-binary-\d/);
    if (binary === undefined) throw new Error(`apt-cache does not know ${KERNEL}`);
    run(`apt-get download -qq ${[...packages, binary].join(" ")}`);
    run(
      `for p in *.deb; do dpkg-deb -x "$p" fs; done && rm -rf '${folder}' && mv fs '${folder}'`,
    );
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
  const result = unpacked();
  if (result === undefined) throw new Error(`${SUITE} holds no kernel`);
  return result;
}

/** Lists and packages in the directory, from where this host gets its own. */
function configuration(directory: string): string {
  const uri = sh(
    "apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages'",
    ".",
  )
    .split("\n").find((line) => /\/debian\/ main$/.test(line))?.split(" ")[0];
  if (uri === undefined) throw new Error("apt-get knows no mirror of Debian");
  for (const path of ["lists/partial", "cache/archives/partial"]) {
    Deno.mkdirSync(`${directory}/${path}`, { recursive: true });
  }
  Deno.chmodSync(directory, 0o755);
  Deno.writeTextFileSync(`${directory}/sources.list`, `deb ${uri} ${SUITE} main\n`);
  Deno.writeTextFileSync(
    `${directory}/apt.conf`,
    [
      `Dir::State::lists "${directory}/lists";`,
      `Dir::Cache "${directory}/cache";`,
      `Dir::Etc::sourcelist "${directory}/sources.list";`,
      'Dir::Etc::sourceparts "/dev/null";',
      'APT::Sandbox::User "root";',
      'Acquire::Languages "none";',
      "",
    ].join("\n"),
  );
  return `${directory}/apt.conf`;
}

function needs(depends: string, pattern: RegExp): string | undefined {
  return [...depends.matchAll(/Depends: (\S+)/g)].map(([, name]) => name!)
    .find((name) => pattern.test(name));
}

function sh(command: string, cwd: string, env: Record<string, string> = {}): string {
  const { success, stdout, stderr } = new Deno.Command("sh", { args: ["-c", command], cwd, env })
    .outputSync();
  if (!success) throw new Error(`${command}: ${decoder.decode(stderr).trim().split("\n").at(-1)}`);
  return decoder.decode(stdout);
}

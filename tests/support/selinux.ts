import { selinux } from "../../lib/harden/selinux.ts";
import { factsOf, type Host } from "../unit/harden/facts_of.ts";
import { which } from "./private_engine.ts";

const folder = "/var/tmp/postern-selinux";
const PACKAGE = "selinux-policy-default";
/** Makes CIL of a module as Debian ships it (policycoreutils). */
const TO_CIL = "/usr/libexec/selinux/hll/pp";
const decoder = new TextDecoder();

/**
 * Why no module can be put into Debian's policy here, or undefined. The policy comes from Debian's package, which is downloaded and
 * unpacked once, not installed, into /var/tmp/postern-selinux.
 */
export function missingForSelinux(): string | undefined {
  const absent = ["secilc", "bzcat", "dpkg-deb"].filter((name) => which(name) === undefined);
  if (!isThere(TO_CIL)) absent.push("policycoreutils");
  if (absent.length > 0) {
    return `${absent.join(", ")} not found (apt-get install secilc policycoreutils bzip2)`;
  }
  try {
    debianPolicy();
    return undefined;
  } catch (error) {
    return `no ${PACKAGE}: ${(error as Error).message}`;
  }
}

/** Which folders have the labels of which others, in that policy. */
export const SAME_FOLDERS = `${folder}/file_contexts.subs_dist`;

/** What the part writes, on a host with this policy in use: the text of postern.cil. */
export function moduleFor(host: Host): string {
  const files = {
    "/etc/selinux/config": "SELINUXTYPE=default\n",
    "/etc/selinux/default/contexts/files/file_contexts.subs_dist": Deno.readTextFileSync(
      SAME_FOLDERS,
    ),
    ...host.files,
  };
  const plan = selinux.plan(factsOf({ ...host, files, programs: ["semodule"] }));
  const [step] = plan.steps;
  if (step?.kind !== "file") throw new Error(plan.skipped);
  return step.content(undefined);
}

/** A policy that the kernel can load, and the labels of files. */
export interface Policy {
  readonly binary: string;
  readonly contexts: string;
}

/** Puts modules into Debian's whole policy, in a directory. Throws what secilc says, a rule that may never be given included. */
export async function compilePolicy(
  directory: string,
  modules: readonly string[],
): Promise<Policy> {
  const paths = modules.map((_, n) => `${directory}/module${n}.cil`);
  for (const [n, text] of modules.entries()) await Deno.writeTextFile(paths[n]!, text);
  const policy = { binary: `${directory}/policy`, contexts: `${directory}/file_contexts` };
  const { success, stdout, stderr } = await new Deno.Command("secilc", {
    args: ["-M", "true", "-o", policy.binary, "-f", policy.contexts, ...debianPolicy(), ...paths],
  }).output();
  if (!success) throw new Error(decoder.decode(stdout) + decoder.decode(stderr));
  return policy;
}

/** Debian's modules in CIL, the base first. */
function debianPolicy(): string[] {
  if (!isThere(`${folder}/base.cil`)) download();
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  return ["base.cil", ...names.filter((name) => name.endsWith(".cil") && name !== "base.cil")].map((
    name,
  ) => `${folder}/${name}`);
}

function download(): void {
  const directory = Deno.makeTempDirSync({ prefix: "postern-selinux-" });
  const script = `set -e
    apt-get download -qq ${PACKAGE}
    dpkg-deb -x ${PACKAGE}_*.deb fs
    mkdir cil
    for module in fs/usr/share/selinux/default/*.pp.bz2; do
      bzcat "$module" >module.pp
      ${TO_CIL} module.pp "cil/$(basename "$module" .pp.bz2).cil"
    done
    cp fs/etc/selinux/default/contexts/files/file_contexts.subs_dist cil/
    rm -rf ${folder}
    mv cil ${folder}`;
  try {
    const { success, stderr } = new Deno.Command("sh", { args: ["-c", script], cwd: directory })
      .outputSync();
    if (!success) throw new Error(decoder.decode(stderr).trim().split("\n").at(-1));
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

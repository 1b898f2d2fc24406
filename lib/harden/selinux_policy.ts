import { type Facts, Refused } from "./part.ts";

/** Where the policy that is in use has its lists of labels (selinux_config(5)). */
export function policyFolder({ read }: Pick<Facts, "read">): string | undefined {
  const type = /^\s*SELINUXTYPE\s*=\s*([\w-]+)/m.exec(read("/etc/selinux/config") ?? "")?.[1];
  return type === undefined ? undefined : `/etc/selinux/${type}/contexts/files`;
}

/**
 * The name by which the policy knows a path: some folders have the labels of others, `/var/run` those of `/run`, and a line about
 * them would never count (file_contexts.subs_dist, selabel_file(5)).
 */
export function nameInPolicy(facts: Pick<Facts, "read">, path: string): string {
  const folder = policyFolder(facts);
  let name = path;
  for (const list of ["file_contexts.subs_dist", "file_contexts.subs"]) {
    for (const line of (facts.read(`${folder}/${list}`) ?? "").split("\n")) {
      const [alias, target] = line.trim().split(/\s+/);
      if (!alias?.startsWith("/") || target === undefined) continue;
      if (name !== alias && !name.startsWith(`${alias}/`)) continue;
      name = `${target}${name.slice(alias.length)}`;
      break;
    }
  }
  return name;
}

/**
 * A path as a regular expression that is itself (selabel_file(5)). Throws Refused for characters that are more there than a name: a
 * string of CIL has no way to say a quote, and the lines of file_contexts are split at blanks.
 */
export function contextPath(path: string): string {
  if (/[^\w/.@:,=+-]/.test(path)) {
    throw new Refused(
      `${JSON.stringify(path)} has characters that SELinux's file contexts cannot name`,
    );
  }
  return path.replace(/[.+]/g, "\\$&");
}

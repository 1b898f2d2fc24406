import { look, requireOwnWay } from "./disk.ts";
import { Refused } from "./part.ts";

/** What useradd(8) and its kin write and read below a prefix, and where systemctl(1) makes its links. */
const folders = ["/etc", "/etc/default", "/etc/systemd", "/etc/systemd/system"];
/** With the names of copies, locks and halves: passwd-, passwd+, passwd.lock, passwd.PID (shadow-utils, lib/commonio.c). */
const accounts =
  /^(?:(?:passwd|shadow|group|gshadow|subuid|subgid)(?:[-+.].*)?|\.pwd\.lock|login\.defs)$/;
const wants = /\.(?:wants|requires|upholds|d)$/;

/**
 * The host's programs that change a tree below a root go by names, and the kernel follows a link there to where it leads on this
 * host. So nothing that they use may be a link, or anything but a file: throws Refused.
 */
export function requirePlainTree(root: string): void {
  for (const folder of folders) {
    if (requirePlain(root, folder, "folder") === undefined) continue;
    requireOwnWay(`${root}${folder}/x`);
    for (const { name } of Deno.readDirSync(`${root}${folder}`)) {
      if (folder === "/etc" && accounts.test(name)) requirePlain(root, `/etc/${name}`, "file");
      if (folder === "/etc/systemd/system" && wants.test(name)) {
        requirePlain(root, `${folder}/${name}`, "folder");
      }
    }
  }
  requirePlain(root, "/etc/default/useradd", "file");
}

function requirePlain(root: string, path: string, wanted: "file" | "folder") {
  const found = look(`${root}${path}`);
  if (found === undefined || found.kind === wanted) return found;
  const what = found.kind === "link" ? `a link to ${found.target}` : `no ${wanted}`;
  throw new Refused(
    `${path} below ${root} is ${what}: the programs that make accounts and enable units there do ` +
      `not keep to the root, so put a ${wanted} in its place`,
  );
}

const repository = new URL("../../", import.meta.url).pathname;

const SCRIPT = `set -e; umask 022
mount -t tmpfs -o mode=0755 none /mnt
mkdir /mnt/postern /mnt/bin
(cd "$1" && cp -r deno.json deno.lock main.ts lib policies /mnt/postern)
: >/mnt/bin/deno; mount --bind "$2" /mnt/bin/deno
shift 2; exec /mnt/bin/deno run -A /mnt/postern/main.ts "$@"`;

/**
 * Starts Postern from files of root's that stand in no home and not in /tmp, as services want it, wherever this project and its
 * runtime are: below /mnt, which nobody else sees. Needs root and unshare(1).
 */
export const installed: readonly string[] = [
  ...["unshare", "--mount", "sh", "-c", SCRIPT, "sh"],
  ...[repository, Deno.execPath()],
];

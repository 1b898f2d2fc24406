import { type Confined, engine, fromSource, home, readConfined } from "./confined.ts";
import { which } from "./private_engine.ts";
import { compilePolicy, moduleFor, SAME_FOLDERS } from "./selinux.ts";
import { runMachine, type VmFile } from "./vm.ts";
import { posternFiles } from "./vm_postern.ts";

const program = fromSource("/usr/local/bin/deno");

const config = `
listeners: [{ socket: /run/postern/docker.sock, mode: "0666", policy: read-only }]
audit: { file: /var/log/postern/audit.jsonl }
`;

/** What only the test needs: the machine's first program, which is the kernel's, makes everything ready whatever the rules say. */
const testModule = `
(typepermissive kernel_t)
(allow domain kernel_t (fd (use)))
(allow domain kernel_t (fifo_file (append getattr ioctl read write)))
`;

/** Labels that only the test needs: programs that start others as init, and as the gate. */
const testContexts = `
/test/init/.*	--	system_u:object_r:init_exec_t:s0
/test/gate/.*	--	system_u:object_r:postern_exec_t:s0
${home.slice(0, -1).replace(/[.+]/g, "\\$&")}(/.*)?	system_u:object_r:usr_t:s0
`;

const CONTEXTS = "/etc/selinux/default/contexts/files/file_contexts";
const INIT = "system_u:system_r:init_t:s0";

/**
 * Everything is copied to a file system that keeps labels, and gets them from the policy's own list. `as CONTEXT WORDS`: a program in
 * a context, without a line end, which busybox's echo writes by itself, and which takes the context back; `try NAME WORDS`: a request,
 * and how it went.
 */
const opening = `
echo
mkdir -p /mnt
mount -t selinuxfs selinuxfs /sys/fs/selinux
mount -t tmpfs -o size=1500m,mode=755 root /mnt
for top in /*; do
  case $top in /proc|/sys|/dev|/mnt|/run|/init) ;; *) cp -a $top /mnt/;; esac
done
mkdir -p /mnt/proc /mnt/sys /mnt/dev /mnt/tmp /mnt/run /mnt/run/postern /mnt/var/log/postern /mnt/root
chmod 1777 /mnt/tmp
ln -s /run /mnt/var/run
mount -t proc proc /mnt/proc; mount --bind /sys /mnt/sys; mount --bind /sys/fs/selinux /mnt/sys/fs/selinux
mount -t devtmpfs dev /mnt/dev
busybox dd if=/mnt/policy of=/sys/fs/selinux/load bs=8M count=1 2>/dev/null
cat >/mnt/opening <<'SCRIPT'
setfiles -F ${CONTEXTS} / /dev 2>&1 | head -n 5
echo 1 >/sys/fs/selinux/enforce
echo "ENFORCE $(cat /sys/fs/selinux/enforce) $(cat /proc/self/attr/current)"
as() { sh -c 'printf %s "$0" >/proc/self/attr/exec && exec "$@"' "$@"; }
printf 'GET /_ping HTTP/1.1\\r\\nHost: d\\r\\n\\r\\n' >/tmp/q
try() { name=$1; shift; out=$(cat /tmp/q | "$@" 2>&1 | tr '\\r\\n' '  '); echo "TRY $name: $out"; }
as ${INIT} /test/init/sh -c 'exec /usr/bin/socat UNIX-LISTEN:/run/docker.sock,fork,mode=666 EXEC:/usr/bin/engine' &
as ${INIT} /test/init/sh -c 'exec /usr/bin/socat UNIX-LISTEN:/run/other.sock,fork,mode=666 EXEC:/usr/bin/engine' &
n=0
until [ -S /run/docker.sock ] && [ -S /run/other.sock ] || [ $n -gt 60 ]; do sleep 1; n=$((n+1)); done
echo "RELABELED $(setfiles -F -v ${CONTEXTS} /run/docker.sock)"
unset HOME; export DENO_DIR=/var/lib/postern/deno DENO_NO_UPDATE_CHECK=1
(exec busybox setpriv --nnp sh -c 'printf %s ${INIT} >/proc/self/attr/exec && exec "$@"' - /test/init/sh -c 'exec "$@"' - ${
  [...program, "serve", "-c", "/etc/postern/postern.yaml"].map((word) => `'${word}'`).join(" ")
}) &
gate=$!
n=0; while [ ! -S /run/postern/docker.sock ] && [ -d /proc/$gate ] && [ $n -lt 120 ]; do sleep 1; n=$((n+1)); done; sleep 5
SCRIPT
`;

/** Boots this release's kernel with Debian's policy and the module of `harden`, enforced, and runs the script in there. */
export async function runSelinux(script: string): Promise<Confined> {
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "pse-" });
  try {
    const module = moduleFor({ config, facts: { program } });
    const policy = await compilePolicy(directory, [module, testModule]);
    await Deno.writeTextFile(policy.contexts, testContexts, { append: true });
    const text = (path: string, text: string, mode = 0o644): VmFile => ({ path, text, mode });
    const busybox = which("busybox")!;
    const files = [
      ...posternFiles().map((file) => ({
        ...file,
        path: file.path.replace(/^\/deno\//, "/var/lib/postern/deno/").replace(
          /^\/bin\/deno$/,
          program[0]!,
        ),
      })),
      { path: "/test/init/sh", host: busybox },
      { path: "/usr/bin/socat", program: which("socat")! },
      { path: "/test/gate/socat", host: which("socat")! },
      { path: "/usr/sbin/setfiles", program: which("setfiles")! },
      { path: "/policy", host: policy.binary },
      { path: CONTEXTS, host: policy.contexts },
      { path: `${CONTEXTS}.subs_dist`, host: SAME_FOLDERS },
      text("/usr/bin/engine", engine, 0o755),
      text("/etc/shadow", "root:secret:::::::\n"),
      text("/etc/postern/postern.yaml", config),
      text("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
      text("/etc/group", "root:x:0:\n"),
      text("/script", `. /opening\n${script}\nbusybox killall socat deno`),
    ];
    const { output, ended } = await runMachine({
      files,
      kernelArguments: "lsm=landlock,lockdown,yama,selinux selinux=1 enforcing=0",
      script:
        `${opening}\nexport PATH=/bin:/usr/bin:/usr/sbin\nchroot /mnt /bin/sh /script 2>&1 | cat`,
      memory: 3072,
      seconds: 600,
    });
    if (!ended) throw new Error(output);
    return readConfined(output);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

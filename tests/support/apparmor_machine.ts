import { profilesFor } from "./apparmor.ts";
import { type Confined, engine, fromSource, readConfined } from "./confined.ts";
import { type NewerDebian, startedWith } from "./newer_debian.ts";
import { which } from "./private_engine.ts";
import { runMachine, type VmFile } from "./vm.ts";
import { posternFiles } from "./vm_postern.ts";

const program = fromSource("/bin/deno");

/** An audit file whose name would be a pattern, variables and more. */
const AUDIT = `/var/log/postern/a [b] {c,d}*?^ "e" @{HOME} \\.jsonl`;

const config = `
run_as: { user: ops }
listeners: [{ socket: /run/postern/docker.sock, mode: "0666", policy: read-only }]
audit: { file: ${JSON.stringify(AUDIT)} }
`;

/** What the machine does before the attempts: profiles, two engines' sockets, the gate in its profile, as systemd would start it. */
const opening = (parser: string) => `
echo
chmod 755 / /run /etc /var
ln -s /run /var/run
mkdir -p /run/systemd /run/postern /var/log/postern /etc/apparmor.d/local
chown ops:ops /run/postern /var/log/postern
${parser} --replace --skip-cache /etc/apparmor.d/postern /etc/apparmor.d/docker-postern-client
echo "LOADED $(grep -cE '^(postern|docker-postern-client) [(]enforce' /sys/kernel/security/apparmor/profiles)"
cd /sys/kernel/security/apparmor/features
echo "DECIDES $(ls network/af_unix network_v9/af_unix 2>/dev/null)"
cd /
as() { sh -c 'echo "exec $0" >/proc/self/attr/apparmor/exec && exec "$@"' "$@"; }
printf 'GET /_ping HTTP/1.1\\r\\nHost: d\\r\\n\\r\\n' >/tmp/q
try() { name=$1; shift; out=$("$@" </tmp/q 2>&1 | tr '\\r\\n' '  '); echo "TRY $name: $out"; }
/lib/socat UNIX-LISTEN:/run/docker.sock,fork,mode=660 EXEC:/engine.sh &
/lib/socat UNIX-LISTEN:/run/other.sock,fork,mode=666 EXEC:/engine.sh &
/lib/socat ABSTRACT-LISTEN:other,fork EXEC:/engine.sh &
/lib/socat -u UNIX-RECV:/run/systemd/notify OPEN:/tmp/notified,creat &
until [ -S /run/other.sock ]; do sleep 1; done; sleep 1
chown root:ops /run/docker.sock
chmod 777 /run/systemd/notify
export NOTIFY_SOCKET=/run/systemd/notify DENO_DIR=/var/lib/postern/deno DENO_NO_UPDATE_CHECK=1
(exec busybox setpriv --nnp sh -c 'echo "exec postern" >/proc/self/attr/apparmor/exec && exec "$@"' - ${
  [...program, "serve", "-c", "/etc/postern/postern.yaml"].map((word) => `'${word}'`).join(" ")
}) &
gate=$!
n=0; while [ ! -S /run/postern/docker.sock ] && [ -d /proc/$gate ] && [ $n -lt 120 ]; do sleep 1; n=$((n+1)); done; sleep 5
`;

/** Boots a kernel with AppArmor: this release's with the parser that is installed, or the newer ones. Runs the script in there. */
export async function runConfined(script: string, newer?: NewerDebian): Promise<Confined> {
  const abi = newer === undefined ? "3.0" : "5.0";
  const profiles = profilesFor({ config, facts: { program, user: "ops" } }, abi);
  const parser = newer === undefined
    ? ["/sbin/apparmor_parser"]
    : startedWith(newer, "/usr/sbin/apparmor_parser");
  const base = `${newer?.folder ?? ""}/etc/apparmor.d`;
  const text = (path: string, text: string, mode = 0o644): VmFile => ({ path, text, mode });
  const { output, ended } = await runMachine({
    files: [
      ...posternFiles().map((file) => ({
        ...file,
        path: file.path.replace(/^\/deno\//, "/var/lib/postern/deno/"),
      })),
      ...["abstractions", "tunables", "abi"].flatMap((name) =>
        filesIn(`${base}/${name}`, `/etc/apparmor.d/${name}`)
      ),
      ...[...profiles].map(([path, content]) => text(path, content)),
      ...(newer === undefined
        ? [{ path: parser[0]!, program: which("apparmor_parser")! }]
        : filesIn(parser[2]!, parser[2]!, /\.so[.0-9]*$/).concat({
          path: parser[3]!,
          host: parser[3]!,
        })),
      { path: "/lib/socat", program: which("socat")! },
      { path: "/usr/bin/kill", program: which("kill")! },
      text("/engine.sh", engine, 0o755),
      text("/etc/shadow", "root:secret:::::::\n"),
      text("/etc/postern/postern.yaml", config),
      text("/etc/passwd", "root:x:0:0::/root:/bin/sh\nops:x:1001:1001::/:/bin/false\n"),
      text("/etc/group", "root:x:0:\nops:x:1001:\n"),
    ],
    kernelArguments: "lsm=landlock,lockdown,yama,apparmor",
    ...(newer === undefined ? {} : { image: newer.kernel }),
    script: opening(parser.join(" ")) + script,
    memory: 1536,
    seconds: 600,
  });
  if (!ended) throw new Error(output);
  return readConfined(output);
}

/** Every file below a folder, for the machine's own tree at `at`; links as what they lead to. */
function filesIn(folder: string, at: string, pattern = /^/): VmFile[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name }): VmFile[] => {
    const host = `${folder}/${name}`;
    let isDirectory: boolean;
    try {
      ({ isDirectory } = Deno.statSync(host));
    } catch {
      return [];
    }
    if (isDirectory) return filesIn(host, `${at}/${name}`, pattern);
    return pattern.test(name) ? [{ path: `${at}/${name}`, host }] : [];
  });
}

// The AppArmor profiles of `harden`: compiled by the parser here, enforced by kernels in virtual machines.
import assert from "node:assert/strict";
import { missingForApparmor, profilesFor } from "../support/apparmor.ts";
import { runConfined } from "../support/apparmor_machine.ts";
import { type NewerDebian, newerDebian, startedWith } from "../support/newer_debian.ts";
import { which } from "../support/private_engine.ts";
import { missingForVm } from "../support/vm.ts";
import type { Host } from "../unit/harden/facts_of.ts";

const interpreted = ["/usr/local/bin/deno", "run", "--cached-only", "/opt/postern/main.ts"];
const authz = "authz: { anonymous: full, users: {}, default: read-only }\n";
const pattern = JSON.stringify('/srv/a [b] {c,d}*?^ "e" @{HOME} \\ #%$ é/x.sock');

const hosts: Readonly<Record<string, Host>> = {
  "one listener": { config: "listeners: [{ socket: /run/postern/ci.sock, policy: read-only }]\n" },
  "run_as, an audit file, a plugin, several engines": {
    config: `
upstream: /var/run/docker.sock
run_as: { user: ops }
listeners:
  - { socket: /run/postern/ci.sock, policy: read-only }
  - { socket: /srv/gates/podman.sock, policy: full, upstream: /run/podman/podman.sock }
audit: { file: /var/log/postern/audit.jsonl }
${authz}`,
    facts: { program: interpreted },
  },
  "paths that would be patterns": {
    config: `listeners: [{ socket: ${pattern}, policy: read-only }]\n`,
    facts: { upstream: '/srv/e "f" {g}*/docker.sock', configFile: "/etc/post ern/[x]/p.yaml" },
  },
};

let newer: NewerDebian | undefined;
let noNewer: string | undefined;
try {
  newer = newerDebian();
} catch (error) {
  noNewer = `no newer AppArmor: ${(error as Error).message}`;
}

const parsers = [
  {
    what: "apparmor_parser",
    abi: "3.0",
    command: ["apparmor_parser"],
    root: "",
    missing: missingForApparmor(),
  },
  {
    what: "apparmor_parser of AppArmor 5",
    abi: "5.0",
    command: newer && startedWith(newer, "/usr/sbin/apparmor_parser"),
    root: newer?.folder,
    missing: noNewer,
  },
] as const;

for (const { what, abi, command, root, missing } of parsers) {
  for (const [which, host] of Object.entries(hosts)) {
    const name = `${what} takes the profiles of a configuration with ${which}`;
    Deno.test({
      name: missing === undefined ? name : `${name} (${missing})`,
      ignore: missing !== undefined,
      async fn() {
        const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "paa-" });
        try {
          await Deno.mkdir(`${directory}/abstractions`);
          const profiles = [...profilesFor(host, abi)].map(([path, text]) =>
            [path.replace("/etc/apparmor.d", directory), text] as const
          );
          for (const [path, text] of profiles) await Deno.writeTextFile(path, text);
          for (const [path] of profiles.filter(([path]) => !path.includes("/abstractions/"))) {
            const [parser, ...words] = [...command!, "-Q", "-K"];
            const args = [...words, "--base", `${root}/etc/apparmor.d`, "-I", directory, path];
            const { code, stderr } = await new Deno.Command(parser!, { args }).output();
            assert.equal(code, 0, new TextDecoder().decode(stderr));
          }
          assert.equal(profiles.length, 3);
        } finally {
          await Deno.remove(directory, { recursive: true });
        }
      },
    });
  }
}

const SAYS_OK = "HTTP/1.1 200 OK";
/** The socket of the engine under another name, in mounts of one's own, as a container has it. */
const script = `
echo "GATE $(cat /proc/$gate/attr/apparmor/current) $(grep -E '^(Uid|CapBnd|CapEff)' /proc/$gate/status | tr '\\t\\n' '  ')"
for who in unconfined docker-postern-client postern; do
  test $who = unconfined && go() { "$@"; } || go() { as $who "$@"; }
  try "$who real" go /lib/socat -t 10 - UNIX-CONNECT:/run/docker.sock
  try "$who other" go /lib/socat -t 10 - UNIX-CONNECT:/run/other.sock
  try "$who abstract" go /lib/socat -t 10 - ABSTRACT-CONNECT:other
  try "$who gate" go /lib/socat -t 10 - UNIX-CONNECT:/run/postern/docker.sock
  try "$who secret" go /lib/socat -u OPEN:/etc/shadow -
  try "$who file" go /lib/socat -u OPEN:/etc/postern/postern.yaml CREATE:/run/postern/x
  try "$who match" go /lib/socat -u OPEN:/etc/postern/postern.yaml 'CREATE:/var/log/postern/a b cX^ "e" @{HOME} .jsonl'
  try "$who program" go /lib/socat -u EXEC:/bin/id -
done
try "postern inet" as postern /lib/socat -t 10 - TCP:127.0.0.1:1
echo >/tmp/renamed; chmod 777 /tmp
busybox unshare -m sh -c 'mount --bind /run/docker.sock /tmp/renamed; mount --bind /run/postern/docker.sock /run/docker.sock; exec sleep 600' &
inside=$!; sleep 3
within() { busybox nsenter -t $inside -m /bin/sh -c 'test $0 = unconfined || echo "exec $0" >/proc/self/attr/apparmor/exec; exec "$@"' "$@"; }
for who in unconfined docker-postern-client; do
  try "$who renamed" within $who /lib/socat -t 10 - UNIX-CONNECT:/tmp/renamed
  try "$who mounted" within $who /lib/socat -t 10 - UNIX-CONNECT:/run/docker.sock
done
kill $inside
try reload busybox su -s /bin/sh ops -c "echo 'exec postern' >/proc/self/attr/apparmor/exec && exec /usr/bin/kill -HUP $gate"
n=0; while ! grep -q RELOADING=1 /tmp/notified && [ $n -lt 60 ]; do sleep 1; n=$((n+1)); done
echo "NOTIFIED $(tr '\\n' ' ' </tmp/notified)"
echo "DENIED $(dmesg | grep 'apparmor="DENIED"' | grep 'profile="postern"' | grep -v 'comm="socat"' | tr '\\n' '|')"
kill $gate; n=0; while [ -d /proc/$gate ] && [ $n -lt 60 ]; do sleep 1; n=$((n+1)); done
echo "RECORD $(head -n 1 /var/log/postern/*c,d*)"
test -e /run/postern/docker.sock && echo "LEFT a socket"
`;

const machines = [
  {
    kernel: "this Debian's kernel",
    decides: false,
    newer: undefined,
    missing: missingForApparmor(),
  },
  { kernel: "the next Debian's kernel", decides: true, newer, missing: noNewer },
];
for (const { kernel, decides, newer, missing } of machines) {
  const what = decides
    ? "keeps a confined client from the real socket, and lets a confined gate serve it"
    : "holds a confined gate to its files, and lets each connect pass, as the plan says";
  const absent = missing ?? missingForVm() ??
    (which("socat") === undefined ? "socat not found" : undefined);
  Deno.test({
    name: `${kernel} ${what}${absent === undefined ? "" : ` (${absent})`}`,
    ignore: absent !== undefined,
    async fn(t) {
      const { tries, said, output } = await runConfined(script, newer);
      const goes = (name: string) => {
        assert.ok(tries.has(name), `${name} was not tried: ${output}`);
        return tries.get(name)!.startsWith(SAYS_OK);
      };
      const isRefused = (name: string) => {
        assert.match(tries.get(name) ?? output, /Permission denied/, name);
      };
      await t.step("the kernel has loaded the profiles, and is what it is taken for", () => {
        assert.equal(said("LOADED"), "2");
        assert.equal(said("DECIDES"), decides ? "network_v9/af_unix" : "");
      });
      await t.step("without a profile everything goes", () => {
        for (const to of ["real", "other", "abstract", "gate", "renamed", "mounted"]) {
          assert.ok(goes(`unconfined ${to}`), `${to}: ${tries.get(`unconfined ${to}`)}`);
        }
        assert.match(tries.get("unconfined secret")!, /root:secret/);
        assert.match(tries.get("unconfined program")!, /uid=0/);
        for (const name of ["file", "match"]) assert.equal(tries.get(`unconfined ${name}`), "");
      });
      await t.step("the gate serves under its profile, as its own user, and misses nothing", () => {
        assert.match(said("GATE"), /^postern \(enforce\) Uid: 1001 .*CapEff: 0+ CapBnd: 0{14}/);
        assert.equal(said("DENIED"), "");
        assert.match(said("NOTIFIED"), /READY=1.*RELOADING=1/);
        const record = JSON.parse(said("RECORD"));
        assert.deepEqual([record.decision, record.request.path], ["allow", "/_ping"]);
        assert.equal(said("LEFT"), "");
      });
      await t.step("a confined client has the gate, and the real socket as the kernel can", () => {
        assert.ok(goes("docker-postern-client gate"));
        assert.ok(goes("docker-postern-client mounted"), "the gate, mounted as /run/docker.sock");
        for (const to of ["real", "renamed"]) {
          if (decides) isRefused(`docker-postern-client ${to}`);
          else assert.ok(goes(`docker-postern-client ${to}`), to);
        }
        for (const to of ["other", "abstract"]) assert.ok(goes(`docker-postern-client ${to}`), to);
      });
      await t.step("what runs as the gate has nothing that the gate does not need", () => {
        assert.ok(goes("postern real"));
        for (const name of ["secret", "file", "match", "program", "inet"]) {
          isRefused(`postern ${name}`);
        }
        for (const to of ["other", "abstract"]) {
          if (decides) isRefused(`postern ${to}`);
          else assert.ok(goes(`postern ${to}`), to);
        }
      });
    },
  });
}

// The complete example: a fresh Debian with docker.io, booted, hardened by one command, and as it was after another one.
import assert from "node:assert/strict";
import { BootedHost, missingForBoot } from "../support/booted.ts";
import { pictureOf } from "../unit/harden/throw_away.ts";

const missing = missingForBoot();
const reason = missing === undefined ? "" : ` (${missing})`;
const GATE = "unix:///run/postern/docker.sock";

const AUDIT_FILE = "/var/log/postern/audit.jsonl";

/** As somebody may have written it from the README, with files that only root reads. */
const byHand = {
  "/etc/systemd/system/postern.service": `[Service]
Type=notify
NotifyAccess=all
ExecStart=/usr/local/bin/postern serve -c /etc/postern/postern.yaml
RuntimeDirectory=postern
RuntimeDirectoryPreserve=yes
LogsDirectory=postern
[Install]
WantedBy=multi-user.target
`,
  "/etc/postern/postern.yaml": `
listeners: [{ socket: /run/postern/docker.sock, mode: 0660, group: docker, policy: read-only }]
audit: { file: ${AUDIT_FILE} }
`,
};

/** What lasts; not what systemd and dockerd write while they run, nor what the tests have put there. */
const passing = [
  ...["/run", "/var/log", "/var/lib/docker", "/var/lib/containerd", "/var/lib/systemd"],
  ...[
    "/var/lib/postern",
    "/var/tmp",
    "/tmp",
    "/opt",
    "/dev",
    "/proc",
    "/sys",
    "/usr/local",
    "/root",
  ],
];
const picture = ({ root }: BootedHost) =>
  pictureOf(root).filter((line) =>
    !passing.some((path) => line.startsWith(`${path}/`) || line.startsWith(`${path} `))
  );

Deno.test({
  name: `a booted Debian: apply, doctor, the gate at work, a restart, revert${reason}`,
  ignore: missing !== undefined,
  async fn(t) {
    await using host = await BootedHost.boot();
    const ok = (...words: string[]) => {
      const { code, out, err } = host.run(...words);
      assert.equal(code, 0, `${words.join(" ")}: ${out}${err}`);
      return out;
    };
    const asAlice = (...words: string[]) =>
      host.run("setpriv", "--reuid=alice", "--regid=alice", "--init-groups", "--", ...words);
    const socket = () => ok("stat", "-c", "%F %a %U:%G", "/run/docker.sock").trim();
    ok("useradd", "--groups", "docker", "alice");
    const before = picture(host);
    assert.equal(socket(), "socket 660 root:docker");
    assert.equal(asAlice("docker", "ps").code, 0);

    await t.step(
      "apply makes everything, and ends with doctor, which has nothing against it",
      () => {
        const { code, out, err } = host.postern("harden", "apply");
        assert.equal(code, 0, err + out);
        assert.match(out, /gave \/run\/docker\.sock to root:postern-engine with mode 0660/);
        assert.match(out, /exposure (0\.\d|1\.[0-5]) of 10/);
        assert.match(out, /^\d+ advice.*, \d+ fine$/m);
        const { code: healthy, out: findings } = host.postern("doctor");
        assert.equal(healthy, 0, findings);
        // What a container has no say in.
        assert.match(out, /audit left out: this host is a container itself \(systemd-nspawn\)/);
      },
    );

    await t.step("the real socket is the gate's, and the docker group has the gate", () => {
      assert.equal(socket(), "socket 660 root:postern-engine");
      assert.match(asAlice("docker", "ps").err, /permission denied/);
      const listed = asAlice("docker", "-H", GATE, "ps");
      assert.equal(listed.code, 0, listed.err);
      const denied = asAlice("docker", "-H", GATE, "volume", "create", "vol");
      assert.match(denied.err, /volumes\.create denied for uid \d+ \(alice\): policy read-only/);
      const main = ok("systemctl", "show", "-p", "MainPID", "--value", "postern.service").trim();
      const status = ok("cat", `/proc/${main}/status`);
      const [uid, gid] = [ok("id", "-u", "postern").trim(), ok("id", "-g", "postern").trim()];
      const engine = ok("getent", "group", "postern-engine").split(":")[2];
      assert.match(status, new RegExp(`^Uid:\t${uid}\t${uid}\t${uid}\t${uid}$`, "m"));
      assert.deepEqual(
        /^Groups:\t(.*)$/m.exec(status)![1]!.trim().split(" ").sort(),
        [gid, engine].sort(),
      );
      assert.match(status, /^CapBnd:\t0+$/m);
      assert.match(status, /^Seccomp:\t2$/m);
    });

    await t.step(
      "dockerd was not restarted, and takes live-restore up into its own settings",
      () => {
        const file = Deno.readTextFileSync(`${host.root}/etc/docker/daemon.json`);
        assert.match(file, /^ {4}"storage-driver": "vfs",\n {4}"live-restore": true\n\}$/m);
        assert.equal(ok("docker", "info", "-f", "{{.LiveRestoreEnabled}}").trim(), "true");
        assert.equal(ok("systemctl", "show", "-p", "NRestarts", "--value", "docker").trim(), "0");
      },
    );

    await t.step("a second apply has nothing to do", () => {
      const { out } = host.postern("harden", "apply");
      assert.match(out, /^nothing to do$/m);
      assert.doesNotMatch(out, /^(ran|wrote|changed|gave) /m);
    });

    await t.step("all of it outlives restarts of the engine and of the gate, and a reload", () => {
      ok("systemctl", "stop", "docker.service", "docker.socket");
      ok("systemctl", "start", "docker.socket", "docker.service");
      assert.equal(socket(), "socket 660 root:postern-engine");
      const inode = ok("stat", "-c", "%i", "/run/postern/docker.sock");
      ok("systemctl", "restart", "postern.service");
      ok("systemctl", "reload", "postern.service");
      assert.equal(ok("stat", "-c", "%i", "/run/postern/docker.sock"), inode);
      ok("docker", "-H", GATE, "ps");
    });

    await t.step("a listener that has changed is opened anew, and its old path is gone", () => {
      const file = `${host.root}/etc/postern/postern.yaml`;
      const text = Deno.readTextFileSync(file);
      Deno.writeTextFileSync(
        file,
        text.replace("/docker.sock #", "/ci.sock #").replace("0660", "0666"),
      );
      const { code, err } = host.postern("harden", "apply");
      assert.equal(code, 0, err);
      assert.equal(ok("ls", "/run/postern").trim(), "ci.sock");
      assert.equal(ok("stat", "-c", "%a %U:%G", "/run/postern/ci.sock").trim(), "666 root:docker");
      ok("docker", "-H", "unix:///run/postern/ci.sock", "ps");
      // What was written by hand is no less by hand for it.
      const refused = host.postern("harden", "revert");
      assert.equal(refused.code, 1);
      assert.match(refused.err, /postern\.yaml was changed by hand since it was written/);
      Deno.writeTextFileSync(file, text);
      assert.equal(host.postern("harden", "apply").code, 0);
    });

    await t.step("revert gives everything back", () => {
      const { code, out, err } = host.postern("harden", "revert");
      assert.equal(code, 0, err + out);
      assert.equal(socket(), "socket 660 root:docker");
      assert.equal(asAlice("docker", "ps").code, 0);
      assert.equal(host.run("systemctl", "status", "postern.service").code, 4);
      assert.equal(host.run("ls", "/run/postern").out, "");
      assert.deepEqual(picture(host), before);
      // Told to read its file again, dockerd keeps what that does not name any more.
      ok("systemctl", "restart", "docker.service");
      assert.equal(ok("docker", "info", "-f", "{{.LiveRestoreEnabled}}").trim(), "false");
      assert.equal(socket(), "socket 660 root:docker");
    });

    await t.step(
      "dockerd asks the gate's plugin, and after a boot all of it is there",
      async () => {
        const file = "/etc/postern/postern.yaml";
        Deno.mkdirSync(`${host.root}/etc/postern`);
        Deno.writeTextFileSync(
          `${host.root}${file}`,
          `${byHand[file]}authz: { anonymous: read-only }\n`,
        );
        const there = picture(host);
        host.lendPackages();
        const applied = host.postern("harden", "apply");
        assert.equal(applied.code, 0, applied.err);
        assert.doesNotMatch(applied.out, /WRONG/);
        // Told to read its file again, dockerd asks at once.
        const direct = host.run("docker", "volume", "create", "vol");
        assert.match(
          direct.err,
          /authorization denied by plugin postern: .*volumes\.create denied/,
        );

        await host.reboot();
        assert.equal(socket(), "socket 660 root:postern-engine");
        assert.match(host.run("docker", "volume", "create", "vol").err, /denied by plugin postern/);
        assert.equal(asAlice("docker", "-H", GATE, "ps").code, 0);
        assert.equal(host.postern("doctor").code, 0);
        assert.match(host.postern("harden", "apply").out, /^nothing to do$/m);

        const reverted = host.postern("harden", "revert");
        assert.equal(reverted.code, 0, reverted.err);
        assert.deepEqual(picture(host), there);
        ok("docker", "volume", "create", "vol");
        // What the gate has written stays, and would be the next one's.
        ok("rm", "-r", "/var/log/postern");
        Deno.removeSync(`${host.root}/etc/postern`, { recursive: true });
      },
    );

    await t.step("a gate that was set up by hand is taken over, and given back as it was", () => {
      for (const [path, text] of Object.entries(byHand)) {
        Deno.mkdirSync(`${host.root}${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
        Deno.writeTextFileSync(`${host.root}${path}`, text, { mode: 0o600 });
      }
      ok("systemctl", "daemon-reload");
      ok("systemctl", "enable", "--now", "postern.service");
      const own = () => ok("stat", "-c", "%n %a %U:%G", "/var/log/postern", AUDIT_FILE);
      const [there, log] = [picture(host), own()];
      const offline = host.postern("harden", "apply");
      assert.equal(offline.code, 1);
      assert.match(offline.err, /deno install .* failed: /);
      // What may fail came before the gate that runs was touched.
      ok("docker", "-H", GATE, "ps");
      assert.equal(host.postern("harden", "revert").code, 0);
      assert.deepEqual(picture(host), there);

      host.lendPackages();
      const { code, out, err } = host.postern("harden", "apply");
      assert.equal(code, 0, err + out);
      ok("docker", "-H", GATE, "ps");
      assert.match(own(), /^\/var\/log\/postern 750 postern:postern\n\S+ 640 postern:postern$/m);
      assert.match(host.postern("harden", "apply").out, /^nothing to do$/m);
      assert.match(ok("cat", AUDIT_FILE), /"operation":"containers\.list"/);

      const reverted = host.postern("harden", "revert");
      assert.equal(reverted.code, 0, reverted.err);
      assert.deepEqual(picture(host), there);
      assert.equal(own(), log);
      ok("docker", "-H", GATE, "ps");
      assert.equal(ok("systemctl", "is-enabled", "postern.service").trim(), "enabled");
    });
  },
});

// `postern harden` in a fresh Debian with docker.io that is not booted: every file of it before and after.
import assert from "node:assert/strict";
import { Chroot, LENT, missingForChroot } from "../support/chroot.ts";
import { missingForAuditd } from "../support/private_auditd.ts";
import { pictureOf } from "../unit/harden/throw_away.ts";

const missing = missingForChroot();
const ignore = missing !== undefined;
const reason = ignore ? ` (${missing})` : "";
// The rules go into this machine's kernel, and out of it again.
const unaudited = missingForAuditd();
const only = unaudited === undefined ? [] : ["--only", "sockets,systemd,daemon"];

/** Everything but what the tests have put there, and what systemctl(1) leaves in a folder that is empty at boot. */
const picture = ({ root }: Chroot) =>
  pictureOf(root).filter((line) =>
    ![...LENT, "/run/systemd"].some((path) =>
      line.startsWith(`${path}/`) || line.startsWith(`${path} `)
    )
  );

const kept = ({ root }: Chroot) => pictureOf(`${root}/var/lib/postern/harden`);

Deno.test({
  name:
    `a fresh Debian is hardened, has nothing left to do, and is as it was after revert${reason}`,
  ignore,
  fn() {
    using host = new Chroot();
    const before = picture(host);
    assert.ok(before.length > 5000, `${before.length} files`);
    const planned = host.postern("harden", "plan", ...only);
    assert.equal(planned.code, 0, planned.err);
    assert.deepEqual(picture(host), before);

    const applied = host.postern("harden", "apply", ...only);
    assert.equal(applied.code, 0, applied.err);
    assert.match(
      host.run("id", "postern").out,
      /^uid=\d+\(postern\) gid=\d+\(postern\) groups=\d+\(postern\),\d+\(postern-engine\)$/m,
    );
    assert.match(host.run("systemctl", "is-enabled", "postern.socket").out, /^enabled$/m);
    if (unaudited === undefined) {
      assert.match(host.run("auditctl", "-l").out, /-S connect -F path=\/run\/docker\.sock/);
    }
    const [after, manifest] = [picture(host), kept(host)];
    const again = host.postern("harden", "apply", ...only);
    assert.match(again.out, /^nothing to do$/m);
    assert.deepEqual(picture(host), after);
    // Nor is the manifest written again.
    assert.deepEqual(kept(host), manifest);

    const reverted = host.postern("harden", "revert");
    assert.equal(reverted.code, 0, reverted.err);
    assert.deepEqual(picture(host), before);
    // Also what the tests had put there.
    assert.throws(() => Deno.statSync(`${host.root}/var/lib/postern`), Deno.errors.NotFound);
    assert.doesNotMatch(host.run("auditctl", "-l").out, /docker_socket/);
  },
});

Deno.test({
  name: `the script of plan --shell makes the same of it as apply does${reason}`,
  ignore,
  fn() {
    using applied = new Chroot();
    using scripted = new Chroot();
    const daemonJson = '{"debug": true, "label": "it\'s"}';
    for (const { root } of [applied, scripted]) {
      Deno.writeTextFileSync(`${root}/etc/docker/daemon.json`, daemonJson);
    }
    const { out: script, code } = scripted.postern("harden", "plan", "--shell", ...only);
    assert.equal(code, 0);
    const file = `${scripted.root}/root/harden.sh`;
    Deno.writeTextFileSync(file, script);
    for (let times = 0; times < 2; times++) {
      const ran = scripted.run("sh", "/root/harden.sh");
      assert.equal(ran.code, 0, ran.err);
    }
    Deno.removeSync(file);
    // Both have one kernel, in which the rules are there already.
    scripted.run("auditctl", "-D", "-k", "docker_socket");
    assert.equal(applied.postern("harden", "apply", ...only).code, 0);
    /** But for the times, which differ, and for what each of them keeps of before. */
    const outcome = (host: Chroot) =>
      picture(host).filter((line) => !/^\/var\/(lib|backups)\/postern\b/.test(line))
        .map((line) => line.replace(/ \d+$/, ""));
    assert.deepEqual(outcome(scripted), outcome(applied));
    const copy = `${scripted.root}/var/backups/postern/etc/docker/daemon.json`;
    assert.equal(Deno.readTextFileSync(copy), daemonJson);

    // It was written for what was there then.
    Deno.writeTextFileSync(file, script);
    Deno.writeTextFileSync(`${scripted.root}/etc/docker/daemon.json`, "{}");
    const other = scripted.run("sh", "/root/harden.sh");
    assert.equal(other.code, 1);
    assert.match(other.err, /daemon\.json is another one than when this was written/);
    // Takes the audit rules out of the kernel.
    assert.equal(applied.postern("harden", "revert").code, 0);
  },
});

/** Starts harden, and kills it when it has said so many lines; false when it came to its end before that. */
async function killedAfter(lines: number, host: Chroot, ...args: string[]): Promise<boolean> {
  const [program, ...words] = host.command("postern", "harden", ...args);
  // unshare, sh, chroot, env and the wrapper each become the next, so this is the runtime's own process.
  const child = new Deno.Command(program, {
    args: words,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let said = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (said.split("\n").length > lines) {
      child.kill("SIGKILL");
      break;
    }
  }
  return (await child.status).signal === "SIGKILL";
}

/** Once more while a program of the killed one's goes on. */
async function settled(host: Chroot, verb: "apply" | "revert"): Promise<void> {
  const words = verb === "apply" ? only : [];
  for (let tries = 0;; tries++) {
    const { code, err } = host.postern("harden", verb, ...words);
    if (code === 0) return;
    assert.ok(err.includes("it holds /var/lib/postern/harden") && tries < 600, err);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

Deno.test({
  name: `killed at any of its lines, apply and revert are finished by the next one${reason}`,
  ignore,
  async fn() {
    using host = new Chroot();
    const before = picture(host);
    // What can change is in these; the whole tree is looked at in the end.
    const quick = () =>
      ["etc", "var"].map((name) =>
        pictureOf(`${host.root}/${name}`).filter((line) => !line.startsWith("/lib/postern"))
      );
    const start = quick();
    let kills = 0;
    for (let lines = 0;; lines += 5) {
      host.lendPackages();
      const applying = await killedAfter(lines, host, "apply", ...only);
      if (lines % 2 === 0) await settled(host, "apply");
      const reverting = await killedAfter(lines, host, "revert");
      await settled(host, "revert");
      assert.deepEqual(quick(), start, `killed after ${lines} lines`);
      kills += Number(applying) + Number(reverting);
      if (!applying && !reverting) break;
    }
    assert.ok(kills >= 6, `${kills} times`);
    assert.deepEqual(picture(host), before);
  },
});

import assert from "node:assert/strict";
import { Unreadable } from "../../../lib/doctor/host.ts";
import { realHost } from "../../../lib/doctor/real_host.ts";
import { auditRules } from "../../../lib/harden/audit_rules.ts";
import { rootedFs } from "../../../lib/doctor/rooted_fs.ts";
import { command, withFiles } from "../cli/fake_world.ts";

const below = (root: string) =>
  realHost(root, () => Promise.resolve(undefined), Deno.uid() ?? 0, 1);

Deno.test("below a root, links lead to its own files, absolute ones and .. too", async () => {
  await withFiles({ "etc/a": "inside" }, async (root) => {
    await Deno.symlink("/etc/a", `${root}/absolute`);
    await Deno.symlink("../../../../../etc/a", `${root}/etc/out`);
    await Deno.symlink("/etc", `${root}/folder`);
    await Deno.symlink("/nowhere/x", `${root}/dangling`);
    const host = below(root);
    for (const path of ["/absolute", "/etc/out", "/folder/a", "/folder/../etc/a"]) {
      assert.equal(host.read(path), "inside", path);
      assert.equal(host.behind(path)?.isRegular, true, path);
    }
    assert.equal(host.read("/dangling"), undefined);
    assert.equal(host.read("/etc/passwd"), undefined);
    assert.deepEqual([...host.list("/folder")!].sort(), ["a", "out"]);
    assert.equal(host.link("/folder"), "/etc");
    assert.equal(host.link("/etc/a"), undefined);
    const fs = rootedFs(host);
    assert.equal(fs.realPath("/folder/a"), "/etc/a");
    assert.equal((fs.read("/absolute") as { text: string }).text, "inside");
    assert.ok("failure" in fs.stat("/dangling"));
    assert.equal((fs.lstat("/dangling") as { target: string }).target, "/nowhere/x");
  });
});

Deno.test("doctor --root waits for no FIFO, and does not know what stands where one is", async () => {
  await withFiles(tree, async (root) => {
    await Deno.mkdir(`${root}/etc/docker`);
    for (const [path, check] of [["etc/docker/daemon.json", "tcp"], ["etc/group", "socket-unit"]]) {
      await Deno.remove(`${root}/${path}`).catch(() => {});
      const { success } = await new Deno.Command("mkfifo", { args: [`${root}/${path}`] }).output();
      assert.ok(success);
      const { out } = await command(["doctor", "--root", root, "--json"]);
      const { findings } = JSON.parse(out) as { findings: { check: string; level: string }[] };
      const levels = findings.filter((one) => one.check === check).map(({ level }) => level);
      assert.deepEqual(levels, ["unknown"], out);
      await Deno.remove(`${root}/${path}`);
    }
  });
});

Deno.test("doctor --root knows nobody where there is no list of users, and does not say that there are none", async () => {
  await withFiles(tree, async (root) => {
    await Deno.remove(`${root}/etc/passwd`);
    await Deno.symlink("/proc/self/root/etc/passwd", `${root}/etc/passwd`);
    const { out } = await command(["doctor", "--root", root]);
    assert.match(
      out,
      /unknown socket unit: a file cannot be read\n +- \/etc\/passwd: it is not there/,
    );
  });
});

Deno.test("what cannot be read is no missing file", async () => {
  await withFiles({ "etc/a": "" }, (root) => {
    assert.throws(() => below(root).read("/etc"), Unreadable);
    assert.equal(below(root).list("/etc/a"), undefined);
    return Promise.resolve();
  });
});

const tree = {
  "etc/passwd":
    "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\npostern:x:990:989::/:/usr/sbin/nologin\n",
  "etc/group": "root:x:0:\ndocker:x:998:alice\npostern-engine:x:989:postern\n",
  "usr/lib/systemd/system/docker.socket":
    "[Socket]\nListenStream=/run/docker.sock\nSocketMode=0660\nSocketGroup=docker\n",
  "etc/audit/rules.d/docker.rules": "-w /var/run/docker.sock -p rwa -k docker\n",
};

Deno.test("doctor --root answers 1 for a tree as it often is, and 0 where everything is set right", async () => {
  await withFiles(tree, async (root) => {
    await Deno.mkdir(`${root}/run`);
    await Deno.mkdir(`${root}/var`);
    await Deno.symlink("/run", `${root}/var/run`);
    const before = await command(["doctor", "--root", root]);
    assert.equal(before.code, 1, before.err);
    assert.match(before.out, /WRONG {3}docker\.socket gives the real socket to the group docker/);
    assert.match(before.out, /WRONG {3}audit rules look as if/);
    assert.match(before.out, /left out below another root/);
    await Deno.mkdir(`${root}/etc/systemd/system/docker.socket.d`, { recursive: true });
    await Deno.writeTextFile(
      `${root}/etc/systemd/system/docker.socket.d/10-postern.conf`,
      "[Socket]\nSocketMode=0660\nSocketUser=root\nSocketGroup=postern-engine\n",
    );
    await Deno.remove(`${root}/etc/audit/rules.d/docker.rules`);
    const after = await command(["doctor", "--root", root, "--json"]);
    assert.equal(after.code, 0, after.out);
    assert.equal(JSON.parse(after.out).wrong, 0);
  });
});

Deno.test("a tree without /var/run has its socket in /run, as harden and units say", async () => {
  await withFiles(tree, async (root) => {
    const { out } = await command(["doctor", "--root", root]);
    assert.match(out, /WRONG {3}docker\.socket gives the real socket to the group docker/);
    await Deno.remove(`${root}/etc/audit/rules.d/docker.rules`);
    const exempt = { user: "postern", program: "/usr/local/bin/postern" };
    const scope = { sockets: ["/run/docker.sock"], exempt, arch: Deno.build.arch };
    await Deno.writeTextFile(`${root}/etc/audit/rules.d/50-postern.rules`, auditRules(scope));
    const after = await command(["doctor", "--root", root]);
    assert.match(after.out, /fine {4}every connect to \/run\/docker\.sock is recorded/);
  });
});

Deno.test("doctor --root reads the configuration there, with the users there", async () => {
  const config = "listeners: [{ socket: /run/postern/ci.sock, user: alice, policy: read-only }]\n";
  await withFiles({ ...tree, "etc/postern/postern.yaml": config }, async (root) => {
    await Deno.mkdir(`${root}/run/postern`, { recursive: true });
    const { out } = await command(["doctor", "--root", root]);
    assert.match(out, /fine {4}\/etc\/postern\/postern\.yaml is valid: 1 listener/);
    await Deno.writeTextFile(
      `${root}/etc/postern/postern.yaml`,
      config.replace("alice", "nobodyhere"),
    );
    const wrong = await command(["doctor", "--root", root]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.out, /postern\.yaml:1:\d+: unknown user "nobodyhere"/);
  });
});

for (
  const [args, message] of [
    [["--root", "/nowhere/at/all"], /--root must be a folder that is there/],
    [["--root", "/", "extra"], /unexpected argument "extra"/],
    [["--frobnicate"], /frobnicate/],
  ] as const
) {
  Deno.test(`doctor ${args.join(" ")} is a mistake of the command line's`, async () => {
    const { code, err } = await command(["doctor", ...args]);
    assert.equal(code, 2);
    assert.match(err, message);
  });
}

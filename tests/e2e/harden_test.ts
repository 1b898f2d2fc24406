// The whole of `postern harden` as a command, below a root.
import assert from "node:assert/strict";
import { installed } from "../support/installed.ts";
import { which } from "../support/private_engine.ts";
import { pictureOf, withRoot } from "../unit/harden/throw_away.ts";

const main = new URL("../../main.ts", import.meta.url).pathname;
const start = Deno.uid() === 0 ? installed : [Deno.execPath(), "run", "-A", main];

function postern(...args: string[]) {
  const [program, ...words] = start;
  const { code, stdout, stderr } = new Deno.Command(program!, {
    args: [...words, ...args],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).outputSync();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** A Debian with docker.io, as far as `harden` looks at it. */
const debian = {
  "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\n",
  "/etc/shadow": "root:*:19000:0:99999:7:::\nalice:!:19000:0:99999:7:::\n",
  "/etc/group": "root:x:0:\nalice:x:1000:\ndocker:x:106:alice\n",
  "/etc/gshadow": "root:*::\nalice:!::\ndocker:!::alice\n",
  "/usr/bin/systemctl": "",
  "/usr/sbin/dockerd": "",
  "/etc/docker/daemon.json": '{\n    "log-driver": "local"\n}',
  "/lib/systemd/system/docker.socket":
    "[Unit]\nDescription=Docker Socket for the API\n\n[Socket]\nListenStream=/run/docker.sock\n" +
    "SocketMode=0660\nSocketUser=root\nSocketGroup=docker\n\n[Install]\nWantedBy=sockets.target\n",
  "/lib/systemd/system/docker.service":
    "[Service]\nExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock\n",
};

const absent = ["groupadd", "useradd", "systemctl", "unshare"].filter((name) =>
  which(name) === undefined
);
const ignore = Deno.uid() !== 0 || absent.length > 0;

Deno.test({
  name: "apply below a root, doctor has nothing against it, and revert leaves the tree as it was",
  ignore,
  fn: () =>
    withRoot(debian, (root) => {
      const picture = pictureOf(root);
      const below = ["--root", root];
      const planned = postern("harden", "plan", ...below);
      assert.equal(planned.code, 0, planned.err);
      assert.match(planned.out, /^ {2}\+SocketGroup=postern-engine$/m);
      assert.match(planned.out, /^ {2}\$ groupadd --prefix \S+ --system postern-engine$/m);
      assert.ok(!planned.out.includes("\x1b"));
      assert.deepEqual(pictureOf(root), picture);

      const applied = postern("harden", "apply", ...below);
      assert.equal(applied.code, 0, applied.err);
      const read = (path: string) => Deno.readTextFileSync(`${root}${path}`);
      assert.match(read("/etc/group"), /^postern-engine:x:\d+:postern$/m);
      assert.match(read("/etc/passwd"), /^postern:x:\d+:\d+::\/nonexistent:\/usr\/sbin\/nologin$/m);
      assert.equal(
        read("/etc/docker/daemon.json"),
        '{\n    "log-driver": "local",\n    "live-restore": true\n}',
      );
      assert.match(applied.out, /members of docker \(alice\) cannot connect/);
      // It ends with doctor, which says the same by itself.
      const examined = postern("doctor", ...below, "--json");
      assert.equal(examined.code, 0, examined.out);
      assert.match(applied.out, /\d+ fine/);
      assert.doesNotMatch(applied.out, /WRONG/);

      const again = postern("harden", "apply", ...below);
      assert.match(again.out, /^nothing to do$/m);
      const reverted = postern("harden", "revert", ...below);
      assert.equal(reverted.code, 0, reverted.err);
      assert.deepEqual(pictureOf(root), picture);
      assert.match(postern("harden", "revert", ...below).out, /nothing to revert/);
      return Promise.resolve();
    }),
});

Deno.test({
  name: "a daemon.json that cannot be read stops everything, and names the part to leave out",
  ignore,
  fn: () =>
    withRoot({ ...debian, "/etc/docker/daemon.json": "{ // mine\n}" }, (root) => {
      const picture = pictureOf(root);
      const { code, err } = postern("harden", "apply", "--root", root);
      assert.equal(code, 1);
      assert.match(err, /daemon: \/etc\/docker\/daemon\.json:1 is not JSON/);
      assert.deepEqual(pictureOf(root), picture);
      const { code: without } = postern(
        "harden",
        "apply",
        "--root",
        root,
        "--only",
        "sockets,systemd",
      );
      assert.equal(without, 0);
      return Promise.resolve();
    }),
});

Deno.test({
  name: "a part whose accounts are not there yet names the part that makes them",
  ignore,
  fn: () =>
    withRoot(debian, (root) => {
      const { code, err } = postern("harden", "apply", "--root", root, "--only", "systemd");
      assert.equal(code, 1);
      assert.match(err, /--only sockets,systemd makes them/);
      return Promise.resolve();
    }),
});

Deno.test({
  name:
    "on a disk that is full it stops where it is, goes on with more room, and revert leaves no trace",
  ignore,
  fn: () =>
    withRoot(debian, (root) => {
      // A disk of so many KiB, in a namespace of its own, with what the tree holds.
      const script = `
harden() { "$@" harden "$verb" --root "$disk"; }
disk=$1; small=$2; shift 2
cp -a "$disk" "$disk.copy"; mount -t tmpfs -o size="$small"k none "$disk"; cp -a "$disk.copy/." "$disk"
cd "$disk"; sum() { find . ! -type d -exec sha256sum {} + | sort; }
before=$(sum)
verb=apply; harden "$@"; echo "small: $?"
mount -o remount,size=10m "$disk"; harden "$@" >/dev/null; echo "large: $?"
verb=revert; harden "$@" >/dev/null; echo "revert: $?"
test "$(sum)" = "$before" && echo same`;
      const stopped: string[] = [];
      for (const kibibytes of [72, 96, 108]) {
        const { code, stdout, stderr } = new Deno.Command(which("unshare")!, {
          args: [
            ...["--mount", "bash", "-c", script, "bash", root, String(kibibytes)],
            ...installed,
          ],
          stdin: "null",
        }).outputSync();
        Deno.removeSync(`${root}.copy`, { recursive: true });
        const decoder = new TextDecoder();
        const [out, err] = [decoder.decode(stdout), decoder.decode(stderr)];
        assert.equal(code, 0, err);
        assert.match(out, /^small: [01]\n/m, out + err);
        assert.match(out, /^large: 0\nrevert: 0\nsame$/m, out + err);
        if (!out.includes("small: 1")) continue;
        assert.match(err, /what came before it stands/);
        assert.doesNotMatch(err, /Uncaught/);
        stopped.push(err);
      }
      assert.ok(stopped.length > 0, "no disk was small enough");
      return Promise.resolve();
    }),
});

for (
  const [args, message] of [
    [[], "say plan, apply or revert"],
    [["do"], "there is no do: plan, apply or revert"],
    [["plan", "--only", "sockets,docker"], 'there is no part "docker"'],
    [["apply", "--shell"], "--shell is for plan"],
    [["plan", "--shell", "--root", "/mnt"], "--shell is for this host, without --root"],
    [["plan", "--force"], "--force is not for plan"],
    [["plan", "--root", "/mnt", "-c", "postern.yaml"], "named by its path below it"],
  ] as const
) {
  Deno.test(`harden ${args.join(" ")} is a usage error`, () => {
    const { code, err } = postern("harden", ...args);
    assert.equal(code, 2);
    assert.ok(err.includes(message), err);
  });
}

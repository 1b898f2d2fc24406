// `postern watch` where there is no eBPF: by the log of a real auditd, with the rule that `postern harden` writes.
import assert from "node:assert/strict";
import { auditctl, missingForAuditd, PrivateAuditd } from "../support/private_auditd.ts";
import { which } from "../support/private_engine.ts";
import { RunningGate } from "../support/gate.ts";
import { exchange, RecordingEngine } from "../support/recording_engine.ts";
import { RunningWatch, until } from "../support/running_watch.ts";
import { get } from "../support/wire.ts";

const missing = missingForAuditd() ??
  (which("socat") === undefined ? "socat not found (apt-get install socat)" : undefined);

async function run(program: string, ...args: string[]): Promise<number> {
  const child = new Deno.Command(program, { args, stdin: "null", stderr: "null" }).spawn();
  await child.status;
  return child.pid;
}

const connect = (path: string) => ["-u", "OPEN:/dev/null", `UNIX-CONNECT:${path}`] as const;

/** In a mount namespace of its own, where auditd's configuration says where this one's log is. */
const through = (directory: string) => [
  ...["unshare", "-m", "sh", "-c"],
  `mount --bind ${directory} /etc/audit && exec "$@"`,
  "sh",
];

Deno.test({
  name: `auditd's log tells of who connects around the gate${
    missing === undefined ? "" : ` (${missing})`
  }`,
  ignore: missing !== undefined,
  async fn(t) {
    const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "pw-" });
    await Deno.chmod(folder, 0o755);
    const socket = `${folder}/d.sock`;
    const engine = new RecordingEngine(socket);
    await Deno.chmod(socket, 0o600);
    await using gate = await RunningGate.serve({
      upstream: socket,
      listeners: [{ socket: "DIR/docker.sock", mode: "0666", policy: "full" }],
    });
    await using auditd = await PrivateAuditd.start();
    for (const arch of Deno.build.arch === "x86_64" ? ["b64", "b32"] : ["b64"]) {
      const rule = ["-F", `arch=${arch}`, "-S", "connect", "-F", `path=${socket}`];
      await auditctl("-a", "always,exit", ...rule, "-k", "docker_socket");
    }
    await using watch = await RunningWatch.start(
      `${gate.directory}/postern.yaml`,
      ["--source", "audit", "--all"],
      through(auditd.directory),
    );
    assert.ok(watch.stderr.includes(`watching ${socket} (audit)`), watch.stderr);

    await t.step("with who it is, although it has ended long ago", async () => {
      const begun = Date.now();
      const pid = await run("socat", ...connect(socket));
      const told = await watch.told((line) => line.pid === pid);
      console.log(`told after ${Date.now() - begun} ms`);
      assert.deepEqual(
        [told.event, told.socket, told.by, told.result, told.uid, told.user, told.comm],
        ["bypass", socket, "file", "connected", 0, "root", "socat"],
      );
      assert.equal(told.exe, await Deno.realPath(which("socat")!));
      assert.deepEqual(told.command?.slice(1), connect(socket));
      assert.equal(told.parent?.pid, Deno.pid);
    });

    await t.step("the gate's own are known as its", async () => {
      await exchange(`${gate.directory}/docker.sock`, get("/_ping"));
      const told = await watch.told(({ pid }) => pid === gate.pid);
      assert.equal(told.event, "postern");
    });

    await t.step("refused ones are told with the reason", async () => {
      const drop = ["--reuid=65534", "--regid=65534", "--clear-groups"];
      const pid = await run("setpriv", ...drop, "socat", ...connect(socket));
      const told = await watch.told((line) => line.pid === pid);
      assert.deepEqual([told.event, told.result, told.uid], ["bypass", "EACCES", 65534]);
    });

    await t.step("a name with control characters writes no record of its own", async () => {
      const evil = `${folder}/a\x1b[31m" uid=0\ntype=SYSCALL`;
      await Deno.symlink(which("socat")!, evil);
      const pid = await run(evil, ...connect(socket));
      const told = await watch.told((line) => line.pid === pid);
      assert.deepEqual([told.event, told.command?.[0]], ["bypass", evil]);
    });

    await t.step("the socket of an engine that starts anew is followed", async () => {
      engine[Symbol.dispose]();
      await until(() => {
        try {
          Deno.lstatSync(socket);
          return false;
        } catch {
          return true;
        }
      }, "the first engine's socket is gone");
      using _second = new RecordingEngine(socket);
      const pid = await run("socat", ...connect(socket));
      const told = await watch.told((line) => line.pid === pid);
      assert.deepEqual([told.event, told.result, told.by], ["bypass", "connected", "file"]);
    });

    await watch.stop();
    await Deno.remove(folder, { recursive: true });
  },
});

// The audit rules of `harden`, in this kernel, with an auditd of our own: who connects to the real socket is recorded, the gate is not.
import assert from "node:assert/strict";
import { audit } from "../../lib/harden/audit.ts";
import type { CommandStep, FileStep } from "../../lib/harden/part.ts";
import { RunningGate } from "../support/gate.ts";
import { i386Connect, type Way } from "../support/i386_connect.ts";
import { auditctl, missingForAuditd, PrivateAuditd } from "../support/private_auditd.ts";
import { get, ok, Wire } from "../support/wire.ts";
import { factsOf } from "../unit/harden/facts_of.ts";

const missing = missingForAuditd();
const X86 = Deno.build.arch === "x86_64";

/** `daemon` is 1:1 on every Debian, and here the gate's user. */
const GATE = 1;
const i386 = "40000003";
const native = X86 ? "c000003e" : "c00000b7";
const CONNECT = X86 ? 42 : 203;

function auditTest(name: string, fn: () => Promise<void>): void {
  const ignore = missing !== undefined;
  Deno.test({ name: ignore ? `${name} (${missing})` : name, ignore, fn });
}

/** A folder with an engine's socket in it. */
async function withEngine(test: (socket: string, directory: string) => Promise<void>) {
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "pr-" });
  try {
    await Deno.chmod(directory, 0o755);
    const socket = `${directory}/up.sock`;
    using engine = Deno.listen({ transport: "unix", path: socket });
    await Deno.chmod(socket, 0o666);
    const served = serve(engine);
    await test(socket, directory);
    engine.close();
    await served;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function serve(engine: Deno.UnixListener): Promise<void> {
  try {
    for await (const conn of engine) {
      const wire = new Wire(conn);
      void wire.until("\r\n\r\n").then(() => wire.send(ok("OK"))).catch(() => {});
    }
  } catch { /* closed */ }
}

/** Applies the part's steps as `harden` does, with an /etc/audit of their own. */
async function apply(socket: string, directory: string): Promise<CommandStep> {
  const plan = audit.plan(factsOf({
    files: { "/etc/audit/rules.d/audit.rules": "-D\n" },
    programs: ["auditctl"],
    facts: { upstream: socket, user: "daemon", program: [Deno.execPath()] },
  }));
  assert.equal(plan.skipped, undefined);
  const [file, command] = plan.steps as [FileStep, CommandStep];
  const etc = `${directory}/audit`;
  await Deno.mkdir(`${etc}/rules.d`, { recursive: true });
  await Deno.writeTextFile(`${etc}/rules.d/audit.rules`, "-D\n");
  const text = file.content(undefined);
  await Deno.writeTextFile(file.path.replace("/etc/audit", etc), text, { mode: file.mode });
  const [program, ...words] = command.done!;
  assert.equal((await run(program!, ...words)).code, 1, "no rules are there yet");
  const there = `mount --bind ${etc} /etc/audit && exec "$@"`;
  const loaded = await run("unshare", "-m", "sh", "-c", there, "sh", ...command.command);
  assert.equal(loaded.code, 0, loaded.err);
  return command;
}

async function run(program: string, ...args: string[]) {
  const { code, stderr } = await new Deno.Command(program, { args }).output();
  return { code, err: new TextDecoder().decode(stderr) };
}

/** What the rules recorded of `act`, as `arch syscall uid`. */
async function recorded(auditd: PrivateAuditd, act: () => Promise<void>): Promise<string[]> {
  const before = (await auditd.events("docker_socket")).length;
  await act();
  const events = (await auditd.events("docker_socket")).slice(before);
  return events.map(({ arch, syscall, uid }) => `${arch} ${syscall} ${uid}`);
}

async function connect(socket: string): Promise<void> {
  (await Wire.to(socket)).close();
}

/** socat as somebody. `through`: shell words before it. */
async function socat(socket: string, through = ""): Promise<void> {
  const command = `${through} socat -u /dev/null UNIX-CONNECT:${socket}`;
  const { code, err } = await run("sh", "-c", command);
  assert.equal(code, 0, err);
}

auditTest("the audit rules record a direct connect, and none of the gate's", async () => {
  await using auditd = await PrivateAuditd.start();
  await withEngine(async (socket, directory) => {
    const { done } = await apply(socket, directory);
    const loaded = await run(...done! as [string, ...string[]]);
    assert.equal(loaded.code, 0, `the rules are there: ${await auditctl("-l")}`);
    await Deno.mkdir(`${directory}/run`);
    await Deno.chown(`${directory}/run`, GATE, GATE);
    await using gate = await RunningGate.serve({
      upstream: socket,
      listeners: [{ socket: `${directory}/run/gate.sock`, policy: "read-only" }],
      run_as: { user: "daemon" },
    });
    assert.match(gate.stderr, /runs as daemon/);
    const through = async () => {
      const client = await Wire.to(`${directory}/run/gate.sock`);
      await client.send(get("/_ping"));
      assert.match(await client.message(), /^HTTP\/1\.1 200/);
      client.close();
    };
    assert.deepEqual(await recorded(auditd, through), []);
    assert.deepEqual(await recorded(auditd, () => connect(socket)), [`${native} ${CONNECT} 0`]);
  });
});

auditTest("the audit rules go on when the engine makes its socket anew", async () => {
  await using auditd = await PrivateAuditd.start();
  await withEngine(async (socket, directory) => {
    await apply(socket, directory);
    await Deno.remove(socket);
    using anew = Deno.listen({ transport: "unix", path: socket });
    assert.deepEqual(await recorded(auditd, () => connect(socket)), [`${native} ${CONNECT} 0`]);
    anew.close();
  });
});

auditTest("the audit rules tell who became the gate's user from the gate", async () => {
  await using auditd = await PrivateAuditd.start();
  await withEngine(async (socket, directory) => {
    await apply(socket, directory);
    // In another program it is not the gate, and neither with root as its effective user (setresuid(2)).
    const who = `--reuid=${GATE} --clear-groups`;
    for (
      const through of [
        `exec setpriv --reuid=${GATE} --regid=${GATE} --clear-groups`,
        `exec setpriv --ruid=${GATE} --rgid=${GATE} --clear-groups`,
      ]
    ) {
      const seen = await recorded(auditd, () => socat(socket, through));
      assert.deepEqual(seen, [`${native} ${CONNECT} ${GATE}`], through);
    }
    const code = "(await Deno.connect({ transport: 'unix', path: Deno.args[0] })).close()";
    const program = `${directory}/connect.ts`;
    await Deno.writeTextFile(program, code, { mode: 0o644 });
    const inProgram = (before: string, ids: string) => async () => {
      const deno = `${Deno.execPath()} run -A --no-lock ${program} ${socket}`;
      const line = `${before} DENO_DIR=/tmp/none exec setpriv ${ids} ${deno}`;
      const { code, err } = await run("sh", "-c", line);
      assert.equal(code, 0, err);
    };
    assert.deepEqual(await recorded(auditd, inProgram("", who)), []);
    for (
      const [before, ids] of [
        ["echo 4321 >/proc/self/loginuid;", who],
        ["", `--ruid=${GATE} --clear-groups`],
      ] as const
    ) {
      const seen = await recorded(auditd, inProgram(before, ids));
      assert.deepEqual(seen, [`${native} ${CONNECT} ${GATE}`], ids);
    }
  });
});

auditTest("the audit rules record a refused connect", async () => {
  await using auditd = await PrivateAuditd.start();
  await withEngine(async (socket, directory) => {
    await apply(socket, directory);
    await Deno.chmod(socket, 0o600);
    const nobody = "exec setpriv --reuid=65534 --clear-groups";
    const seen = await recorded(auditd, () => assert.rejects(socat(socket, nobody)));
    assert.deepEqual(seen, [`${native} ${CONNECT} 65534`]);
  });
});

auditTest("the audit rules record both ways in which i386 programs connect", async () => {
  if (!X86) return;
  await using auditd = await PrivateAuditd.start();
  await withEngine(async (socket, directory) => {
    await apply(socket, directory);
    for (const [way, number] of [["connect", 362], ["socketcall", 102]] as [Way, number][]) {
      const program = `${directory}/${way}`;
      await Deno.writeFile(program, i386Connect(socket, way), { mode: 0o755 });
      const seen = await recorded(auditd, async () => {
        assert.equal((await run(program)).code, 0, way);
      });
      assert.deepEqual(seen, [`${i386} ${number} 0`]);
    }
  });
});

auditTest("the familiar watch records no connect, which is why there are other rules", async () => {
  await using auditd = await PrivateAuditd.start();
  await withEngine(async (socket) => {
    await auditctl("-w", socket, "-p", "rwa", "-k", "docker_socket");
    const list = await auditctl("-l");
    assert.equal(list, `-w ${socket} -p rwa -k docker_socket\n`);
    // The rule's own arrival is recorded as a system call, too, before what is looked at here.
    assert.deepEqual(await recorded(auditd, () => connect(socket)), []);
  });
});

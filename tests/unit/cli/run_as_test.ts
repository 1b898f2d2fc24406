// Postern started by root and run as somebody else: what it holds, that it works, and what it says of what it cannot do.
import assert from "node:assert/strict";
import { landlockVersion } from "../../../lib/linux/landlock.ts";
import { RunningGate } from "../../support/gate.ts";
import { get, ok, Wire } from "../../support/wire.ts";

const asRoot = { ignore: Deno.uid() !== 0 };
const asOther = { ignore: Deno.uid() === 0 };

/** `daemon` is 1:1 on every Debian, and no member of any group; nobody has this one. */
const UID = 1;
const GID = 1;
const ENGINE_GID = 4713;

/** A folder with an engine's socket that only root and one group can reach, and folders that are the user's own. */
async function withStage(
  test: (directory: string, engine: Deno.UnixListener) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "pr-" });
  try {
    await Deno.chmod(directory, 0o755);
    for (const name of ["run", "log"]) {
      await Deno.mkdir(`${directory}/${name}`);
      await Deno.chown(`${directory}/${name}`, UID, GID);
    }
    using engine = Deno.listen({ transport: "unix", path: `${directory}/up.sock` });
    await Deno.chown(`${directory}/up.sock`, 0, ENGINE_GID);
    await Deno.chmod(`${directory}/up.sock`, 0o660);
    await test(directory, engine);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const configFor = (directory: string, more = {}) => ({
  upstream: `${directory}/up.sock`,
  listeners: [{ socket: `${directory}/run/a.sock`, policy: "read-only" }],
  audit: { file: `${directory}/log/audit.jsonl` },
  run_as: { user: "daemon" },
  ...more,
});

/** Lets everybody read the configuration before Postern begins: its path is the last word. */
const readable = {
  through: ["/bin/sh", "-c", 'for file; do :; done; chmod 644 "$file"; exec "$@"', "sh"],
};

async function answered(socket: string, engine: Deno.UnixListener): Promise<string> {
  using client = await Wire.to(socket);
  await client.send(get("/version"));
  using wire = new Wire(await engine.accept());
  await wire.until("\r\n\r\n");
  await wire.send(ok("hello", "Connection: close\r\n"));
  return await client.message();
}

/** Threads end and descriptors are closed while they are looked at. */
function unlessGone(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    const { code } = error as { code?: string };
    if (error instanceof Deno.errors.NotFound || code === "ESRCH") return undefined;
    throw error;
  }
}

/** The values of a field in the status of every thread, each once. */
function inThreads(pid: number, field: string): string[] {
  const found = [...Deno.readDirSync(`/proc/${pid}/task`)].flatMap(({ name }) => {
    const text = unlessGone(`/proc/${pid}/task/${name}/status`);
    const value = new RegExp(`^${field}:\\s*(.*?)\\s*$`, "m").exec(text ?? "");
    return text === undefined ? [] : [value![1]!.replaceAll("\t", " ")];
  });
  return [...new Set(found)];
}

Deno.test(
  "as run_as, all threads hold one identity and nothing else, and the gate works",
  asRoot,
  async () => {
    await withStage(async (directory, engine) => {
      const launch = { ...readable, env: { SECRET: "hunter2" } };
      const config = configFor(directory, { workers: 2 });
      await using gate = await RunningGate.serve(config, {}, launch);
      assert.match(
        gate.stderr,
        /runs as daemon:daemon, groups 4713, no capabilities, no new privileges, no other programs, (?:no files but its own \(Landlock\), )?no core dumps, not traceable, up to \d+ descriptors\n/,
      );
      assert.doesNotMatch(gate.stderr, /warning/);
      const none = "0000000000000000";
      const held = ["Uid", "Gid", "Groups", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs", "Seccomp"]
        .map((field) => [field, ...inThreads(gate.pid, field)]);
      assert.deepEqual(held, [
        ["Uid", "1 1 1 1"],
        ["Gid", "1 1 1 1"],
        ["Groups", "4713"],
        ["CapPrm", none],
        ["CapEff", none],
        ["CapAmb", none],
        ["NoNewPrivs", "1"],
        ["Seccomp", "2"],
      ]);
      if (landlockVersion() > 0) {
        assert.match(gate.stderr, /no files but its own/);
        assert.deepEqual(inThreads(gate.pid, "CapBnd"), [none]);
        // Those that open sockets, which no file gives: CAP_CHOWN, CAP_DAC_*, CAP_FOWNER, CAP_SETGID, CAP_SETUID.
        assert.deepEqual(inThreads(gate.pid, "CapInh"), ["00000000000000cf"]);
      }
      assert.equal(Deno.statSync(`/proc/${gate.pid}/fd`).uid, 0, "it can be traced by its user");
      assert.doesNotMatch(Deno.readTextFileSync(`/proc/${gate.pid}/environ`), /hunter2/);

      const socket = `${directory}/run/a.sock`;
      const { uid, gid } = Deno.statSync(socket);
      assert.deepEqual([uid, gid], [UID, GID]);
      assert.match(await answered(socket, engine), /\r\n\r\nhello$/);
      const file = Deno.statSync(`${directory}/log/audit.jsonl`);
      assert.deepEqual([file.uid, file.gid], [UID, GID]);
    });
  },
);

Deno.test("every descriptor of a gate that serves is closed by execve", asRoot, async () => {
  await withStage(async (directory, engine) => {
    await using gate = await RunningGate.serve(configFor(directory), {}, readable);
    using idle = await Wire.to(`${directory}/run/a.sock`);
    await idle.send("GET /ver");
    assert.match(await answered(`${directory}/run/a.sock`, engine), /hello/);
    const open = [...Deno.readDirSync(`/proc/${gate.pid}/fdinfo`)].map(({ name }) => Number(name));
    const kept = open.filter((fd) => {
      const text = unlessGone(`/proc/${gate.pid}/fdinfo/${fd}`);
      if (text === undefined) return false;
      return (parseInt(/^flags:\s*(\d+)/m.exec(text)![1]!, 8) & 0o2000000) === 0;
    });
    assert.deepEqual(kept.sort(), [0, 1, 2]);
  });
});

Deno.test(
  "as run_as, changes are taken up, sockets made again, and the audit file, too",
  asRoot,
  async () => {
    await withStage(async (directory, engine) => {
      await using gate = await RunningGate.serve(configFor(directory), {}, readable);
      const socket = `${directory}/run/a.sock`;
      const file = `${gate.directory}/postern.yaml`;
      const text = await Deno.readTextFile(file);
      await Deno.writeTextFile(file, text.replace("policy: read-only", "policy: full"));
      await gate.says(/configuration taken up: listener a has policy full/);

      await Deno.remove(socket);
      await gate.says(/a\.sock \(a\) was removed by somebody: it is there again/);
      assert.match(await answered(socket, engine), /hello/);

      await Deno.rename(`${directory}/log/audit.jsonl`, `${directory}/log/old.jsonl`);
      Deno.kill(gate.pid, "SIGHUP");
      await gate.says(/the audit file is opened anew/);
      assert.match(await answered(socket, engine), /hello/);
      // It is written when the turn ends in which it was made, which may be after the answer.
      const records = () => Deno.readTextFileSync(`${directory}/log/audit.jsonl`);
      for (let tries = 0; tries < 1000 && records() === ""; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.match(records(), /"operation":"system\.version"/);

      assert.equal((await gate.stop()).code, 0);
      assert.deepEqual([...Deno.readDirSync(`${directory}/run`)], []);
    });
  },
);

Deno.test("what only root could do later is said, with what to do about it", asRoot, async () => {
  await withStage(async (directory, engine) => {
    const audit = { file: `${directory}/audit.jsonl` };
    const listeners = [
      { socket: `${directory}/a.sock`, policy: "read-only" },
      { socket: `${directory}/run/ops.sock`, user: "root", group: "root" },
    ];
    await using gate = await RunningGate.serve(configFor(directory, { audit, listeners }));
    const file = `${gate.directory}/postern.yaml`;
    for (
      const said of [
        `daemon cannot read ${file}, so changes cannot be taken up: chgrp daemon ${file} && chmod g+r ${file}`,
        `daemon cannot change ${directory}: sockets there are not removed`,
        `only root can make ${directory}/run/ops.sock again`,
        `daemon cannot make files in ${directory}: the audit file`,
      ]
    ) assert.ok(gate.stderr.includes(`warning: ${said}`), `${said}\n${gate.stderr}`);
    Deno.kill(gate.pid, "SIGHUP");
    await gate.says(/the configuration stays as it was.*EACCES/s);
    assert.match(await answered(`${directory}/a.sock`, engine), /hello/);

    await Deno.chmod(file, 0o644);
    Deno.kill(gate.pid, "SIGHUP");
    await gate.says(/configuration read: nothing has changed/);
  });
});

Deno.test(
  "a socket in a folder that run_as cannot enter is served, and what cannot be kept is said",
  asRoot,
  async () => {
    await withStage(async (directory, engine) => {
      const shut = `${directory}/shut`;
      await Deno.mkdir(shut, { mode: 0o700 });
      const listeners = [{ socket: `${shut}/a.sock`, policy: "read-only" }];
      await using gate = await RunningGate.serve(configFor(directory, { listeners }), {}, readable);
      assert.match(gate.stderr, /listening on .*shut\/a\.sock \(a: mode 0600, owner 1:1, /);
      assert.ok(gate.stderr.includes(`warning: daemon cannot change ${shut}: `), gate.stderr);
      assert.match(await answered(`${shut}/a.sock`, engine), /hello/);
      assert.equal((await gate.stop()).code, 0);
    });
  },
);

Deno.test("root without run_as is told what to write, and goes on", asRoot, async () => {
  await withStage(async (directory, engine) => {
    const { run_as: _, ...config } = configFor(directory);
    await using gate = await RunningGate.serve(config);
    assert.match(gate.stderr, /runs as root:root, .*no new privileges/);
    assert.match(gate.stderr, /warning: runs as root, .* write run_as: \{ user: postern \}\n/);
    assert.match(await answered(`${directory}/run/a.sock`, engine), /hello/);
  });
});

Deno.test("an engine that run_as cannot reach keeps the gate from starting", asRoot, async () => {
  await withStage(async (directory) => {
    await Deno.chmod(`${directory}/up.sock`, 0o600);
    await assert.rejects(
      RunningGate.serve(configFor(directory)),
      /uid 1 cannot reach upstream .*up\.sock: it may not connect to the socket .*which belongs to 0:4713 with mode 0600/,
    );
  });
});

Deno.test("who is not root cannot become another, and is told so", asOther, async () => {
  const directory = await Deno.makeTempDir({ dir: "/tmp" });
  await Deno.chmod(directory, 0o755);
  const config = {
    upstream: `${directory}/up.sock`,
    listeners: [{ socket: "DIR/a.sock", user: Deno.uid(), group: Deno.gid() }],
    run_as: { user: "daemon" },
  };
  await assert.rejects(RunningGate.serve(config), /run_as: only root can become 1:1/);
  await Deno.remove(directory);
});

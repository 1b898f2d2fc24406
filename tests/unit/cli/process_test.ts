// Postern as a process: what it opens, what it refuses to touch, and what it leaves behind.
import assert from "node:assert/strict";
import { RunningGate } from "../../support/gate.ts";
import { get, ok, post, Wire } from "../../support/wire.ts";

const asRoot = { ignore: Deno.uid() !== 0 };

/** An engine that the test plays, at a path of its own. */
function engineAt(path: string): Deno.UnixListener {
  return Deno.listen({ transport: "unix", path });
}

async function answerOnce(engine: Deno.UnixListener, body: string): Promise<string> {
  const wire = new Wire(await engine.accept());
  const request = await wire.until("\r\n\r\n");
  await wire.send(ok(body, "Connection: close\r\n"));
  wire.close();
  return request;
}

const main = new URL("../../../main.ts", import.meta.url).pathname;

/** Runs a command to its end. */
async function run(args: readonly string[], options: Deno.CommandOptions = {}) {
  const command = new Deno.Command(Deno.execPath(), {
    ...options,
    args: ["run", "-A", main, ...args],
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

const mode = (path: string) => Deno.statSync(path).mode! & 0o7777;
const exists = (path: string) => {
  try {
    return Deno.lstatSync(path).isSocket || true;
  } catch {
    return false;
  }
};

Deno.test("the socat form serves many with mode 600 and is read-only unless told otherwise", async () => {
  const directory = await Deno.makeTempDir({ dir: "/tmp" });
  using engine = engineAt(`${directory}/up.sock`);
  await using gate = await RunningGate.start(
    ["UNIX-LISTEN:DIR/docker.sock,mode=600,fork", `UNIX-CONNECT:${directory}/up.sock`],
    ["DIR/docker.sock"],
  );
  const path = `${gate.directory}/docker.sock`;
  assert.equal(mode(path), 0o600);
  assert.match(gate.stderr, /listening on .*docker\.sock \(.*mode 0600, .*policy read-only\)/);
  using idle = await Wire.to(path);
  await idle.send("GET /version HTTP/1.1\r\nHo");
  using wire = await Wire.to(path);
  const answered = answerOnce(engine, "hello");
  await wire.send(get("/version"));
  assert.match(await wire.message(), /\r\n\r\nhello$/);
  assert.equal(await answered, get("/version"));
  using writer = await Wire.to(path);
  await writer.send(post("/containers/create", "{}", "Content-Type: application/json\r\n"));
  assert.match(await writer.message(), /^HTTP\/1\.1 403 .*policy read-only: /s);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("the socat form takes policy, mode, user and group", asRoot, async () => {
  await using gate = await RunningGate.start(
    [
      "UNIX-LISTEN:DIR/a.sock,mode=660,user=1001,group=daemon,policy=operator,fork",
      "UNIX-CONNECT:/nonexistent",
    ],
    ["DIR/a.sock"],
  );
  const { mode, uid, gid } = Deno.statSync(`${gate.directory}/a.sock`);
  assert.deepEqual([mode! & 0o7777, uid, gid], [0o660, 1001, 1]);
  assert.match(gate.stderr, /policy operator/);
});

for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT", "SIGUSR2"] as const) {
  Deno.test(`${signal} ends it with 0, removes its socket and ends what it serves`, async () => {
    await using gate = await RunningGate.start(
      ["UNIX-LISTEN:DIR/a.sock,fork", "UNIX-CONNECT:/nonexistent"],
      ["DIR/a.sock"],
    );
    using wire = await Wire.to(`${gate.directory}/a.sock`);
    const { code } = await gate.stop(signal);
    assert.equal(code, 0);
    assert.equal(exists(`${gate.directory}/a.sock`), false);
    assert.equal(await wire.rest(), "");
  });
}

Deno.test("SIGHUP ends nothing, and says that a restart is needed", async () => {
  await using gate = await RunningGate.start(
    ["UNIX-LISTEN:DIR/a.sock,fork", "UNIX-CONNECT:/nonexistent"],
    ["DIR/a.sock"],
  );
  await gate.says(/warning: upstream \/nonexistent cannot be reached: ENOENT \(.*\)\n/);
  Deno.kill(gate.pid, "SIGHUP");
  await gate.says(/warning: SIGHUP: .*restart Postern/);
  (await Wire.to(`${gate.directory}/a.sock`)).close();
});

for (const args of [["--help"], ["check", "--json", "-c", "/nonexistent"], ["demo"]]) {
  Deno.test(`a result of ${args[0]} that cannot be written is a message and 1`, async () => {
    const child = new Deno.Command("/bin/sh", {
      args: ["-c", 'exec "$@" > /dev/full', "sh", Deno.execPath(), "run", "-A", main, ...args],
      stderr: "piped",
    });
    const { code, stderr } = await child.output();
    assert.deepEqual([code, new TextDecoder().decode(stderr)], [
      1,
      "postern: cannot write the result: ENOSPC (No space left on device)\n",
    ]);
  });
}

Deno.test("a socket that another took the place of is not removed", async () => {
  await using gate = await RunningGate.start(
    ["UNIX-LISTEN:DIR/a.sock,fork", "UNIX-CONNECT:/nonexistent"],
    ["DIR/a.sock"],
  );
  const path = `${gate.directory}/a.sock`;
  await Deno.remove(path);
  using other = engineAt(path);
  await gate.stop();
  assert.equal(exists(path), true);
  assert.equal(other.addr.path, path);
});

Deno.test("a killed gate's socket is replaced by the next, a living one's is not", async () => {
  const directory = await Deno.makeTempDir({ dir: "/tmp" });
  const listen = [`UNIX-LISTEN:${directory}/a.sock,fork`, "UNIX-CONNECT:/nonexistent"];
  const socket = `${directory}/a.sock`;
  const killed = await RunningGate.start(listen, [socket]);
  await assert.rejects(RunningGate.start(listen, [socket]), (error: Error) => {
    assert.match(error.message, new RegExp(`a\\.sock is in use: pid ${killed.pid} \\(`));
    return true;
  });
  await killed.stop("SIGKILL");
  assert.equal(exists(socket), true);
  const next = await RunningGate.start(listen, [socket]);
  (await Wire.to(socket)).close();
  await next[Symbol.asyncDispose]();
  await killed[Symbol.asyncDispose]();
  await Deno.remove(directory, { recursive: true });
});

for (
  const [title, config, message] of [
    [
      "a directory that is missing",
      { listeners: [{ socket: "DIR/none/a.sock" }] },
      /does not exist; create it with: install -d -m 0755 .*\/none\n/,
    ],
    [
      "a file in the socket's place",
      { listeners: [{ socket: "DIR/postern.yaml" }] },
      /is not a socket; .*alone/,
    ],
    [
      "an audit file whose folder is missing",
      { listeners: [{ socket: "DIR/a.sock" }], audit: { file: "/nonexistent/audit" } },
      /cannot write \/nonexistent\/audit: .* does not exist[^]*install -d -m 0755 \/nonexistent\n/,
    ],
    [
      "an audit file that cannot be opened",
      { listeners: [{ socket: "DIR/a.sock" }], audit: { file: "/proc/nonexistent/audit" } },
      /open audit file \/proc\/nonexistent\/audit/,
    ],
  ] as const
) {
  Deno.test(`${title} is an error that says what to do`, async () => {
    await assert.rejects(RunningGate.serve(config), message);
  });
}

Deno.test(
  "root does not take up another's postern.yaml that happens to be here",
  asRoot,
  async () => {
    const directory = await Deno.makeTempDir({ dir: "/tmp" });
    await Deno.writeTextFile(`${directory}/postern.yaml`, "listeners: [{ socket: /run/p.sock }]\n");
    await Deno.chown(`${directory}/postern.yaml`, 61_001, 61_001);
    const { code, err } = await run(["check"], { cwd: directory });
    assert.equal(code, 1);
    assert.match(err, /^postern\.yaml: .* belongs to uid 61001, .*\n.*-c FILE\n$/);
    assert.doesNotMatch(err, /chown/);
    await Deno.remove(directory, { recursive: true });
  },
);

Deno.test("of several listeners, the ones already open are closed again when one cannot be", async () => {
  const directory = await Deno.makeTempDir({ dir: "/tmp" });
  const listeners = [{ socket: `${directory}/a.sock` }, { socket: `${directory}/none/b.sock` }];
  await assert.rejects(RunningGate.serve({ listeners }), /none does not exist/);
  assert.equal(exists(`${directory}/a.sock`), false);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("the audit log holds who, what and why, and neither bodies nor headers nor queries", async () => {
  const directory = await Deno.makeTempDir({ dir: "/tmp" });
  using engine = engineAt(`${directory}/up.sock`);
  await using gate = await RunningGate.serve({
    upstream: `${directory}/up.sock`,
    listeners: [{ socket: "DIR/ro.sock", policy: "read-only" }],
  });
  assert.equal(mode(`${gate.directory}/audit.jsonl`), 0o640);
  const path = `${gate.directory}/ro.sock`;
  using reader = await Wire.to(path);
  const answered = answerOnce(engine, "secret-answer");
  await reader.send(
    get("/v1.41/containers/json?filters=secret-query", "X-Auth: secret-header\r\n"),
  );
  await reader.message();
  await answered;
  using writer = await Wire.to(path);
  await writer.send(
    post("/containers/create?name=secret-name", '{"Env":["secret-body"]}', "A: secret\r\n"),
  );
  const reply = await writer.message();
  const lines = await gate.audit((lines) => lines.length >= 2);
  const [allowed, denied] = lines;
  const text = await Deno.readTextFile(`${gate.directory}/audit.jsonl`);
  assert.doesNotMatch(text, /secret/);
  const { uid, gid, pid } = {
    uid: Deno.uid(),
    gid: Deno.gid(),
    pid: Deno.pid,
  };
  for (const line of [allowed!, denied!]) {
    assert.deepEqual([line.peer["uid"], line.peer["gid"], line.peer["pid"]], [uid, gid, pid]);
    assert.equal(line.peer["exe"], Deno.execPath());
    assert.deepEqual([line.event, line.policy, line.listener], ["decision", "read-only", "ro"]);
    assert.ok(Math.abs(Date.parse(line.time) - Date.now()) < 60_000);
  }
  assert.deepEqual([allowed!.decision, allowed!.status, allowed!.request], ["allow", null, {
    method: "GET",
    path: "/v1.41/containers/json",
    operation: "containers.list",
    api_version: "1.41",
  }]);
  assert.deepEqual([denied!.decision, denied!.status, denied!.request], ["deny", 403, {
    method: "POST",
    path: "/containers/create",
    operation: "containers.create",
    api_version: null,
  }]);
  assert.ok(reply.includes(`(request ${denied!.id})`));
  assert.ok(reply.includes(denied!.reason!));
  await Deno.remove(directory, { recursive: true });
});

Deno.test("without an audit file the records go to standard error, with audit off nowhere", async () => {
  for (const audit of ["stderr", "off"] as const) {
    await using gate = await RunningGate.serve({
      audit,
      upstream: "/nonexistent",
      listeners: [{ socket: "DIR/a.sock", policy: "deny" }],
    });
    using wire = await Wire.to(`${gate.directory}/a.sock`);
    await wire.send(get("/info", "Connection: close\r\n"));
    await wire.rest();
    await gate.stop();
    assert.equal(gate.stderr.includes('"event":"decision"'), audit === "stderr");
  }
});

Deno.test("SIGUSR1 opens no debugger, neither at once nor when the runtime has settled", async () => {
  await using gate = await RunningGate.serve({ listeners: [{ socket: "DIR/a.sock" }] });
  for (const wait of [0, 1000]) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    Deno.kill(gate.pid, "SIGUSR1");
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.doesNotMatch(gate.stderr, /Debugger listening/);
  assert.equal((await gate.stop()).code, 0);
});

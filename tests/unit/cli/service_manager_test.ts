// Postern as a service: sockets that systemd hands over, and what it is told in return.
import assert from "node:assert/strict";
import { monotonicMicroseconds } from "../../../lib/linux/clock.ts";
import { RunningGate } from "../../support/gate.ts";
import { handingOver, NotifySocket, SocketUnit } from "../../support/service_manager.ts";
import { get, Wire } from "../../support/wire.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "psm-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The status of a request that the policy denies. */
async function denied(path: string): Promise<string> {
  using wire = await Wire.to(path);
  await wire.send(get("/info"));
  return (await wire.until("\r\n\r\n")).slice(0, 12);
}

function facts(path: string) {
  const { ino, mode, uid, gid } = Deno.lstatSync(path);
  return { ino, mode: mode! & 0o7777, uid, gid };
}

for (
  const [how, listener, names] of [
    ["by its path", (path: string) => ({ socket: path }), "some.socket"],
    ["by its name", () => ({ socket: "/nonexistent/ci.sock" }), "ci"],
    ["by its path through a link", (path: string) => ({ socket: `${path}.link` }), ""],
  ] as const
) {
  Deno.test(`a socket that is handed over is known ${how}, and stays as it is over restarts`, () =>
    withFolder(async (folder) => {
      using unit = new SocketUnit(`${folder}/a.sock`);
      Deno.chmodSync(unit.path, 0o604);
      Deno.symlinkSync("a.sock", `${folder}/a.sock.link`);
      const before = facts(unit.path);
      const config = { listeners: [{ ...listener(unit.path), mode: "0660", policy: "deny" }] };
      const launch = handingOver([unit.fd], names);
      {
        await using gate = await RunningGate.serve(config, {}, launch);
        assert.match(gate.stderr, /handed over by the service manager.*own mode and owner/);
        assert.equal(await denied(unit.path), "HTTP/1.1 403");
        await gate.stop();
      }
      assert.deepEqual(facts(unit.path), before);
      // Who comes while nobody serves waits for the next.
      const early = denied(unit.path);
      await using gate = await RunningGate.serve(config, {}, launch);
      assert.equal(await early, "HTTP/1.1 403");
      assert.equal(await denied(unit.path), "HTTP/1.1 403");
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await gate.stop();
      assert.deepEqual(facts(unit.path), before);
      assert.doesNotMatch(gate.stderr, /warning: (?!upstream|runs as root)/);
    }));
}

Deno.test("with several sockets the path decides before the name, and the rest is opened by Postern", () =>
  withFolder(async (folder) => {
    using one = new SocketUnit(`${folder}/one.sock`);
    using two = new SocketUnit(`${folder}/two.sock`);
    const listeners = [
      { name: "a", socket: one.path, policy: "deny" },
      { name: "b", socket: two.path, policy: "deny" },
      { name: "c", socket: "DIR/c.sock", policy: "deny" },
    ];
    const launch = handingOver([two.fd, one.fd], "a:c");
    await using gate = await RunningGate.serve({ listeners, workers: 2 }, {}, launch);
    for (const path of [one.path, two.path, `${gate.directory}/c.sock`]) {
      assert.equal(await denied(path), "HTTP/1.1 403");
    }
    const lines = await gate.audit((lines) => lines.length >= 3);
    // Two workers write, each when its turn ends.
    assert.deepEqual(lines.map(({ listener }) => listener).sort(), ["a", "b", "c"]);
    await gate.stop();
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "one.sock",
      "two.sock",
    ]);
  }));

Deno.test("what is handed over and nobody serves is named, and taken up when a listener comes for it", () =>
  withFolder(async (folder) => {
    using unit = new SocketUnit(`${folder}/a.sock`);
    const launch = handingOver([unit.fd, 0], "later:odd");
    const listeners = [{ socket: "DIR/b.sock", policy: "deny" }];
    await using gate = await RunningGate.serve({ listeners }, {}, launch);
    await gate.says(/a\.sock \(later\) was handed over, and no listener serves it/);
    assert.match(gate.stderr, /descriptor 4 \(odd\) was handed over, but is no unix stream socket/);
    const config = `${gate.directory}/postern.yaml`;
    const text = await Deno.readTextFile(config);
    const more = `  - socket: ${unit.path}\n    policy: deny\n`;
    await Deno.writeTextFile(config, text.replace("listeners:\n", `listeners:\n${more}`));
    await gate.says(/listener a opened/);
    assert.equal(await denied(unit.path), "HTTP/1.1 403");
    await Deno.writeTextFile(config, text);
    await gate.says(/listener a closed/);
    await gate.says(/(a\.sock \(later\) was handed over, and no listener serves it[^]*){2}/);
    await Deno.writeTextFile(config, text.replace("listeners:\n", `listeners:\n${more}`));
    await gate.says(/(listener a opened[^]*){2}/);
    assert.equal(await denied(unit.path), "HTTP/1.1 403");
  }));

Deno.test("sockets that are for another process are left alone, with a warning", () =>
  withFolder(async (folder) => {
    using unit = new SocketUnit(`${folder}/a.sock`);
    const { env, through } = handingOver([unit.fd], "a");
    const script = through![2]!.replace("LISTEN_PID=$$", "LISTEN_PID=1");
    const launch = { env: env!, through: ["/bin/bash", "-c", script, "bash"] };
    const listeners = [{ socket: "DIR/b.sock", policy: "deny" }];
    await using gate = await RunningGate.serve({ listeners }, {}, launch);
    assert.match(gate.stderr, /LISTEN_FDS are for process 1, this is \d+: they are left alone/);
    assert.doesNotMatch(gate.stderr, /no listener serves it/);
    await assert.rejects(
      RunningGate.serve({ listeners: [{ socket: unit.path }] }, {}, launch),
      /a\.sock is in use: pid \d+ /,
    );
  }));

Deno.test({
  name: "systemd's own socket activation hands over what Postern takes",
  ignore: !exists("/usr/bin/systemd-socket-activate"),
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/a.sock`;
      const through = ["/usr/bin/systemd-socket-activate", "-l", path, "--fdname=ci"];
      const serving = RunningGate.serve(
        { listeners: [{ name: "ci", socket: "/nonexistent/ci.sock", policy: "deny" }] },
        {},
        { through: [...through, "-E", "PATH", "-E", "DENO_DIR", "-E", "HOME"] },
      );
      for (let tries = 0; !exists(path) && tries < 1000; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      // It starts the service when somebody comes.
      const first = denied(path);
      await using gate = await serving;
      assert.equal(await first, "HTTP/1.1 403");
      assert.match(gate.stderr, /handed over by the service manager as ci, bound at /);
      assert.equal((await gate.stop()).code, 0);
    }),
});

for (const abstract of [false, true]) {
  const where = abstract ? "an abstract name" : "a path";
  Deno.test(`the service manager at ${where} is told of the start, of reloads and of the end`, () =>
    withFolder(async (folder) => {
      const place = abstract ? `@${folder}` : `${folder}/notify`;
      using manager = new NotifySocket(place);
      const env = { NOTIFY_SOCKET: place, WATCHDOG_USEC: "100000" };
      await using gate = await RunningGate.serve(
        { listeners: [{ socket: "DIR/a.sock" }], reload: { watch: false } },
        {},
        { env },
      );
      assert.equal(await manager.state(), "READY=1");
      const before = monotonicMicroseconds();
      Deno.kill(gate.pid, "SIGHUP");
      const [reloading, usec] = (await manager.state()).split("\nMONOTONIC_USEC=");
      assert.equal(reloading, "RELOADING=1");
      assert.ok(BigInt(usec!) >= before && BigInt(usec!) <= monotonicMicroseconds(), usec);
      assert.equal(await manager.state(), "READY=1");
      const ended = gate.stop();
      assert.equal(await manager.state(), "STOPPING=1");
      assert.equal((await ended).code, 0);
    }));
}

Deno.test("a reload that fails is over for the service manager, too", () =>
  withFolder(async (folder) => {
    using manager = new NotifySocket(`${folder}/notify`);
    await using gate = await RunningGate.serve(
      { listeners: [{ socket: "DIR/a.sock" }], reload: { watch: false } },
      {},
      { env: { NOTIFY_SOCKET: `${folder}/notify` } },
    );
    assert.equal(await manager.next(), "READY=1");
    await Deno.writeTextFile(`${gate.directory}/postern.yaml`, "nonsense: true\n");
    Deno.kill(gate.pid, "SIGHUP");
    assert.match(await manager.next(), /^RELOADING=1\n/);
    assert.equal(await manager.next(), "READY=1");
    await gate.says(/the new one is not valid/);
  }));

Deno.test("pings say that the workers work: they stop while one hangs, and come again", () =>
  withFolder(async (folder) => {
    using manager = new NotifySocket(`${folder}/notify`);
    const log = `${folder}/audit`;
    await new Deno.Command("mkfifo", { args: [log] }).output();
    // Open both ways, nobody has to wait for the other; nothing reads it yet.
    using _held = await Deno.open(log, { read: true, write: true });
    await using gate = await RunningGate.serve(
      { listeners: [{ socket: "DIR/a.sock", policy: "deny" }], audit: { file: log } },
      {},
      { env: { NOTIFY_SOCKET: `${folder}/notify`, WATCHDOG_USEC: "100000" } },
    );
    assert.equal(await manager.next(), "READY=1");
    assert.equal(await manager.next(), "WATCHDOG=1");
    using wire = await Wire.to(`${gate.directory}/a.sock`);
    const requests = wire.send(get("/info").repeat(1000)).catch(() => {});
    // The pipe is full when no ping has come for long.
    let pings = 0;
    while (pings < 400 && await manager.within(1000) !== undefined) pings++;
    assert.ok(pings < 400, "pings never stopped");
    const reader = new Deno.Command("cat", { args: [log], stdout: "null" }).spawn();
    assert.equal(await manager.next(), "WATCHDOG=1");
    assert.equal(await manager.next(), "WATCHDOG=1");
    wire.close();
    await requests;
    await gate.stop();
    reader.kill("SIGKILL");
    await reader.status;
  }));

Deno.test("pings that are for another process are not sent", () =>
  withFolder(async (folder) => {
    using manager = new NotifySocket(`${folder}/notify`);
    const env = { NOTIFY_SOCKET: `${folder}/notify`, WATCHDOG_USEC: "20000", WATCHDOG_PID: "1" };
    await using gate = await RunningGate.serve({ listeners: [{ socket: "DIR/a.sock" }] }, {}, {
      env,
    });
    assert.equal(await manager.next(), "READY=1");
    await new Promise((resolve) => setTimeout(resolve, 500));
    const ended = gate.stop();
    for (let message = ""; message !== "STOPPING=1";) {
      message = await manager.next();
      assert.doesNotMatch(message, /WATCHDOG/);
    }
    await ended;
  }));

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

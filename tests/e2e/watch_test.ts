// `postern watch` in this kernel: whoever connects to the real socket around the gate is told of, by whatever name, and the gate is not.
import assert from "node:assert/strict";
import { RunningGate } from "../support/gate.ts";
import { docker, engineSocket, engineTest } from "../support/docker.ts";
import { i386Connect } from "../support/i386_connect.ts";
import { ioUringConnect } from "../support/io_uring_connect.ts";
import { exchange, RecordingEngine } from "../support/recording_engine.ts";
import { missingForWatch, RunningWatch, until } from "../support/running_watch.ts";
import { get } from "../support/wire.ts";

const missing = missingForWatch();
const decoder = new TextDecoder();

async function run(program: string, ...args: string[]): Promise<string> {
  const output = await new Deno.Command(program, { args, stdin: "null" }).output();
  return decoder.decode(output.stdout) + decoder.decode(output.stderr);
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A client that connects and is gone at once. */
const connect = (path: string) => ["socat", "-u", "OPEN:/dev/null", `UNIX-CONNECT:${path}`];

interface Scene {
  readonly folder: string;
  readonly socket: string;
  readonly config: string;
  readonly gate: RunningGate;
}

/** An engine's socket on a file system of its own, where nobody else's connections are many, and a gate before it. */
function watchTest(
  name: string,
  test: (scene: Scene, t: Deno.TestContext) => Promise<void>,
  absent = missing,
): void {
  Deno.test({
    name: absent === undefined ? name : `${name} (${absent})`,
    ignore: absent !== undefined,
    async fn(t) {
      const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "pw-" });
      await Deno.chmod(folder, 0o755);
      assert.equal(await run("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", folder), "");
      try {
        const socket = `${folder}/d.sock`;
        using _engine = new RecordingEngine(socket);
        await Deno.chmod(socket, 0o600);
        await using gate = await RunningGate.serve({
          upstream: socket,
          listeners: [{ socket: "DIR/docker.sock", mode: "0666", policy: "full" }],
        });
        await test({ folder, socket, gate, config: `${gate.directory}/postern.yaml` }, t);
      } finally {
        await run("umount", "-l", folder);
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

watchTest("connections around the gate are told of, and the gate's are not", async (scene, t) => {
  const { folder, socket, gate, config } = scene;
  await using all = await RunningWatch.start(config, ["--all"]);
  await using watch = await RunningWatch.start(config);
  assert.ok(watch.stderr.includes(`watching ${socket} (ebpf); Postern is process ${gate.pid}\n`));

  await t.step("at once, with who it is", async () => {
    const begun = Date.now();
    using _connection = await Deno.connect({ transport: "unix", path: socket });
    const told = await watch.told(({ pid }) => pid === Deno.pid);
    console.log(`told after ${Date.now() - begun} ms`);
    assert.deepEqual(
      [told.event, told.socket, told.by, told.result, told.uid, told.user, told.container],
      ["bypass", socket, "file", "connected", 0, "root", null],
    );
    assert.equal(told.exe, await Deno.realPath("/proc/self/exe"));
    assert.deepEqual(told.parent?.pid, Deno.ppid);
    const time = Date.parse(told.time);
    assert.ok(begun <= time && time <= Date.now(), told.time);
  });

  await t.step("what the gate relays is not told, or marked with --all", async () => {
    const answer = await exchange(`${gate.directory}/docker.sock`, get("/_ping"));
    assert.match(answer, /^HTTP\/1\.1 200/);
    const told = await all.told(({ event }) => event === "postern");
    assert.equal(told.pid, gate.pid);
    assert.equal(told.socket, socket);
    assert.ok(all.lines.some(({ event, pid }) => event === "bypass" && pid === Deno.pid));
    // A later bypass has been told by now: what is missing does not come any more.
    await run("env", ...connect(socket));
    await watch.told(({ comm }) => comm === "socat");
    assert.ok(watch.lines.every(({ pid, event }) => pid !== gate.pid && event === "bypass"));
  });

  await t.step(
    "by any other name: a link, a relative path, a bind mount in another namespace",
    async () => {
      await Deno.symlink("d.sock", `${folder}/link`);
      await Deno.mkdir(`${folder}/jail/usr`, { recursive: true });
      for (const name of ["lib", "lib64", "bin"]) {
        await Deno.symlink(`usr/${name}`, `${folder}/jail/${name}`);
      }
      await Deno.mkdir(`${folder}/jail/dev`);
      const script = [
        `mount --bind /usr ${folder}/jail/usr`,
        `mount --bind /dev ${folder}/jail/dev`,
        `: > ${folder}/jail/other`,
        `mount --bind ${socket} ${folder}/jail/other`,
        `exec chroot ${folder}/jail /usr/bin/${connect("/other").join(" ")}`,
      ].join(" && ");
      const before = watch.lines.length;
      await run(connect(`${folder}/link`)[0]!, ...connect(`${folder}/link`).slice(1));
      await run("sh", "-c", `cd ${folder} && ${connect("d.sock").join(" ")}`);
      const said = await run("unshare", "-m", "sh", "-c", script);
      await until(() => watch.lines.length >= before + 3, () => `three were told; ${said}`);
      const told = watch.lines.slice(before);
      assert.deepEqual(told.map(({ by, event }) => `${by} ${event}`), Array(3).fill("file bypass"));
      // They were gone before anybody could look: what is told is what the kernel knew.
      const words = told.map(({ command }) => command?.at(-1));
      const paths = [`${folder}/link`, "d.sock", "/other"];
      // Each processor has a buffer of its own: what happens within milliseconds may be told in another order.
      assert.deepEqual(words.sort(), paths.map((path) => `UNIX-CONNECT:${path}`).sort());
      assert.ok(told.every(({ exe }) => exe?.endsWith("/socat")), JSON.stringify(told));
    },
  );

  await t.step("attempts that the socket's mode keeps out, with the reason", async () => {
    const drop = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    await run("setpriv", ...drop, ...connect(socket));
    const told = await watch.told(({ result }) => result === "EACCES");
    assert.deepEqual([told.uid, told.event, told.socket], [65534, "bypass", socket]);
    assert.deepEqual(told.command?.at(-1), `UNIX-CONNECT:${socket}`);
  });

  await t.step("a name with control characters reaches JSON and nothing else", async () => {
    const evil = `${folder}/a\x1b[31m\n{"event":"postern"}`;
    await Deno.symlink((await run("which", "socat")).trim(), evil);
    await run(evil, ...connect(socket).slice(1));
    const told = await watch.told(({ command }) => command?.[0] === evil);
    assert.equal(told.event, "bypass");
  });

  await t.step("sockets of others are not told of", async () => {
    using _other = new RecordingEngine(`${folder}/other.sock`);
    await run("env", ...connect(`${folder}/other.sock`));
    await run("env", ...connect(socket));
    await watch.told(({ command }) => command?.at(-1) === `UNIX-CONNECT:${socket}`);
    const words = watch.lines.map(({ command }) => command?.at(-1));
    assert.ok(!words.includes(`UNIX-CONNECT:${folder}/other.sock`));
  });
});

watchTest(
  "programs for i386, which pass no tracepoint of connect, are told of by the server's accept",
  async (scene) => {
    const { folder, socket, config } = scene;
    await using watch = await RunningWatch.start(config);
    for (const way of ["connect", "socketcall"] as const) {
      const program = `${folder}/${way}`;
      await Deno.writeFile(program, i386Connect(socket, way), { mode: 0o755 });
      const child = new Deno.Command(program).spawn();
      const { code } = await child.status;
      assert.equal(code, 0, `errno ${code}`);
      const told = await watch.told(({ pid }) => pid === child.pid);
      assert.deepEqual([told.event, told.result, told.uid], ["bypass", "connected", 0]);
    }
  },
  missing ?? (Deno.build.arch === "x86_64" ? undefined : "programs for i386 need x86-64"),
);

watchTest("a connection through io_uring is told of by the server's accept", async (scene, t) => {
  const { socket, config } = scene;
  await using watch = await RunningWatch.start(config);
  const errno = ioUringConnect(socket);
  if (errno === undefined) {
    await t.step({ name: "there is no io_uring here", ignore: true, fn: () => {} });
    return;
  }
  assert.equal(errno, 0);
  const told = await watch.told(({ pid }) => pid === Deno.pid);
  assert.deepEqual([told.event, told.result, told.uid], ["bypass", "connected", 0]);
});

watchTest("a gate with thousands of connections hides no bypass", async (scene) => {
  const { socket, gate, config } = scene;
  await using watch = await RunningWatch.start(config);
  const request = new TextEncoder().encode(get("/_ping", "Connection: close\r\n"));
  let rest = 4000;
  const client = async () => {
    while (rest-- > 0) {
      using connection = await Deno.connect({
        transport: "unix",
        path: `${gate.directory}/docker.sock`,
      });
      await connection.write(request);
      assert.ok(await connection.read(new Uint8Array(4096)));
    }
  };
  const clients = Promise.all(Array.from({ length: 16 }, client));
  const bypasses: number[] = [];
  while (rest > 0) {
    const child = new Deno.Command("socat", { args: connect(socket).slice(1) }).spawn();
    await child.status;
    bypasses.push(child.pid);
  }
  await clients;
  for (const bypass of bypasses) await watch.told(({ pid }) => pid === bypass);
  assert.ok(bypasses.length > 0);
  assert.ok(watch.lines.every(({ event }) => event === "bypass"), JSON.stringify(watch.lines));
  const sorted = (pids: number[]) => pids.toSorted((one, other) => one - other);
  assert.deepEqual(sorted(watch.lines.map(({ pid }) => pid)), sorted(bypasses));
});

watchTest("a Postern that starts anew is known as Postern", async ({ gate, socket }) => {
  const path = `${gate.directory}/again.sock`;
  const configure = {
    upstream: socket,
    listeners: [{ socket: path, mode: "0666", policy: "full" }],
  };
  const first = await RunningGate.serve(configure);
  await using watch = await RunningWatch.start(`${first.directory}/postern.yaml`, ["--all"]);
  await exchange(path, get("/_ping"));
  await watch.told(({ event, pid }) => event === "postern" && pid === first.pid);
  await first[Symbol.asyncDispose]();
  await using second = await RunningGate.serve(configure);
  await exchange(path, get("/_ping"));
  await watch.told(({ event, pid }) => event === "postern" && pid === second.pid);
  assert.ok(watch.lines.every(({ event }) => event === "postern"), JSON.stringify(watch.lines));
});

watchTest(
  "an engine that starts anew is followed to its new socket",
  async ({ folder, config }) => {
    const socket = `${folder}/e.sock`;
    const first = new RecordingEngine(socket);
    const text = (await Deno.readTextFile(config)).replace(`${folder}/d.sock`, socket);
    const other = `${folder}/postern.yaml`;
    await Deno.writeTextFile(other, text, { mode: 0o600 });
    await using watch = await RunningWatch.start(other);
    const [bpftrace] = watch.children();
    first[Symbol.dispose]();
    // Deno takes the file away a moment after the listener is closed.
    await until(() => !exists(socket), "the first engine's socket is gone");
    using _second = new RecordingEngine(socket);
    await run("env", ...connect(socket));
    await watch.told(({ command }) => command?.at(-1) === `UNIX-CONNECT:${socket}`);
    // Another bpftrace takes over, for the new file.
    await until(() => {
      const children = watch.children();
      return children.length === 1 && children[0] !== bpftrace;
    }, "another bpftrace runs");
    assert.equal(await run("env", ...connect(socket)), "");
    await until(() => watch.lines.length >= 2, "the second was told");
    assert.deepEqual(watch.lines.map(({ socket }) => socket), [socket, socket]);
  },
);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  watchTest(`${signal} ends it and its bpftrace`, async ({ config }) => {
    const watch = await RunningWatch.start(config);
    const children = watch.children();
    assert.equal(children.length, 1);
    assert.equal((await watch.stop(signal)).code, 0);
    assert.throws(() => Deno.statSync(`/proc/${children[0]}`), Deno.errors.NotFound);
  });
}

watchTest("when it is killed, its bpftrace ends by itself", async ({ config }) => {
  const watch = await RunningWatch.start(config);
  const [child] = watch.children();
  await watch.stop("SIGKILL");
  await until(() => {
    try {
      return Deno.readTextFileSync(`/proc/${child}/stat`).includes(") Z ");
    } catch {
      return true;
    }
  }, "bpftrace ended");
});

watchTest("when its bpftrace is killed, it ends with 3 and says so", async ({ config }) => {
  await using watch = await RunningWatch.start(config);
  Deno.kill(watch.children()[0]!, "SIGKILL");
  await until(() => watch.stderr.includes("bpftrace ended with"), "it said so");
  assert.equal((await watch.stop()).code, 3);
});

watchTest("--exec gets the facts of each bypass, and none of the gate's", async (scene) => {
  const { folder, socket, gate, config } = scene;
  const script = `${folder}/hook`;
  const text = `#!/bin/sh\n{ env; cat; } > "${folder}/$1.$POSTERN_PID"\n`;
  await Deno.writeTextFile(script, text, { mode: 0o755 });
  await using watch = await RunningWatch.start(config, ["--all", "--exec", `${script} 'a b'`]);
  await exchange(`${gate.directory}/docker.sock`, get("/_ping"));
  await run("env", "HOSTILE=() { :; }; touch /", ...connect(socket));
  const { pid } = await watch.told(({ event }) => event === "bypass");
  const file = `${folder}/a b.${pid}`;
  const read = () => {
    try {
      return Deno.readTextFileSync(file);
    } catch {
      return "";
    }
  };
  await until(() => read().endsWith("}\n"), "the hook has run");
  const lines = read().trimEnd().split("\n");
  const facts = Object.fromEntries(lines.slice(0, -1).map((line) => line.split(/=(.*)/s, 2)));
  const {
    POSTERN_UID,
    POSTERN_PID,
    POSTERN_EXE,
    POSTERN_SOCKET,
    POSTERN_RESULT,
    POSTERN_CONTAINER,
  } = facts;
  assert.deepEqual(
    [POSTERN_UID, POSTERN_PID, POSTERN_SOCKET, POSTERN_RESULT, POSTERN_CONTAINER],
    ["0", String(pid), socket, "connected", ""],
  );
  assert.match(POSTERN_EXE!, /\/socat/);
  assert.equal(JSON.parse(lines.at(-1)!).pid, pid);
  await watch.told(({ event }) => event === "postern");
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  assert.deepEqual(names.filter((name) => name.startsWith("a b.")), [`a b.${pid}`]);
});

engineTest("a container that mounts the real socket at another name is named", async () => {
  const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "pw-" });
  await using gate = await RunningGate.serve({
    upstream: engineSocket,
    listeners: [{ socket: "DIR/docker.sock", mode: "0666", policy: "full" }],
  });
  await using watch = await RunningWatch.start(`${gate.directory}/postern.yaml`);
  const host = ["/usr", "/lib", "/lib64"].flatMap((path) => ["-v", `${path}:${path}:ro`]);
  const mounts = ["-v", `${engineSocket}:/x/other.sock`, ...host];
  // Through the gate, so that docker itself is no bypass.
  const ran = await docker(`${gate.directory}/docker.sock`, [
    ...["run", "--network", "none", "--cidfile", `${folder}/id`, ...mounts, "bb"],
    ...["/usr/bin/socat", "-u", "OPEN:/dev/null", "UNIX-CONNECT:/x/other.sock"],
  ]);
  assert.equal(ran.code, 0, ran.err);
  const id = (await Deno.readTextFile(`${folder}/id`)).trim();
  const told = await watch.told(({ command }) => command?.at(-1) === "UNIX-CONNECT:/x/other.sock");
  assert.deepEqual([told.event, told.container, told.socket], ["bypass", id, engineSocket]);
  await docker(`${gate.directory}/docker.sock`, ["rm", "-f", id]);
  await Deno.remove(folder, { recursive: true });
}, missing);

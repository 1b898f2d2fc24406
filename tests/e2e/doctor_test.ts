// What doctor says of a real engine: who is connected to it around the gate, and the gate is not; what mounts its socket; where
// it listens without TLS.
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { type As, docker, engineTest, runAs, unique } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";
import { startPrivateEngine, which } from "../support/private_engine.ts";

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly title: string;
  readonly evidence: readonly string[];
  readonly fix: readonly string[];
}

const main = new URL("../../main.ts", import.meta.url).pathname;
/** The permissions that Postern has for its users, and the right to run the host's programs. */
const flags = [...manifest.tasks.start.split(" ").slice(1, -2), "--allow-run"];

/** doctor as a process of its own; the findings of one check. */
async function doctor(config: string, as?: As) {
  const { code, out, err } = await runAs(as, [
    ...[Deno.execPath(), ...flags, main, "doctor", "-c", config, "--json"],
  ], as === undefined ? {} : { env: { DENO_DIR: readableCache(), HOME: "/" } });
  assert.ok(code === 0 || code === 1, err);
  const report = JSON.parse(out) as { wrong: number; findings: Finding[] };
  assert.equal(code, report.wrong > 0 ? 1 : 0);
  return (check: string) => report.findings.filter((finding) => finding.check === check);
}

/** A copy of what Postern was loaded from, for users who may not read root's. */
function readableCache(): string {
  const copy = Deno.makeTempDirSync({ dir: "/tmp", prefix: "doctor-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(copy, { recursive: true }));
  const from = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
  new Deno.Command("cp", { args: ["-r", `${from}/npm`, copy] }).outputSync();
  new Deno.Command("chmod", { args: ["-R", "a+rwX", copy] }).outputSync();
  return copy;
}

const text = (findings: readonly Finding[]) =>
  findings.flatMap(({ title, evidence }) => [title, ...evidence]).join("\n");

/** Waits until something is as it should be. */
async function until(test: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await test()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("It did not come about in ten seconds");
}

const absent = ["socat", "unshare", "setpriv"].find((name) => which(name) === undefined);

engineTest("doctor before a real engine", async (t) => {
  const port = freePort();
  await using engine = await startPrivateEngine(["-H", `tcp://127.0.0.1:${port}`]);
  const { socket } = engine;
  const config = {
    upstream: socket,
    listeners: [{ socket: "DIR/gate.sock", mode: "0600", policy: "read-only" }],
  };
  const host = ["-v", "/usr:/usr:ro", "-v", "/lib:/lib:ro", "-v", "/lib64:/lib64:ro"];
  const started = async (...args: string[]) => {
    const { code, err } = await docker(socket, ["run", "-d", "--network", "none", ...args]);
    assert.equal(code, 0, err);
  };

  // In a network namespace of its own, as in a container without a network, the gate is known as well.
  for (const through of [[], ["unshare", "--net"]]) {
    const where = through.length === 0 ? "" : ", in a network namespace of its own";
    await t.step(`the gate's own connections are no finding${where}`, async () => {
      await using gate = await RunningGate.serve(config, {}, { through });
      const file = `${gate.directory}/postern.yaml`;
      await using _events = child("docker", "-H", `unix://${gate.directory}/gate.sock`, "events");
      await until(async () => (await connections(socket)) > 0);
      const found = await doctor(file);
      const holders = found("holders");
      assert.deepEqual(holders.map(({ level }) => level), ["fine"], text(holders));
      assert.match(holders[0]!.title, new RegExp(`nobody is connected to ${socket} but the gate`));
      assert.deepEqual(
        found("listeners").map(({ level }) => level),
        ["fine"],
        text(found("listeners")),
      );
      assert.deepEqual(
        found("containers").map(({ level }) => level),
        ["fine"],
        text(found("containers")),
      );
      assert.deepEqual(found("identity").map(({ level }) => level), ["advice"]);
    });
  }

  await using gate = await RunningGate.serve(config);
  const file = `${gate.directory}/postern.yaml`;

  await t.step("who is connected around the gate is named", async () => {
    await using events = child("docker", "-H", `unix://${socket}`, "events");
    await until(async () => (await connections(socket)) > 0);
    const [finding] = (await doctor(file))("holders");
    assert.equal(finding?.level, "wrong");
    assert.equal(finding.evidence.length, 1, text([finding]));
    assert.match(
      finding.evidence[0]!,
      new RegExp(`^pid ${events.pid}, .*docker, user root: is connected$`),
    );
    assert.ok(
      finding.fix.includes(
        `# export DOCKER_HOST=unix://${gate.directory}/gate.sock (policy read-only)`,
      ),
      finding.fix.join("\n"),
    );
  });

  await t.step("so is a container that is, by its id, and what it mounts", async () => {
    const name = unique("doctor");
    await started("--name", name, ...host, "-v", `${socket}:/s.sock:ro`, "bb", ...[
      ...["/usr/bin/socat", "UNIX-CONNECT:/s.sock", "EXEC:'sleep 600'"],
    ]);
    await until(async () => (await connections(socket)) > 0);
    const found = await doctor(file);
    const { out: id } = await docker(socket, ["inspect", "-f", "{{.Id}}", name]);
    const [holder] = found("holders");
    assert.equal(holder?.level, "wrong");
    assert.match(
      text([holder]),
      new RegExp(`socat, user root, container ${id.slice(0, 12)}: is connected`),
    );
    const [container] = found("containers");
    assert.equal(container?.level, "wrong");
    assert.match(text([container]), new RegExp(`${name} \\(bb, ${id.slice(0, 12)}\\)`));
    assert.match(text([container]), /-> \/s\.sock, read-only, which keeps nobody from connecting/);
    // The engine has told of it: it is not told twice.
    assert.deepEqual(found("mounted").filter((one) => text([one]).includes(id.slice(0, 12))), []);
    await docker(socket, ["rm", "-f", name]);
  });

  await t.step(
    "a folder that holds the socket counts, and so does --privileged",
    async () => {
      const name = unique("doctor");
      const folder = socket.replace(/\/[^/]*$/, "");
      const other = unique("other");
      // Not started: not every machine that tests has all capabilities to give.
      const create = ["create", "--network", "none", "--privileged", "--name", name];
      assert.equal(
        (await docker(socket, [...create, "-v", `${folder}:/host`, "bb", "true"])).code,
        0,
      );
      await started("--name", other, "-v", `${folder}/data:/data`, "bb", "sleep", "600");
      const found = await doctor(file);
      assert.match(text(found("containers")), new RegExp(`${folder} -> /host, which holds it`));
      assert.match(text(found("containers")), /it is stopped, and can be started/);
      assert.doesNotMatch(text(found("containers")), new RegExp(other));
      const [privileged] = found("privileged").filter((one) => one.title.includes(name));
      assert.equal(privileged?.level, "wrong");
      await docker(socket, ["rm", "-f", name, other]);
    },
  );

  await t.step("what no engine tells of is found by its mounts", async () => {
    const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "doctor-" });
    await Deno.writeTextFile(`${folder}/s`, "");
    const script = `mount --bind ${socket} ${folder}/s && touch ${folder}/done && exec sleep 600`;
    {
      await using _strange = child(
        ...["unshare", "--mount", "--pid", "--fork", "--kill-child"],
        ...["sh", "-c", script],
      );
      await until(() => Promise.resolve(exists(`${folder}/done`)));
      const found = (await doctor(file))("mounted").filter((one) =>
        text([one]).includes(`${folder}/s`)
      );
      assert.deepEqual(found.map(({ level }) => level), ["wrong"]);
      assert.match(text(found), new RegExp(`a container has ${socket} mounted`));
    }
    await Deno.remove(folder, { recursive: true });
  });

  await t.step("a TCP port without TLS is found, and asked", async () => {
    const found = (await doctor(file))("tcp").filter((one) => text([one]).includes(`:${port}`));
    assert.deepEqual(found.map(({ level }) => level), ["wrong"]);
    assert.match(
      text(found),
      new RegExp(`^tcp://127\\.0\\.0\\.1:${port} \\(dockerd, pid \\d+\\)$`, "m"),
    );
    assert.match(
      text(found),
      new RegExp(`^127\\.0\\.0\\.1:${port} answers a ping without TLS`, "m"),
    );
  });

  await t.step("another user is told what cannot be known, and nothing untrue", async () => {
    await using _events = child("docker", "-H", `unix://${socket}`, "events");
    await until(async () => (await connections(socket)) > 0);
    const open = { ...config, listeners: [{ ...config.listeners[0], mode: "0666" }] };
    await using readable = await RunningGate.serve(open);
    const theirs = `${readable.directory}/postern.yaml`;
    await Deno.chmod(theirs, 0o644);
    const found = await doctor(theirs, { uid: 65534 });
    assert.deepEqual(
      found("holders").map(({ level }) => level),
      ["unknown"],
      text(found("holders")),
    );
    assert.deepEqual(found("holders")[0]!.fix, [`sudo postern doctor -c ${theirs}`]);
    // Through the gate it may read what the real socket does not tell it.
    assert.deepEqual(
      found("containers").map(({ level }) => level),
      ["fine"],
      text(found("containers")),
    );
  });
}, absent && `${absent} not found`);

/** Processes that are connected to a socket, in whichever network namespace, by /proc/PID/net/unix. */
async function connections(socket: string): Promise<number> {
  const namespaces = new Map<string, string>();
  for (const { name } of Deno.readDirSync("/proc")) {
    const path = `/proc/${name}/ns/net`;
    try {
      if (/^[0-9]+$/.test(name)) namespaces.set(Deno.readLinkSync(path), `/proc/${name}/net/unix`);
    } catch { /* it has ended */ }
  }
  const tables = await Promise.all(
    [...namespaces.values()].map((path) => Deno.readTextFile(path).catch(() => "")),
  );
  // __SO_ACCEPTCON is the listener's.
  return tables.join("\n").split("\n").filter((line) =>
    line.endsWith(` ${socket}`) && !line.includes(" 00010000 ")
  ).length;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A process that ends with its block. */
function child(program: string, ...args: string[]): AsyncDisposable & { readonly pid: number } {
  const process = new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    pid: process.pid,
    async [Symbol.asyncDispose]() {
      try {
        process.kill("SIGKILL");
      } catch { /* it ended by itself */ }
      await process.status;
    },
  };
}

// A user with the policy full: every command of the docker CLI ends as it does without Postern, with the same bytes.
import assert from "node:assert/strict";
import {
  type As,
  buildkitCli,
  docker,
  type DockerOptions,
  engineSocket,
  engineTest,
  runAs,
  unique,
} from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";

const ops: As = { uid: 1001 };

/** A gate whose only socket is full for uid 1001. */
function fullGate(): Promise<RunningGate> {
  return RunningGate.serve({
    upstream: engineSocket,
    listeners: [{ socket: "DIR/ops.sock", mode: "0600", user: ops.uid, policy: "full" }],
  });
}

/** Runs one command past the gate and one through it, and holds code, output and errors against each other. */
async function same(
  gate: RunningGate,
  args: (name: string) => readonly string[],
  options: DockerOptions & { readonly hide?: RegExp } = {},
): Promise<{ code: number; out: string; err: string; bytes: Uint8Array }> {
  const { hide, ...rest } = options;
  const [a, b] = [unique("direct"), unique("gated")];
  const direct = await docker(engineSocket, args(a), rest);
  const gated = await docker(`${gate.directory}/ops.sock`, args(b), { as: ops, ...rest });
  const plain = (text: string, name: string) =>
    (hide === undefined ? text : text.replace(hide, "")).replaceAll(name, "NAME");
  assert.deepEqual(
    { code: gated.code, out: plain(gated.out, b), err: plain(gated.err, b) },
    { code: direct.code, out: plain(direct.out, a), err: plain(direct.err, a) },
  );
  if (hide === undefined && direct.out === gated.out) assert.deepEqual(gated.bytes, direct.bytes);
  return gated;
}

/** A container that runs until it is removed. */
async function running(command = "echo up; while :; do sleep 1; done"): Promise<string> {
  const name = unique("run");
  const args = ["run", "-d", "--name", name, "--network", "none", "bb", "sh", "-c", command];
  const { code, err } = await docker(engineSocket, args);
  assert.equal(code, 0, err);
  return name;
}

const remove = (name: string) => docker(engineSocket, ["rm", "-f", name]);
const sh = (name: string, command: string, ...flags: string[]) => [
  ...["run", "--rm", "--name", name, "--network", "none", ...flags],
  ...["bb", "sh", "-c", command],
];

engineTest("full: version and info", async () => {
  await using gate = await fullGate();
  const version = await same(gate, () => ["version"]);
  assert.match(version.out, /Server:/);
  const info = await same(gate, () => ["info"], {
    hide: /(System Time|Goroutines|File Des|Runtimes).*/g,
  });
  assert.match(info.out, /Docker Root Dir: /);
});

engineTest("full: ps", async () => {
  await using gate = await fullGate();
  const name = await running();
  const args = ["ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.State}}"];
  const ps = await same(gate, () => args);
  assert.ok(ps.out.includes(` ${name} running\n`));
  await remove(name);
});

engineTest("full: run gives output, errors and exit code", async () => {
  await using gate = await fullGate();
  const ran = await same(gate, (name) => sh(name, "echo out; echo err >&2; exit 7"));
  assert.deepEqual([ran.code, ran.out, ran.err], [7, "out\n", "err\n"]);
});

engineTest("full: run of a command that is not there", async () => {
  await using gate = await fullGate();
  const ran = await same(
    gate,
    (name) => ["run", "--rm", "--name", name, "--network", "none", "bb", "no-such-command"],
    // The command line of 20.10 cancels its own wait after a failed start, and says so when that comes before the answer.
    { hide: /^time=.* msg="error waiting for container: context canceled"\n/gm },
  );
  assert.equal(ran.code, 127);
});

engineTest("full: run -i ends by itself when its piped input ends", async () => {
  await using gate = await fullGate();
  const ran = await same(gate, (name) => sh(name, "cat; echo; wc -c </dev/null", "-i"), {
    stdin: "piped input",
  });
  assert.deepEqual([ran.code, ran.out], [0, "piped input\n0\n"]);
});

engineTest("full: run -t under a terminal, with its size and its keys", async () => {
  await using gate = await fullGate();
  const told = await Promise.all(
    [engineSocket, `${gate.directory}/ops.sock`].map(async (socket) => {
      // The command line tells the size after the start.
      const size = 'until [ "$(stty size 2>/dev/null)" ]; do sleep 0.1; done; stty size';
      const inside = `read line; echo got $line; tty; ${size}; exit 5`;
      const name = unique("tty");
      const command = `stty rows 33 cols 99; docker run --rm -it --name ${name} --network none ` +
        `bb sh -c '${inside}'`;
      const as = socket === engineSocket ? undefined : ops;
      // script(1) drops output when its own input has ended.
      const typing = `(echo typed; sleep 3) | script -qec "$0" /dev/null`;
      return await runAs(as, ["sh", "-c", typing, command], {
        env: { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: "/nonexistent", SHELL: "/bin/sh" },
      });
    }),
  );
  assert.deepEqual(told[1], told[0]);
  assert.equal(told[1]!.code, 5);
  assert.match(told[1]!.out, /got typed\r\n\/dev\/pts\/0\r\n33 99\r\n/);
});

engineTest("full: exec -i, with its exit code", async () => {
  await using gate = await fullGate();
  const name = await running();
  const args = ["exec", "-i", name, "sh", "-c", "cat; echo err >&2; exit 9"];
  const ran = await same(gate, () => args, { stdin: "to exec\n" });
  assert.deepEqual([ran.code, ran.out, ran.err], [9, "to exec\n", "err\n"]);
  await remove(name);
});

engineTest("full: exec -d runs and leaves", async () => {
  await using gate = await fullGate();
  const name = await running();
  const detached = await same(gate, () => ["exec", "-d", name, "touch", "/tmp/detached"]);
  assert.equal(detached.code, 0);
  const listed = await same(gate, () => ["exec", name, "ls", "/tmp"]);
  assert.equal(listed.out, "detached\n");
  await remove(name);
});

engineTest("full: attach sees what comes and gives the exit code", async () => {
  await using gate = await fullGate();
  const outcomes = [];
  for (const socket of [engineSocket, `${gate.directory}/ops.sock`]) {
    const name = unique("attach");
    const create = ["create", "-i", "--name", name, "--network", "none", "bb"];
    await docker(engineSocket, [...create, "sh", "-c", "read line; echo got $line; exit 6"]);
    await docker(engineSocket, ["start", name]);
    const as = socket === engineSocket ? {} : { as: ops };
    outcomes.push(await docker(socket, ["attach", name], { ...as, stdin: "hello\n" }));
    await remove(name);
  }
  assert.deepEqual(outcomes[1], outcomes[0]);
  assert.deepEqual([outcomes[1]!.code, outcomes[1]!.out], [6, "got hello\n"]);
});

engineTest("full: start -ai attaches before it starts", async () => {
  await using gate = await fullGate();
  const name = unique("start");
  const create = ["create", "-i", "--name", name, "--network", "none", "bb", "sh", "-c"];
  await docker(engineSocket, [...create, "cat; exit 4"]);
  const ran = await same(gate, () => ["start", "-ai", name], { stdin: "again" });
  assert.deepEqual([ran.code, ran.out], [4, "again"]);
  await remove(name);
});

engineTest("full: logs -f follows until the container ends", async () => {
  await using gate = await fullGate();
  const name = await running("for i in 1 2 3; do echo line $i; echo err $i >&2; sleep 1; done");
  const ran = await docker(`${gate.directory}/ops.sock`, ["logs", "-f", name], { as: ops });
  assert.deepEqual([ran.code, ran.out], [0, "line 1\nline 2\nline 3\n"]);
  assert.equal(ran.err, "err 1\nerr 2\nerr 3\n");
  await same(gate, () => ["logs", "--timestamps", name]);
  await remove(name);
});

engineTest("full: cp both ways", async () => {
  await using gate = await fullGate();
  const name = await running();
  const directory = `${gate.directory}/files`;
  await Deno.mkdir(`${directory}/in`, { recursive: true });
  await Deno.chmod(directory, 0o777);
  const data = crypto.getRandomValues(new Uint8Array(60_000));
  await Deno.writeFile(`${directory}/in/data`, data);
  await same(gate, () => ["cp", `${directory}/in`, `${name}:/tmp/in`]);
  const out = `${directory}/out`;
  const copied = await docker(`${gate.directory}/ops.sock`, ["cp", `${name}:/tmp/in/data`, out], {
    as: ops,
  });
  assert.equal(copied.code, 0, copied.err);
  assert.deepEqual(await Deno.readFile(out), data);
  const tar = await same(gate, () => ["cp", `${name}:/tmp/in`, "-"]);
  assert.equal(tar.code, 0);
  const missing = await same(gate, () => ["cp", `${name}:/no/such/file`, "-"]);
  assert.equal(missing.code, 1);
  await remove(name);
});

engineTest("full: save | load", async () => {
  await using gate = await fullGate();
  const tag = unique("saved");
  await docker(engineSocket, ["tag", "bb", tag]);
  const saved = await same(gate, () => ["save", tag]);
  assert.equal(saved.code, 0);
  await docker(engineSocket, ["rmi", tag]);
  const loaded = await docker(`${gate.directory}/ops.sock`, ["load"], {
    as: ops,
    stdin: saved.bytes,
  });
  assert.deepEqual([loaded.code, loaded.out], [0, `Loaded image: ${tag}:latest\n`]);
  assert.equal((await same(gate, () => ["inspect", tag])).code, 0);
  await docker(engineSocket, ["rmi", tag]);
});

async function buildContext(gate: RunningGate): Promise<string> {
  const directory = `${gate.directory}/context`;
  await Deno.mkdir(directory);
  await Deno.chmod(directory, 0o755);
  await Deno.writeTextFile(`${directory}/file`, "from the context\n");
  const steps = ["FROM bb", "ARG WHO=nobody", "COPY file /file", "RUN echo $WHO >>/file"];
  await Deno.writeTextFile(`${directory}/Dockerfile`, `${steps.join("\n")}\n`);
  return directory;
}

const builders = [
  { title: "the classic builder", cli: "docker", env: { DOCKER_BUILDKIT: "0" } },
  {
    title: "BuildKit",
    cli: buildkitCli,
    env: { DOCKER_BUILDKIT: "1", BUILDKIT_PROGRESS: "plain" },
  },
];
for (const { title, ...builder } of builders) {
  engineTest(`full: build with ${title}`, async () => {
    await using gate = await fullGate();
    const cwd = await buildContext(gate);
    const socket = `${gate.directory}/ops.sock`;
    const tag = unique("built");
    const args = ["build", "--network", "none", "--build-arg", `WHO=${tag}`, "-t", tag, "."];
    const built = await docker(socket, args, { as: ops, cwd, ...builder });
    assert.equal(built.code, 0, built.err);
    const ran = await same(gate, (name) => ["run", "--rm", "--name", name, tag, "cat", "/file"]);
    assert.equal(ran.out, `from the context\n${tag}\n`);
    await docker(engineSocket, ["rmi", tag]);

    await Deno.writeTextFile(`${cwd}/Dockerfile`, `FROM bb\nRUN echo ${tag}; exit 3\n`);
    const failing = ["build", "--network", "none", "."];
    const failed = await docker(socket, failing, { as: ops, cwd, ...builder });
    assert.notEqual(failed.code, 0);
    assert.match(failed.err, /3/);
  });
}

engineTest("full: events that end, and events that are followed", async () => {
  await using gate = await fullGate();
  const name = await running();
  const filter = ["events", "--filter", `container=${name}`, "--format", "{{.Status}} {{.Time}}"];
  const soon = String(Math.floor(Date.now() / 1000) + 2);
  const past = await same(gate, () => [...filter, "--since", "1h", "--until", soon]);
  assert.match(past.out, /^create \d+\nstart \d+\n$/);
  const until = String(Math.floor(Date.now() / 1000) + 3);
  const following = docker(`${gate.directory}/ops.sock`, [...filter, "--until", until], {
    as: ops,
  });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await docker(engineSocket, ["kill", name]);
  assert.match((await following).out, /^create \d+\nstart \d+\nkill \d+\ndie \d+\n/);
  await remove(name);
});

engineTest("full: stats and top", async () => {
  await using gate = await fullGate();
  const name = await running();
  const format = ["--no-stream", "--format", "{{.Name}}"];
  const stats = await same(gate, () => ["stats", ...format, name]);
  assert.equal(stats.out, `${name}\n`);
  const top = await same(gate, () => ["top", name, "-o", "pid,args"], { hide: /\d+ sleep 1\n/g });
  assert.match(top.out, /while :; do sleep 1/);
  await remove(name);
});

engineTest("full: wait gives the code that the container ends with", async () => {
  await using gate = await fullGate();
  const name = await running("sleep 2; exit 42");
  const waited = await docker(`${gate.directory}/ops.sock`, ["wait", name], { as: ops });
  assert.deepEqual([waited.code, waited.out], [0, "42\n"]);
  await remove(name);
});

engineTest("full: rm -f, and the engine's own errors word for word", async () => {
  await using gate = await fullGate();
  const socket = `${gate.directory}/ops.sock`;
  const name = await running();
  const removed = await docker(socket, ["rm", "-f", name], { as: ops });
  assert.deepEqual([removed.code, removed.out], [0, `${name}\n`]);
  for (const args of [["rm", name], ["start", name], ["rmi", "no-such-image"], ["pull", "bb:no"]]) {
    const failed = await same(gate, () => args, { hide: /read udp \S+/g });
    assert.equal(failed.code, 1);
  }
});

// Who is connected to a real engine around the gate, and the gate is not; what mounts its socket.
import assert from "node:assert/strict";
import { docker, engineTest, unique } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";
import { startPrivateEngine, which } from "../support/private_engine.ts";
import { child, connections, doctor, levels, text, until } from "../support/running_doctor.ts";

const absent = ["socat", "unshare", "setpriv"].find((name) => which(name) === undefined);

engineTest("doctor before a real engine", async (t) => {
  await using engine = await startPrivateEngine();
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
      assert.deepEqual(levels(holders), ["fine"], text(holders));
      assert.match(holders[0]!.title, new RegExp(`nobody is connected to ${socket} but the gate`));
      assert.deepEqual(levels(found("listeners")), ["fine"], text(found("listeners")));
      assert.deepEqual(levels(found("containers")), ["fine"], text(found("containers")));
      assert.deepEqual(levels(found("identity")), ["advice"]);
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

    // Made anew as the fix says, it is served and no finding.
    const mount = /^# -v (\S+) \(policy read-only\)$/.exec(container.fix.at(-1)!)?.[1];
    assert.equal(mount, `${gate.directory}/gate.sock:/s.sock`);
    await started("--name", name, ...host, "-v", mount!, "bb", ...[
      ...["/usr/bin/socat", "UNIX-CONNECT:/s.sock", "EXEC:'sleep 600'"],
    ]);
    await until(async () => (await connections(`${gate.directory}/gate.sock`)) > 0);
    const after = await doctor(file);
    assert.deepEqual(levels(after("holders")), ["fine"], text(after("holders")));
    assert.deepEqual(levels(after("containers")), ["fine"], text(after("containers")));
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

  await t.step("what else containers can have of the host is told by their settings", async () => {
    const given = [
      {
        level: "wrong",
        words: ["--device-cgroup-rule", "b *:* rwm"],
        says: /rule 'b \*:\* rwm': /,
      },
      {
        level: "wrong",
        words: ["-v", "/etc/cron.d:/x"],
        says: /^-v \/etc\/cron\.d:\/x: root runs/m,
      },
      { level: "wrong", words: ["--device", "/dev/sda"], says: /^--device \/dev\/sda: /m },
      {
        level: "advice",
        words: ["--security-opt", "systempaths=unconfined"],
        says: /systempaths=unconfined: nothing/,
      },
      { level: "fine", words: ["-v", "/srv:/srv", "--cap-drop", "ALL"], says: /no container/ },
    ];
    for (const { level, words, says } of given) {
      const name = unique("given");
      const { code, err } = await docker(socket, [
        ...["create", "--network", "none", "--name", name, ...words, "bb", "true"],
      ]);
      assert.equal(code, 0, err);
      const all = (await doctor(file))("privileged");
      const found = level === "fine" ? all : all.filter(({ title }) => title.includes(name));
      assert.deepEqual(levels(found), [level], text(all));
      assert.match(text(found), says);
      await docker(socket, ["rm", "-f", name]);
    }
  });

  await t.step("a volume that is bound to that folder counts, started or not", async () => {
    const name = unique("doctor");
    const volume = unique("volume");
    const folder = socket.replace(/\/[^/]*$/, "");
    await docker(socket, ["volume", "create", "-o", "o=bind", "-o", "type=none", ...[
      ...["-o", `device=${folder}`, volume],
    ]]);
    const own = ["--network", "none", "--name", name, "-v", `${volume}:/v`, "bb", "sleep", "600"];
    for (
      const [verb, state] of [[["create"], /it is stopped/], [["run", "-d"], /it runs/]] as const
    ) {
      const made = await docker(socket, [...verb, ...own]);
      assert.equal(made.code, 0, made.err);
      const found = await doctor(file);
      const told = text(found("containers"));
      assert.ok(told.includes(`${folder} -> /v, which holds it, by the volume ${volume}`), told);
      assert.match(told, state);
      assert.deepEqual(found("mounted").filter((one) => text([one]).includes("/v/d.sock")), []);
      await docker(socket, ["rm", "-f", name]);
    }
    await docker(socket, ["volume", "rm", volume]);
  });

  await t.step("socat that waits for somebody is found, and is no holder until then", async () => {
    const place = `${gate.directory}/relay.sock`;
    await using relay = child(
      "socat",
      `UNIX-LISTEN:${place},mode=600,fork`,
      `UNIX-CONNECT:${socket}`,
    );
    await until(() => exists(place));
    const found = await doctor(file);
    assert.deepEqual(levels(found("holders")), ["fine"], text(found("holders")));
    assert.deepEqual(levels(found("relays")), ["wrong"]);
    assert.match(
      text(found("relays")),
      new RegExp(`^pid ${relay.pid}, .*: UNIX-CONNECT:${socket}$`, "m"),
    );
    assert.ok(found("relays")[0]!.fix[0]!.includes(`{ socket: ${place}, policy: read-only }`));
    await using _events = child("docker", "-H", `unix://${place}`, "events");
    await until(async () => (await connections(socket)) > 0);
    assert.deepEqual(levels((await doctor(file))("holders")), ["wrong"]);
  });

  await t.step("what no engine tells of is found by its mounts", async () => {
    const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "doctor-" });
    await Deno.writeTextFile(`${folder}/s`, "");
    const script = `mount --bind ${socket} ${folder}/s && touch ${folder}/done && exec sleep 600`;
    {
      await using _strange = child(
        ...["unshare", "--mount", "--pid", "--fork", "--kill-child"],
        ...["sh", "-c", script],
      );
      await until(() => exists(`${folder}/done`));
      const found = (await doctor(file))("mounted").filter((one) =>
        text([one]).includes(`${folder}/s`)
      );
      assert.deepEqual(levels(found), ["wrong"]);
      assert.match(text(found), new RegExp(`a container has ${socket} mounted`));
    }
    await Deno.remove(folder, { recursive: true });
  });

  await t.step("a socket that is named by links is the same one", async () => {
    const link = `${gate.directory}/link`;
    await Deno.symlink(socket.replace(/\/[^/]*$/, ""), link);
    await using linked = await RunningGate.serve({ ...config, upstream: `${link}/d.sock` });
    await using events = child("docker", "-H", `unix://${socket}`, "events");
    await until(async () => (await connections(socket)) > 0);
    const found = await doctor(`${linked.directory}/postern.yaml`);
    assert.match(
      text(found("real-socket")),
      new RegExp(`^${socket} \\(${link}/d.sock leads there`),
    );
    assert.match(text(found("holders")), new RegExp(`pid ${events.pid},`));
  });

  await t.step("an engine that does not answer keeps nothing else from being told", async () => {
    const pid = Number(await Deno.readTextFile(socket.replace(/d\.sock$/, "pid")));
    await using events = child("docker", "-H", `unix://${socket}`, "events");
    await until(async () => (await connections(socket)) > 0);
    Deno.kill(pid, "SIGSTOP");
    try {
      const found = await doctor(file);
      assert.deepEqual(levels(found("containers")), ["unknown"]);
      assert.match(text(found("containers")), /does not answer within \d+ s/);
      assert.match(text(found("holders")), new RegExp(`pid ${events.pid},`));
      assert.deepEqual(levels(found("live-restore")), []);
    } finally {
      Deno.kill(pid, "SIGCONT");
    }
  });

  await t.step("another user is told what cannot be known, and nothing untrue", async () => {
    await using _events = child("docker", "-H", `unix://${socket}`, "events");
    await until(async () => (await connections(socket)) > 0);
    const open = { ...config, listeners: [{ ...config.listeners[0], mode: "0666" }] };
    await using readable = await RunningGate.serve(open);
    const theirs = `${readable.directory}/postern.yaml`;
    await Deno.chmod(theirs, 0o644);
    const found = await doctor(theirs, { as: { uid: 65534 } });
    assert.deepEqual(levels(found("holders")), ["unknown"], text(found("holders")));
    assert.deepEqual(found("holders")[0]!.fix, [`sudo postern doctor -c ${theirs}`]);
    // Through the gate it may read what the real socket does not tell it.
    assert.deepEqual(levels(found("containers")), ["fine"], text(found("containers")));
  });
}, absent && `${absent} not found`);

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

// Who may connect to a real engine's socket, and that what doctor says is to be typed makes it right.
import assert from "node:assert/strict";
import { engineTest } from "../support/docker.ts";
import { missingForPrivateEtc, PrivateEtc } from "../support/private_etc.ts";
import { startPrivateEngine, which } from "../support/private_engine.ts";
import { doctor, doctorSays, levels, text, typed } from "../support/running_doctor.ts";

const absent = missingForPrivateEtc() ??
  ["setfacl", "getent", "gpasswd", "groupadd"].find((name) => which(name) === undefined);

engineTest("what doctor says of a real socket, and what it says to type", async (t) => {
  await using engine = await startPrivateEngine();
  await using etc = await PrivateEtc.start();
  const { through } = etc;
  const { socket } = engine;
  const folder = socket.replace(/\/[^/]*$/, "");
  const config = "/etc/postern/postern.yaml";
  const configure = async (upstream: string) => {
    await Deno.mkdir(`${etc.root}/etc/postern`, { recursive: true });
    const text =
      `upstream: ${upstream}\nlisteners: [{ socket: /run/p/ci.sock, policy: read-only }]\n`;
    await Deno.writeTextFile(`${etc.root}${config}`, text);
  };
  await configure(socket);
  const asked = (check: string) => doctor(config, { through }).then((found) => found(check));
  /** One finding, typed; then there is none. */
  const mended = async (check: string, says: RegExp) => {
    const before = (await asked(check)).filter(({ level }) => level === "wrong");
    assert.equal(before.length, 1, text(before));
    assert.match(text(before), says);
    await typed(before[0]!, through);
    const after = await asked(check);
    assert.deepEqual(levels(after), ["fine"], text(after));
    return before[0]!;
  };
  // No docker group of the machine's is to be here, nor one of an earlier run's.
  const groups = (lines: string) =>
    Deno.writeTextFile(`${etc.root}/etc/group`, `root:x:0:\nnogroup:x:65534:\n${lines}`);
  await groups("docker:x:4711:\n");
  // Nor users whose groups are gone: a new one gets the number of theirs.
  await Deno.writeTextFile(
    `${etc.root}/etc/passwd`,
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n",
  );
  await Deno.chown(socket, 0, 4711);

  await t.step("as docker makes it, it is fine", async () => {
    const found = await doctor(config, { through });
    assert.deepEqual(levels(found("real-socket")), ["fine"]);
    assert.equal(found("real-socket")[0]!.title, `${socket}: 0660 root:docker`);
    assert.deepEqual(levels(found("socket-group")), ["fine"]);
  });

  await t.step("a mode for everybody", async () => {
    await Deno.chmod(socket, 0o666);
    await mended("real-socket", new RegExp(`^${socket}: 0666 root:docker$`, "m"));
    // harden has given it to a group of the gate's own.
    assert.match((await asked("real-socket"))[0]!.title, /: 0660 root:postern-engine$/);
    await Deno.chown(socket, 0, 4711);
  });

  await t.step("another owner", async () => {
    await Deno.chown(socket, 65534, 4711);
    await mended("real-socket", /: 0660 nobody:docker$/m);
    await Deno.chown(socket, 0, 4711);
  });

  await t.step("an access control list", async () => {
    await new Deno.Command("setfacl", { args: ["-m", "u:nobody:rw", socket] }).output();
    await mended("real-socket", /^user:nobody$/m);
  });

  await t.step("a folder that others may write, and one that is another user's", async () => {
    await Deno.chmod(folder, 0o777);
    await mended("real-socket", new RegExp(`^${folder}: 0777 root:root$`, "m"));
    await Deno.chown(folder, 65534, 0);
    await Deno.chmod(folder, 0o775);
    await mended("real-socket", new RegExp(`^${folder}: 0775 nobody:root$`, "m"));
  });

  await t.step("members of its group, and whose primary group it is", async () => {
    await Deno.writeTextFile(
      `${etc.root}/etc/passwd`,
      "root:x:0:0:root:/root:/bin/sh\nalice:x:5001:65534::/:/bin/sh\nci:x:5002:4711::/:/bin/sh\n" +
        "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n",
    );
    await groups("docker:x:4711:alice\n");
    const finding = await mended("socket-group", /^alice: listed in \/etc\/group$/m);
    assert.match(finding.title, /^2 users of the group docker may connect/);
    assert.match(text([finding]), /^ci: it is the primary group/m);
    // The other way that is named: out of the group.
    await Deno.chown(socket, 0, 4711);
    const [, out] = /^# or takes alice out: (.*)$/.exec(finding.fix.at(-1)!)!;
    await typed({ ...finding, fix: [out!] }, through);
    assert.deepEqual((await asked("socket-group"))[0]!.evidence, [
      "ci: it is the primary group (/etc/passwd)",
    ]);
    await groups("docker:x:4711:\n");
    await Deno.chown(socket, 0, 0);
  });

  await t.step("a file in its place, and what docker run -v makes when there is none", async () => {
    const place = `${folder}/gone/docker.sock`;
    await configure(place);
    const nothing = await asked("real-socket");
    assert.deepEqual(levels(nothing), ["unknown"]);
    await Deno.mkdir(place, { recursive: true });
    const [found] = await asked("real-socket");
    assert.equal(found?.level, "wrong");
    assert.match(found.title, /is no socket$/);
    // The second line of the fix starts the machine's own engine anew: not here.
    await typed({ ...found, fix: found.fix.filter((line) => !line.startsWith("systemctl")) });
    assert.deepEqual(levels(await asked("real-socket")), ["unknown"]);
  });

  await t.step("without a configuration, $DOCKER_HOST names it", async () => {
    await Deno.remove(`${etc.root}${config}`);
    const at = (DOCKER_HOST: string) =>
      doctorSays([], { through: [...through, ...["env", "-C", folder]], env: { DOCKER_HOST } });
    const there = await at(`unix://${socket}`);
    assert.match(there.out, new RegExp(`^ {2}fine {4}${socket}: 0660`, "m"), there.out);
    assert.equal(there.err, "");
    const remote = await at("tcp://192.0.2.1:2375");
    assert.match(remote.err, /DOCKER_HOST=tcp:\/\/192\.0\.2\.1:2375 is no unix socket/);
    assert.match(remote.out, /\/run\/docker\.sock/);
  });
}, absent);

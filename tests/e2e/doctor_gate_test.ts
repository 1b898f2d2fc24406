// What doctor says of a gate that runs: its sockets, its user, its records and its unit.
import assert from "node:assert/strict";
import { engineTest } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";
import { missingForPrivateEtc, PrivateEtc } from "../support/private_etc.ts";
import { startPrivateEngine, which } from "../support/private_engine.ts";
import { doctor, levels, text, typed } from "../support/running_doctor.ts";

const absent = missingForPrivateEtc() ??
  ["systemd-analyze", "systemctl", "useradd"].find((name) => which(name) === undefined);

engineTest("what doctor says of a gate, and what it says to type", async (t) => {
  await using engine = await startPrivateEngine();
  const config = {
    upstream: engine.socket,
    listeners: [
      {
        socket: "DIR/ci/ci.sock",
        mode: "0660",
        user: "root",
        group: "daemon",
        policy: "read-only",
      },
    ],
  };
  const files = { "ci/keep": "" };
  await using gate = await RunningGate.serve(config, files);
  const { directory } = gate;
  const file = `${directory}/postern.yaml`;
  const socket = `${directory}/ci/ci.sock`;
  const look = async (check: string) => (await doctor(file))(check);
  const wrong = async (check: string) => {
    const found = (await look(check)).filter(({ level }) => level === "wrong");
    assert.equal(found.length, 1, text(found));
    return found[0]!;
  };
  const fine = async (check: string) => {
    const found = await look(check);
    assert.deepEqual(levels(found), ["fine"], text(found));
  };

  await t.step("open as configured is fine", async () => {
    await fine("configuration");
    await fine("listeners");
    await fine("audit-folder");
  });

  await t.step("another mode and owner than configured", async () => {
    // It would set them right itself.
    Deno.kill(gate.pid, "SIGSTOP");
    try {
      await Deno.chown(socket, 1, 65534);
      await Deno.chmod(socket, 0o666);
      const finding = await wrong("listeners");
      assert.match(text([finding]), /^there: 0666 daemon:nogroup$/m);
      assert.match(text([finding]), /^configured at .*postern\.yaml:\d+: 0660 root:daemon$/m);
      await typed(finding);
      await fine("listeners");
    } finally {
      Deno.kill(gate.pid, "SIGCONT");
    }
  });

  await t.step("a folder in which others can replace it", async () => {
    await Deno.chmod(`${directory}/ci`, 0o777);
    await Deno.chown(`${directory}/ci`, 65534, 0);
    const finding = await wrong("listeners");
    assert.match(text([finding]), new RegExp(`^${directory}/ci: 0777 nobody:root$`, "m"));
    await typed(finding);
    await fine("listeners");
  });

  await t.step("records that others can change", async () => {
    await Deno.chmod(`${directory}/audit.jsonl`, 0o666);
    const finding = await wrong("audit-folder");
    await typed(finding);
    await fine("audit-folder");
  });

  await t.step("root, and another user with run_as", async () => {
    assert.deepEqual(levels(await look("identity")), ["advice"]);
    await using dropped = await RunningGate.serve({ ...config, run_as: { user: "daemon" } }, files);
    const found = (await doctor(`${dropped.directory}/postern.yaml`))("identity");
    assert.deepEqual(levels(found), ["fine"]);
    assert.match(found[0]!.title, /runs as daemon/);
  });

  await t.step("a gate that has ended and left its socket", async () => {
    await using killed = await RunningGate.serve(config, files);
    const theirs = `${killed.directory}/postern.yaml`;
    await killed.stop("SIGKILL");
    const [left] = (await doctor(theirs))("listeners");
    assert.equal(left?.level, "wrong");
    assert.match(left.title, /left over/);
    assert.deepEqual(left.fix, [`postern serve -c ${theirs}`]);
    // A socket of nobody's in its place is none of the gate's, either.
    await Deno.remove(`${killed.directory}/ci/ci.sock`);
    const [gone] = (await doctor(theirs))("listeners");
    assert.match(text([gone!]), /nothing is there/);
  });

  await t.step("a configuration with mistakes", async () => {
    const before = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, before.replace("read-only", "raed-only"));
    const [finding] = await look("configuration");
    assert.equal(finding?.level, "wrong");
    assert.match(text([finding]), /postern\.yaml:\d+:\d+: .*raed-only/);
    assert.deepEqual(finding.fix, [`postern check -c ${file}`]);
    await Deno.writeTextFile(file, before);
    await fine("configuration");
  });

  await t.step("a unit that leaves much open, and the one that is to be typed", async () => {
    await using etc = await PrivateEtc.start();
    const { through } = etc;
    const at = "/etc/postern/postern.yaml";
    await Deno.mkdir(`${etc.root}/etc/postern`, { recursive: true });
    await Deno.copyFile(file, `${etc.root}${at}`);
    const sandbox = async () => (await doctor(at, { through }))("sandbox");
    const [none] = await sandbox();
    assert.equal(none?.level, "advice");
    assert.match(none.title, /nothing starts the gate at boot/);
    const unit = `${etc.root}/etc/systemd/system/postern.service`;
    await Deno.writeTextFile(unit, "[Service]\nExecStart=/bin/true\n");
    const [open] = await sandbox();
    assert.equal(open?.level, "advice");
    assert.match(open.title, /exposure 9\.\d of 10/);
    // Only from below /opt does harden make a service of what runs, and this is not there: the unit's text is what counts.
    const { serviceUnit } = await import("../../lib/harden/service_unit.ts");
    const { factsOf } = await import("../unit/harden/facts_of.ts");
    await Deno.writeTextFile(unit, serviceUnit(factsOf({}), ["postern.socket"]));
    const [fine] = await sandbox();
    assert.equal(fine?.level, "fine", text([fine!]));
    assert.match(fine!.title, /exposure (?:0\.\d|1\.[0-5]) of 10/);
    // A drop-in counts, too.
    await Deno.mkdir(`${unit}.d`);
    await Deno.writeTextFile(
      `${unit}.d/open.conf`,
      "[Service]\nUser=root\nProtectSystem=no\nCapabilityBoundingSet=~\n",
    );
    const [opened] = await sandbox();
    assert.equal(opened?.level, "advice", text([opened!]));
    assert.match(text([opened!]), /open\.conf/);
  });
}, absent);

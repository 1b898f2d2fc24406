// doctor on a whole Debian with its own systemd: fresh, with the engine asleep, hardened, with the gate stopped and its socket gone.
import assert from "node:assert/strict";
import { BootedHost, missingForBoot } from "../support/booted.ts";
import { type Finding, levels, text } from "../support/running_doctor.ts";

const missing = missingForBoot();
const reason = missing === undefined ? "" : ` (${missing})`;

Deno.test({
  name: `doctor on a booted Debian, and what it says to type${reason}`,
  ignore: missing !== undefined,
  async fn(t) {
    await using host = await BootedHost.boot();
    const ok = (...words: string[]) => {
      const { code, out, err } = host.run(...words);
      assert.equal(code, 0, `${words.join(" ")}: ${out}${err}`);
      return out;
    };
    const look = () => {
      const { code, out, err } = host.postern("doctor", "--json");
      assert.ok(code === 0 || code === 1, err);
      const { wrong, findings } = JSON.parse(out) as { wrong: number; findings: Finding[] };
      assert.equal(code, wrong > 0 ? 1 : 0);
      return (check: string) => findings.filter((finding) => finding.check === check);
    };
    const typed = ({ fix }: Finding) => ok("sh", "-ec", fix.join("\n"));
    const isActive = (unit: string) => host.run("systemctl", "-q", "is-active", unit).code === 0;
    ok("useradd", "--groups", "docker", "alice");

    await t.step("fresh, whoever is in docker is root", () => {
      const found = look();
      assert.deepEqual(levels(found("socket-group")), ["wrong"]);
      assert.match(text(found("socket-group")), /^alice: listed in \/etc\/group$/m);
      assert.equal(found("socket-unit")[0]?.title, "docker.socket keeps it at 0660, group docker");
      assert.deepEqual(levels(found("holders")), ["fine"]);
      assert.deepEqual(levels(found("containers")), ["fine"]);
      // The kernel's audit is the outermost host's.
      const [audit] = found("audit-rules");
      assert.equal(audit?.level, "unknown", text([audit!]));
      assert.match(text([audit!]), /a container itself \(systemd-nspawn\)/);
    });

    await t.step("an engine that systemd would start is not started by being looked at", () => {
      ok("systemctl", "stop", "docker.service");
      const [found] = look()("containers");
      assert.equal(isActive("docker.service"), false);
      assert.equal(found?.level, "unknown");
      assert.deepEqual(found.fix, ["systemctl start docker.service"]);
      typed(found);
      assert.deepEqual(levels(look()("containers")), ["fine"]);
    });

    await t.step(
      "what it says to type for the group makes that right, also at the next start",
      () => {
        typed(look()("socket-group")[0]!);
        ok("systemctl", "stop", "docker.service", "docker.socket");
        ok("systemctl", "start", "docker.socket", "docker.service");
        const found = look();
        assert.deepEqual(levels(found("socket-group")), ["fine"]);
        assert.match(found("real-socket")[0]!.title, /: 0660 root:postern-engine$/);
        assert.match(found("socket-unit")[0]!.title, /group postern-engine$/);
      },
    );

    await t.step("a drop-in that gives it back to docker is seen before it counts", () => {
      const folder = `${host.root}/etc/systemd/system/docker.socket.d`;
      Deno.writeTextFileSync(`${folder}/zzz-mine.conf`, "[Socket]\nSocketGroup=docker\n");
      const [found] = look()("socket-unit");
      assert.equal(found?.level, "wrong");
      assert.match(
        text([found]),
        /zzz-mine\.conf: SocketMode=0660 SocketUser=root SocketGroup=docker$/m,
      );
      Deno.removeSync(`${folder}/zzz-mine.conf`);
    });

    await t.step("with the gate as a service, the gate is fine", () => {
      ok("postern", "harden", "apply", "--only", "sockets,systemd,daemon");
      const found = look();
      for (const check of ["configuration", "listeners", "identity", "sandbox", "live-restore"]) {
        assert.deepEqual(levels(found(check)), ["fine"], text(found(check)));
      }
      assert.equal(found("identity")[0]!.title, "the gate runs as postern");
      assert.match(found("sandbox")[0]!.title, /exposure (?:0\.\d|1\.[0-5]) of 10/);
      // Through its service the gate is connected, and no finding.
      ok("docker", "-H", "unix:///run/postern/docker.sock", "ps");
      assert.deepEqual(levels(look()("holders")), ["fine"]);
    });

    await t.step("a gate that systemd would start is open, and is not started, either", () => {
      ok("systemctl", "stop", "postern.service");
      const found = look();
      assert.deepEqual(levels(found("listeners")), ["fine"], text(found("listeners")));
      assert.equal(found("identity")[0]!.title, "postern.service runs as postern");
      assert.equal(isActive("postern.service"), false);
      ok("systemctl", "start", "postern.service");
    });

    for (
      const [name, ...words] of [
        ["its socket stopped", "systemctl", "stop", "postern.socket"],
        ["its socket removed", "rm", "/run/postern/docker.sock"],
      ]
    ) {
      await t.step(`${name}: what it says to type opens it again`, () => {
        ok(...words);
        const [found] = look()("listeners");
        assert.equal(found?.level, "wrong");
        assert.deepEqual(found.fix, ["systemctl restart postern.socket postern.service"]);
        typed(found);
        assert.deepEqual(levels(look()("listeners")), ["fine"]);
        ok("docker", "-H", "unix:///run/postern/docker.sock", "ps");
      });
    }
  },
});

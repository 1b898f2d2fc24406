// Names that others choose, long lists and processes that come and go: doctor says what there is, and a terminal sees only text.
import assert from "node:assert/strict";
import { docker, engineTest, unique } from "../support/docker.ts";
import { startPrivateEngine, which } from "../support/private_engine.ts";
import {
  child,
  connections,
  doctor,
  doctorSays,
  levels,
  text,
  until,
} from "../support/running_doctor.ts";

const perl = which("perl");

/** Connects so many times, and stays. */
const connecting = (socket: string, times: number) =>
  `use Socket; for (1..${times}) { my $s; socket($s,AF_UNIX,SOCK_STREAM,0); ` +
  `connect($s,pack_sockaddr_un("${socket}")) or die $!; push @s,$s } sleep 600`;

engineTest(
  "doctor among hostile names and long lists",
  async (t) => {
    await using engine = await startPrivateEngine();
    const { socket } = engine;
    const folder = socket.replace(/\/[^/]*$/, "");
    const config = `${folder}/postern.yaml`;
    await Deno.writeTextFile(
      config,
      `upstream: ${socket}\nlisteners: [{ socket: ${folder}/ci.sock, policy: read-only }]\n`,
      { mode: 0o644 },
    );
    const gone = () => until(async () => (await connections(socket)) === 0);

    await t.step("a program's name and a container's mount are shown as text", async () => {
      const evil = `${folder}/a\x1b]0;owned\x07\n  fine    all is well\u202e`;
      await Deno.copyFile(perl!, evil);
      await Deno.chmod(evil, 0o755);
      const name = unique("hostile");
      const made = await docker(socket, [
        ...["create", "--network", "none", "--name", name, "-v", `${socket}:/x\nreboot #\x1b[2J`],
        ...["bb", "true"],
      ]);
      assert.equal(made.code, 0, made.err);
      {
        await using _holder = child(evil, "-e", connecting(socket, 1));
        await until(async () => (await connections(socket)) > 0);
        const { code, out } = await doctorSays(["-c", config]);
        assert.equal(code, 1);
        // Line feeds are the report's own.
        assert.doesNotMatch(out.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
        assert.match(out, /a\ufffd\]0;owned\ufffd\ufffd {2}fine {4}all is well\ufffd/);
        assert.doesNotMatch(out, /^ {2}fine {4}all is well/m);
        assert.doesNotMatch(out, /^\s*reboot/m);
        const json = await doctorSays(["-c", config, "--json"]);
        assert.doesNotMatch(json.out.trimEnd(), /[\p{Cc}\p{Cf}]/u);
        const found = await doctor(config);
        assert.ok(text(found("holders")).includes(evil), text(found("holders")));
        const lines = found("containers").flatMap(({ fix }) => fix);
        assert.deepEqual(lines.filter((line) => line.includes("\n")), []);
      }
      await docker(socket, ["rm", "-f", name]);
      await gone();
    });

    await t.step("whoever calls itself dockerd is not taken for it", async () => {
      const fake = `${folder}/dockerd`;
      await Deno.copyFile(perl!, fake);
      await Deno.chmod(fake, 0o755);
      await using named = child(fake, "-e", connecting(socket, 1));
      await until(async () => (await connections(socket)) > 0);
      const found = (await doctor(config))("holders");
      assert.deepEqual(levels(found), ["wrong"], text(found));
      assert.match(text(found), new RegExp(`^pid ${named.pid}, `, "m"));
    });
    await gone();

    await t.step("a thousand connections of one process are one line", async () => {
      await using many = child(perl!, "-e", connecting(socket, 1000));
      await until(async () => (await connections(socket)) >= 1000);
      const [found] = (await doctor(config))("holders");
      assert.equal(found?.evidence.length, 1);
      assert.match(found.evidence[0]!, new RegExp(`^pid ${many.pid}, .*: is connected$`));
    });
    await gone();

    await t.step("of many processes a terminal shows some, and programs get all", async () => {
      const script = `for (1..150) { fork or do { ${connecting(socket, 1)} } } sleep 600`;
      // Its children end with its group.
      await using _many = child("setsid", perl!, "-e", script);
      try {
        await until(async () => (await connections(socket)) >= 150);
        const [found] = (await doctor(config))("holders");
        assert.equal(found?.evidence.length, 150);
        assert.match(found.title, /^150 processes have/);
        const { out } = await doctorSays(["-c", config]);
        assert.match(out, /- and 139 more \(--json\)/);
      } finally {
        Deno.kill(-_many.pid, "SIGKILL");
      }
    });
    await gone();

    await t.step("processes that come and go all the while are no error", async () => {
      const script = `$SIG{CHLD}='IGNORE'; use Socket; while (1) { fork or do { ` +
        `socket(S,AF_UNIX,SOCK_STREAM,0); connect(S,pack_sockaddr_un("${socket}")); exit } ` +
        `select(undef,undef,undef,0.005) }`;
      await using _churn = child(perl!, "-e", script);
      for (let runs = 0; runs < 5; runs++) {
        const found = await doctor(config);
        assert.ok(["fine", "wrong", "unknown"].includes(found("holders")[0]!.level));
        assert.deepEqual(levels(found("containers")), ["fine"]);
      }
    });
  },
  perl === undefined
    ? "perl not found"
    : which("setsid") === undefined
    ? "setsid not found"
    : undefined,
);

// postern.service as systemd reads it, and the gate behind the walls that it names.
import assert from "node:assert/strict";
import { parts } from "../../lib/harden/parts.ts";
import type { FileStep } from "../../lib/harden/part.ts";
import { docker, engineSocket, engineTest, unique } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";
import { which } from "../support/private_engine.ts";
import { handingOver, SocketUnit } from "../support/service_manager.ts";
import { allowedBy, missingForFilter, under } from "../support/syscall_filter.ts";
import { factsOf, plain } from "../unit/harden/facts_of.ts";

const configurations = {
  "one listener": plain,
  "an audit file, two listeners and two workers": `
listeners:
  - { socket: /run/postern/ci.sock, mode: 0660, policy: read-only }
  - { socket: /run/postern/ops.sock, policy: full, rotate: 1h }
audit: { file: /var/lib/audit/postern.jsonl }
workers: 2
`,
  "a plugin": `
listeners: [{ socket: /run/postern/ci.sock, policy: read-only }]
authz: { anonymous: full }
`,
};

/** The files of the part systemd, by their names. */
function units(config: string): Map<string, string> {
  const facts = factsOf({
    config,
    files: { "/var/lib/audit/kept": "" },
    programs: ["systemctl"],
    facts: { program: ["/bin/true"], list: () => [] },
  });
  const { steps } = parts.find(({ name }) => name === "systemd")!.plan(facts);
  const files = steps.filter((step): step is FileStep => step.kind === "file")
    .filter(({ path }) => path.startsWith("/etc/systemd/system/"));
  return new Map(files.map(({ path, content }) => [path.split("/").at(-1)!, content(undefined)]));
}

const absent = which("systemd-analyze") === undefined
  ? "systemd-analyze not found (apt-get install systemd)"
  : undefined;

for (const [what, config] of Object.entries(configurations)) {
  Deno.test({
    name: `systemd reads the units of ${what}, and finds an exposure of at most 1.5`,
    ignore: absent !== undefined,
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "harden-unit-" });
      try {
        const files = units(config);
        for (const [name, text] of files) await Deno.writeTextFile(`${folder}/${name}`, text);
        const paths = [...files.keys()].map((name) => `${folder}/${name}`);
        const analyze = (...args: string[]) =>
          new Deno.Command(which("systemd-analyze")!, {
            args: ["--no-pager", ...args],
            env: { SYSTEMD_UNIT_PATH: `${folder}:` },
          }).outputSync();
        const decoder = new TextDecoder();
        const verified = decoder.decode(analyze("verify", ...paths).stderr);
        // Other units of this machine may have mistakes.
        assert.deepEqual(verified.split("\n").filter((line) => line.includes(folder)), []);
        const text = decoder.decode(
          analyze("security", "--offline=true", `${folder}/postern.service`).stdout,
        );
        const exposure = /Overall exposure level for postern\.service: ([0-9.]+)/.exec(text);
        assert.ok(Number(exposure?.[1]) <= 1.5, text);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

engineTest("the gate under the unit's filter of system calls", async (t) => {
  const allowed = allowedBy(units(plain).get("postern.service")!);
  const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "harden-" });
  const socket = `${folder}/a.sock`;
  using unit = new SocketUnit(socket);
  const config = {
    upstream: engineSocket,
    listeners: [{ socket, mode: "0666", policy: "full" }],
    reload: { watch: true },
    workers: 2,
  };
  const launch = (calls: ReadonlySet<string>) => {
    const { env, through = [] } = handingOver([unit.fd], "a");
    return { env: env ?? {}, through: [...through, ...under(calls)] };
  };

  await t.step("the filter ends what calls something else", async () => {
    const fewer = launch(allowed.difference(new Set(["accept4"])));
    await using gate = await RunningGate.serve(config, {}, fewer);
    // It waits in the queue, and is taken up by the next.
    using _client = await Deno.connect({ transport: "unix", path: socket });
    assert.equal((await gate.ended()).signal, "SIGSYS");
  });

  await using gate = await RunningGate.serve(config, {}, launch(allowed));
  const name = unique("filter");

  await t.step("containers, streams, files, builds and events pass", async () => {
    const network = ["--network", "none"];
    const run = await docker(socket, ["run", "--rm", "-i", ...network, "bb", "cat"], {
      stdin: "x",
    });
    assert.deepEqual([run.code, run.out], [0, "x"], run.err);
    const kept = await docker(socket, [
      "run",
      "-d",
      "--name",
      name,
      ...network,
      "bb",
      "sleep",
      "60",
    ]);
    assert.equal(kept.code, 0, kept.err);
    const exec = await docker(socket, ["exec", "-i", name, "cat"], { stdin: "y" });
    assert.equal(exec.out, "y", exec.err);
    const copy = await docker(socket, ["cp", `${name}:/bin/busybox`, `${gate.directory}/copied`]);
    assert.equal(copy.code, 0, copy.err);
    const build = await docker(socket, ["build", "-q", "-"], { stdin: "FROM bb\nRUN true\n" });
    assert.equal(build.code, 0, build.err);
    const saved = await docker(socket, ["save", "-o", `${gate.directory}/saved.tar`, "bb"]);
    assert.equal(saved.code, 0, saved.err);
    assert.equal((await docker(socket, ["rm", "-f", name])).code, 0);
  });

  await t.step("a reload is taken up", async () => {
    const file = `${gate.directory}/postern.yaml`;
    const text = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, text.replace("policy: full", "policy: read-only"));
    for (let tries = 0; tries < 100; tries++) {
      if ((await docker(socket, ["pull", "bb"])).err.includes("denied")) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail("the narrower policy never counted");
  });

  await t.step("it ends when it is told to", async () => {
    const { code, signal } = await gate.stop();
    assert.deepEqual([code, signal], [0, null], gate.stderr);
    await Deno.remove(folder, { recursive: true });
  });
}, missingForFilter());

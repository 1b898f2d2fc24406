// The part systemd: the gate's units, and what is run for them.
import assert from "node:assert/strict";
import type { CommandStep, FileStep } from "../../../lib/harden/part.ts";
import { Refused } from "../../../lib/harden/part.ts";
import { systemd } from "../../../lib/harden/systemd.ts";
import { factsOf, type Host } from "./facts_of.ts";

const booted = { "/run/systemd/system/x": "" };
const two = `
listeners:
  - { socket: /run/postern/ci.sock, mode: 0660, policy: read-only }
  - { socket: /run/postern/ops.b.sock, policy: full }
`;

function planOf(host: Host = {}) {
  const { steps, notes, skipped } = systemd.plan(factsOf({ programs: ["systemctl"], ...host }));
  return {
    files: steps.filter((step): step is FileStep => step.kind === "file"),
    commands: steps.filter((step): step is CommandStep => step.kind === "command"),
    notes,
    skipped,
  };
}

const lines = (commands: readonly CommandStep[]) =>
  commands.map(({ command }) => command.join(" "));

Deno.test("without systemd the part is left out", () => {
  assert.equal(planOf({ programs: [] }).skipped, "systemd is not installed");
});

Deno.test("the engine of a user is nothing for a service of the host's", () => {
  const { files, skipped } = planOf({ facts: { upstream: "/run/user/1000/docker.sock" } });
  assert.deepEqual(files, []);
  assert.match(skipped!, /systemctl --user/);
});

Deno.test("each listener has a unit, and where systemd runs the host they are opened", () => {
  const { files, commands } = planOf({ config: two, files: booted });
  assert.deepEqual(files.map(({ path }) => path), [
    "/etc/postern/postern.yaml",
    "/etc/systemd/system/postern.socket",
    "/etc/systemd/system/postern-ops.b.socket",
    "/etc/systemd/system/postern.service",
  ]);
  const units = "postern.socket postern-ops.b.socket";
  assert.deepEqual(lines(commands), [
    "systemctl stop postern.service",
    "systemctl stop postern.socket",
    "systemctl stop postern-ops.b.socket",
    "systemctl daemon-reload",
    `systemctl enable ${units} postern.service`,
    "systemctl try-restart postern.service",
    `systemctl start ${units} postern.service`,
  ]);
});

Deno.test("where it does not run, nothing is started", () => {
  assert.deepEqual(lines(planOf().commands), ["systemctl enable postern.socket postern.service"]);
});

Deno.test("a socket is opened anew where the one that is open has another mode or owner", async () => {
  const { commands } = planOf({ config: two, files: booted });
  const { done } = commands.find(({ command }) => command.at(-1) === "postern.socket")!;
  const answer = async (active: boolean, stat: string) => {
    const functions = `systemctl() { ${active}; }; stat() { echo "${stat}"; }`;
    const { code } = await new Deno.Command("sh", { args: ["-c", `${functions}\n${done![2]}`] })
      .output();
    return code === 0;
  };
  assert.equal(await answer(true, "socket 660 0 0"), true);
  assert.equal(await answer(true, "socket 600 0 0"), false);
  assert.equal(await answer(true, "socket 660 0 5"), false);
  assert.equal(await answer(true, ""), false);
  assert.equal(await answer(false, ""), true);
});

Deno.test("a program in a home or in /tmp is refused: the service could not see it", () => {
  for (const path of ["/root/.npm/deno", "/home/a/postern", "/tmp/postern"]) {
    assert.throws(() => planOf({ facts: { program: [path] } }), Refused);
  }
});

Deno.test("from source, what is imported is fetched before the service starts, and not again", () => {
  const program = ["/usr/bin/deno", "run", "--cached-only", "/opt/postern/main.ts"];
  const [fetch] = planOf({ facts: { program } }).commands;
  assert.match(fetch!.command[2]!, /DENO_DIR=\/var\/lib\/postern\/deno .*deno install --frozen/);
  assert.deepEqual(fetch!.done, [
    ...["cmp", "-s", "/opt/postern/deno.lock", "/var/lib/postern/deno/deno.lock"],
  ]);
  const unit = planOf({ facts: { program } }).files.at(-1)!.content(undefined);
  assert.match(unit, /^Environment=DENO_DIR=\/var\/lib\/postern\/deno /m);
  assert.match(
    unit,
    /^ExecStart=\/usr\/bin\/deno run --cached-only \/opt\/postern\/main\.ts serve/m,
  );
});

Deno.test("a configuration that is there is left as it is", () => {
  const [file] = planOf().files;
  assert.equal(file!.content("mine: 1\n"), "mine: 1\n");
  assert.match(file!.content(undefined), /policy: read-only/);
});

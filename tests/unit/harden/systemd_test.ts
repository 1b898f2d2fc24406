// The part systemd: the gate's units, and what is run for them.
import assert from "node:assert/strict";
import type { AccessStep, CommandStep, Facts, FileStep } from "../../../lib/harden/part.ts";
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
    access: steps.filter((step): step is AccessStep => step.kind === "access"),
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
  assert.deepEqual(lines(commands), [
    "systemctl stop postern.service",
    "systemctl stop postern.socket",
    "systemctl stop postern-ops.b.socket",
    "systemctl daemon-reload",
    "systemctl enable postern.socket",
    "systemctl enable postern-ops.b.socket",
    "systemctl enable postern.service",
    "systemctl try-restart postern.service",
    "systemctl start postern.socket postern-ops.b.socket postern.service",
  ]);
});

Deno.test("where it does not run, nothing is started", () => {
  assert.deepEqual(lines(planOf().commands), [
    "systemctl enable postern.socket",
    "systemctl enable postern.service",
  ]);
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
  assert.ok(fetch!.command[2]!.includes(" /opt/postern/lib/cli/serve.ts "));
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

/** What is on the host, as the gate's user sees it; that user's number is 997. */
function accessOf(
  entries: Record<string, { mode: number; uid: number; gid: number }>,
  config = "",
  facts: Partial<Facts> = {},
) {
  const open = { mode: 0o755, uid: 0, gid: 0 };
  return planOf({
    config: `listeners: [{ socket: /run/postern/ci.sock, policy: read-only }]\n${config}`,
    files: { "/srv/log/x": "" },
    facts: {
      look: (path) => entries[path] ?? open,
      list: (folder) =>
        Object.keys(entries).filter((path) => path.startsWith(`${folder}/`))
          .map((path) => path.slice(folder.length + 1)),
      ...facts,
    },
  });
}

Deno.test("a configuration of root's alone is given to the gate's group to read, and its folder too", () => {
  const { access } = accessOf({
    "/etc/postern": { mode: 0o700, uid: 0, gid: 0 },
    "/etc/postern/postern.yaml": { mode: 0o600, uid: 0, gid: 0 },
  });
  assert.deepEqual(access.map(({ path, mode, group }) => [path, mode, group]), [
    ["/etc/postern", 0o710, "postern"],
    ["/etc/postern/postern.yaml", 0o640, "postern"],
  ]);
  assert.deepEqual(accessOf({}).access, []);
  // What was made so stays wanted, or the next apply would take it back.
  const { access: again } = accessOf({
    "/etc/postern": { mode: 0o710, uid: 0, gid: 997 },
    "/etc/postern/postern.yaml": { mode: 0o640, uid: 0, gid: 997 },
  });
  assert.deepEqual(again, access);
});

Deno.test("a configuration that another group reads is not taken from it", () => {
  const theirs = { "/etc/postern/postern.yaml": { mode: 0o640, uid: 0, gid: 5 } };
  assert.throws(() => accessOf(theirs), /postern\.yaml \(mode 0640, owner 0:5\) cannot be read/);
});

Deno.test("the log of a gate that was root's is given to the gate, the folder last", () => {
  const log = { mode: 0o640, uid: 0, gid: 0 };
  const { access } = accessOf({
    "/var/log/postern": { mode: 0o755, uid: 0, gid: 0 },
    "/var/log/postern/audit.jsonl": log,
    "/var/log/postern/audit.jsonl.1": { ...log, uid: 997 },
  }, "audit: { file: /var/log/postern/audit.jsonl }");
  assert.deepEqual(access.map(({ path, mode, user }) => [path, mode, user]), [
    ["/var/log/postern/audit.jsonl", 0o640, "postern"],
    ["/var/log/postern/audit.jsonl.1", 0o640, "postern"],
    ["/var/log/postern", 0o750, "postern"],
  ]);
});

Deno.test("an audit file in a folder that the gate cannot write stops the plan, not the gate", () => {
  const audit = "audit: { file: /srv/log/audit.jsonl }";
  assert.throws(() => accessOf({}, audit), /\/srv\/log, where audit goes, cannot be written/);
  const own = { "/srv/log": { mode: 0o700, uid: 997, gid: 997 } };
  assert.deepEqual(accessOf(own, audit).access, []);
});

for (
  const [folder, files] of [
    ["/run", {}],
    ["/var/lib", {}],
    ["/run/systemd", {}],
    ["/run/docker", {}],
    ["/run/gate", { "/run/gate/other.pid": "" }],
  ] as const
) {
  Deno.test(`a plugin's socket in ${folder} would make the gate the owner of what is others', and is refused`, () => {
    const config = `authz: { socket: ${folder}/postern.sock, anonymous: full }\n`;
    assert.throws(
      () => planOf({ config, files, facts: { look: () => undefined } }),
      (error) => error instanceof Refused && error.message.startsWith(`${folder}, where authz`),
    );
  });
}

Deno.test("a plugin's socket in a folder where others write is refused, also while that is empty", () => {
  const config = "authz: { socket: /run/lock/postern.sock, anonymous: full }\n";
  for (const found of [{ mode: 0o1777, uid: 0, gid: 0 }, { mode: 0o755, uid: 12, gid: 0 }]) {
    assert.throws(() => planOf({ config, facts: { look: () => found } }), Refused);
  }
});

Deno.test("a plugin's socket in a folder of its own, or in dockerd's for them, is the gate's", () => {
  for (const folder of ["/run/gate", "/run/docker/plugins"]) {
    const config = `authz: { socket: ${folder}/postern.sock, anonymous: full }\n`;
    const files = {
      [`${folder}/postern.sock`]: "",
      "/run/docker/plugins/other.sock": "",
    };
    const service = planOf({
      config,
      files,
      facts: { look: () => ({ mode: 0o711, uid: 997, gid: 0 }) },
    })
      .files.at(-1)!.content(undefined);
    assert.match(service, new RegExp(`^ExecStartPre=.* ${folder}$`, "m"));
  }
});

/** A configuration with a listener on TCP, whose key and certificates are in `folder`. */
function overTls(folder: string): Partial<Facts> {
  const { config } = factsOf({ config: two });
  const place = (name: string) => `${folder}/${name}.pem`;
  const none = new Uint8Array();
  const [first, ...others] = config.listeners;
  const files = { cert: place("cert"), key: place("key"), clientCa: place("ca") };
  const tls = { cert: none, key: none, clientCa: none, files };
  return { config: { ...config, listeners: [{ ...first!, tls }, ...others] } };
}

Deno.test("a key of root's alone is given to the gate's group to read, before the old gate is stopped", () => {
  const keys = { "/etc/postern/tls/key.pem": { mode: 0o600, uid: 0, gid: 0 } };
  const { access } = accessOf(keys, "", overTls("/etc/postern/tls"));
  assert.deepEqual(access.map(({ path, mode, user, group }) => [path, mode, user, group]), [
    ["/etc/postern/tls/key.pem", 0o640, "root", "postern"],
  ]);
  const theirs = { "/etc/ssl/private": { mode: 0o710, uid: 0, gid: 110 } };
  assert.throws(
    () => accessOf(theirs, "", overTls("/etc/ssl/private")),
    /\/etc\/ssl\/private \(mode 0710, owner 0:110\) cannot be read by the gate/,
  );
});

Deno.test("certificates and policies below a home are seen by the service, read-only", () => {
  const home = overTls("/home/ops/tls");
  const service = planOf({ facts: home }).files.at(-1)!.content(undefined);
  assert.match(service, /^ProtectHome=read-only$/m);
});

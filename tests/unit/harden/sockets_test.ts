import assert from "node:assert/strict";
import type { CommandStep, FileStep } from "../../../lib/harden/part.ts";
import { sockets } from "../../../lib/harden/sockets.ts";
import { factsOf, type Host } from "./facts_of.ts";

const unit = (path: string) => `[Socket]\nListenStream=${path}\nSocketGroup=docker\n`;
const booted = { "/run/systemd/system/x": "" };

function planOf(host: Host) {
  return sockets.plan(factsOf({ ...host, facts: { group: "postern-engine", ...host.facts } }));
}

function filesOf(host: Host): FileStep[] {
  return planOf(host).steps.filter((step): step is FileStep => step.kind === "file");
}

for (const path of ["/run/docker.sock", "/var/run/docker.sock", "%t/docker.sock"]) {
  Deno.test(`docker.socket at ${path} gets a drop-in, and dockerd's own settings are left alone`, () => {
    const files = { "/lib/systemd/system/docker.socket": unit(path), ...booted };
    const [file, ...others] = filesOf({ files, programs: ["dockerd"] });
    assert.deepEqual(others, []);
    assert.equal(file!.path, "/etc/systemd/system/docker.socket.d/zz-postern.conf");
    assert.match(
      file!.content(undefined),
      /\[Socket\]\nSocketMode=0660\nSocketUser=root\nSocketGroup=postern-engine\n$/,
    );
    const commands = planOf({ files }).steps.filter(({ kind }) => kind === "command");
    assert.ok(!JSON.stringify(commands).includes("restart"));
  });
}

Deno.test("Podman's socket gets a drop-in of its own", () => {
  const files = {
    "/lib/systemd/system/docker.socket": unit("/run/docker.sock"),
    "/lib/systemd/system/podman.socket": unit("%t/podman/podman.sock"),
  };
  const facts = { upstream: "/run/podman/podman.sock" };
  const [file, ...others] = filesOf({ files, facts });
  assert.deepEqual(others, []);
  assert.equal(file!.path, "/etc/systemd/system/podman.socket.d/zz-postern.conf");
  // tmpfiles.d/podman.conf: D! /run/podman 0700 root root
  assert.match(file!.content(undefined), /^ExecStartPost=\/bin\/chmod 0711 \/run\/podman$/m);
  const folder = planOf({ files, facts }).steps.find((step) =>
    step.kind === "access" && step.path === "/run/podman"
  );
  assert.equal(folder?.kind === "access" && folder.mode, 0o711);
});

for (
  const [what, files] of Object.entries(
    {
      "a docker.service without fd://": {
        "/lib/systemd/system/docker.socket": unit("/run/docker.sock"),
        "/lib/systemd/system/docker.service": "[Service]\nExecStart=/usr/bin/dockerd\n",
      },
      "a masked docker.socket": {
        "/lib/systemd/system/docker.socket": unit("/run/docker.sock"),
        "/etc/systemd/system/docker.socket": undefined,
      },
    } as const,
  )
) {
  Deno.test(`with ${what}, dockerd makes the socket, and gets the group`, () => {
    const read = (path: string) => (files as Record<string, string | undefined>)[path];
    // A link to /dev/null is there, and holds nothing.
    const facts = { read, exists: (path: string) => path in files };
    assert.deepEqual(filesOf({ programs: ["dockerd"], facts }).map(({ path }) => path), [
      "/etc/docker/daemon.json",
    ]);
  });
}

Deno.test("fd:// may stand in daemon.json instead", () => {
  const files = {
    "/lib/systemd/system/docker.socket": unit("/run/docker.sock"),
    "/lib/systemd/system/docker.service": "[Service]\nExecStart=/usr/bin/dockerd\n",
    "/etc/docker/daemon.json": '{"hosts": ["fd://"]}',
  };
  assert.match(filesOf({ files })[0]!.path, /docker\.socket\.d/);
});

Deno.test("the engine of a user is left alone: its folder is that user's", () => {
  const facts = { upstream: "/run/user/1000/docker.sock" };
  const { steps, skipped } = planOf({ facts });
  assert.deepEqual(steps, []);
  assert.match(skipped!, /engine of a user of this host/);
});

Deno.test("a gate that runs as root needs no accounts but the group", () => {
  const commands = planOf({ facts: { user: "root" } }).steps.filter(({ kind }) =>
    kind === "command"
  );
  assert.equal(commands.length, 1);
});

Deno.test("where dockerd makes the socket itself, daemon.json names the group", () => {
  const [file] = filesOf({ programs: ["dockerd"] });
  assert.equal(file!.content('{"debug":true}'), '{"debug":true, "group": "postern-engine"}');
});

Deno.test("a dockerd with --group is left as it is, since it would not start with both", () => {
  const files = { "/etc/default/docker": 'DOCKER_OPTS="-G docker"' };
  assert.deepEqual(filesOf({ files, programs: ["dockerd"] }), []);
  assert.match(
    planOf({ files, programs: ["dockerd"] }).notes.join(),
    /write --group postern-engine/,
  );
});

Deno.test("the group comes before the user, and both before the socket is theirs", () => {
  const steps = planOf({}).steps;
  const commands = steps.flatMap((step) => step.kind === "command" ? [step.command[0]] : []);
  assert.deepEqual(commands, ["groupadd", "groupadd", "useradd", "usermod"]);
  assert.deepEqual(steps.at(-1), {
    kind: "access",
    what: "socket",
    path: "/run/docker.sock",
    mode: 0o660,
    user: "root",
    group: "postern-engine",
    why: "the live socket, at once: connections that are open stay, and nothing is restarted",
  });
});

Deno.test("who loses the real socket is told, and so is what comes later and counts more", () => {
  const files = {
    "/etc/group": "root:x:0:\ndocker:x:2002:alice,bob\n",
    "/lib/systemd/system/docker.socket": unit("/run/docker.sock"),
    "/etc/systemd/system/docker.socket.d/override.conf": "[Socket]\nSocketMode=0666\n",
    "/etc/systemd/system/docker.socket.d/zzz.conf": "[Socket]\nSocketMode=0666\n",
  };
  const notes = planOf({ files }).notes.join("\n");
  assert.match(notes, /alice, bob.*DOCKER_HOST=unix:\/\/\/run\/postern\/ci\.sock/);
  assert.match(notes, /zzz\.conf comes later/);
  assert.doesNotMatch(notes, /override/);
});

for (
  const [group, files, mode = 0o660] of [
    ["docker", { "/lib/systemd/system/docker.socket": unit("/run/docker.sock") }],
    ["wheel", {
      "/lib/systemd/system/docker.socket": unit("/run/docker.sock"),
      "/etc/systemd/system/docker.socket.d/group.conf": "[Socket]\nSocketGroup=wheel\n",
      "/etc/systemd/system/docker.socket.d/zz-postern.conf":
        "[Socket]\nSocketGroup=postern-engine\n",
    }],
    ["root", { "/lib/systemd/system/docker.socket": "[Socket]\nListenStream=/run/docker.sock\n" }],
    ["docker", { "/etc/docker/daemon.json": '{"group": "postern-engine"}' }],
    ["wheel", { "/etc/docker/daemon.json": '{"group": "wheel"}' }],
    ["docker", {
      "/lib/systemd/system/docker.socket": `${unit("/run/docker.sock")}SocketMode=0660\n`,
      "/etc/systemd/system/docker.socket.d/mode.conf": "[Socket]\nSocketMode=0600\n",
    }, 0o600],
    ["docker", {
      "/lib/systemd/system/docker.socket": `${unit("/run/docker.sock")}SocketMode=0666\n`,
    }, 0o660],
    ["docker", {
      "/lib/systemd/system/docker.socket": `${unit("/run/docker.sock")}SocketMode=rw\n`,
    }, 0o600],
  ] as [string, Record<string, string>, number?][]
) {
  Deno.test(`when its group goes, the socket is ${group}'s: ${JSON.stringify(files)}`, () => {
    const [step] = planOf({ files, programs: ["dockerd"] }).steps;
    assert.deepEqual(step?.kind === "command" && step.frees, {
      group: "postern-engine",
      sockets: ["/run/docker.sock"],
      to: group,
      mode,
    });
  });
}

Deno.test("in the commands about accounts, a name is one word and no pattern", () => {
  const steps = planOf({ facts: { user: "x$(id).y" } }).steps.filter((step): step is CommandStep =>
    step.kind === "command"
  );
  const texts = steps.flatMap(({ done }) => done?.[0] === "sh" ? [done[2]!] : []);
  assert.equal(texts.length, 2);
  for (const text of texts) assert.ok(!text.replaceAll("'x$(id).y'", "").includes("$("), text);
  const user = steps.find(({ command }) => command[0] === "useradd");
  assert.deepEqual(user?.doneBelow?.("/r"), ["grep", "-q", "^x\\$(id)\\.y:", "/r/etc/passwd"]);
});

for (const flag of ["-Gdocker", "-DG", "-G", "--group=docker"]) {
  Deno.test(`dockerd that is started with ${flag} has its group from there`, () => {
    const service = `[Service]\nExecStart=/usr/bin/dockerd ${flag} wheel\n`;
    const files = { "/lib/systemd/system/docker.service": service };
    assert.deepEqual(filesOf({ files, programs: ["dockerd"] }), []);
    const notes = planOf({ files, programs: ["dockerd"] }).notes.join("\n");
    assert.match(notes, /dockerd is started with --group/);
  });
}

Deno.test("dockerd that is told of fd:// in the same word has docker.socket's", () => {
  const files = {
    "/lib/systemd/system/docker.socket": unit("/run/docker.sock"),
    "/lib/systemd/system/docker.service": "[Service]\nExecStart=/usr/bin/dockerd -Hfd://\n",
  };
  const [file] = filesOf({ files, programs: ["dockerd"] });
  assert.equal(file!.path, "/etc/systemd/system/docker.socket.d/zz-postern.conf");
});

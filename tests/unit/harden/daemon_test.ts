import assert from "node:assert/strict";
import { daemon } from "../../../lib/harden/daemon.ts";
import { members } from "../../../lib/harden/daemon_json.ts";
import type { FileStep } from "../../../lib/harden/part.ts";
import { factsOf, type Host, plain } from "./facts_of.ts";

const FILE = "/etc/docker/daemon.json";
const withPlugin = `${plain}authz: { anonymous: full }\n`;

function planOf(host: Host) {
  return daemon.plan(factsOf({ programs: ["dockerd"], ...host }));
}

/** What daemon.json becomes. */
function written(text: string | undefined, config = plain): string {
  const { steps } = planOf({ config });
  return (steps.find(({ kind }) => kind === "file") as FileStep).content(text);
}

for (
  const [what, before, after] of [
    ["no file", undefined, '{\n  "live-restore": true\n}\n'],
    ["an empty file", " \n", '{\n  "live-restore": true\n}\n'],
    ["an empty object", "{}\n", '{\n  "live-restore": true\n}\n'],
    [
      "tabs and keys that nobody here knows",
      '{\n\t"x-mine": 1.50,\n\t"dns": [ "1.1.1.1" ]\n}',
      '{\n\t"x-mine": 1.50,\n\t"dns": [ "1.1.1.1" ],\n\t"live-restore": true\n}',
    ],
    ["one line", '{"debug":true}', '{"debug":true, "live-restore": true}'],
    ["another answer", '{ "live-restore": false, "a": 1 }', '{ "live-restore": true, "a": 1 }'],
    ["what is wanted", '{"live-restore" : true}', '{"live-restore" : true}'],
  ] as const
) {
  Deno.test(`live-restore is merged into ${what}, and every other character stays`, () => {
    assert.equal(written(before), after);
    assert.equal(written(after), after);
  });
}

for (const text of ["{", "[]", '{"a":1,"a":2}', "{} {}", '{"a": 1,}', "// x\n{}"]) {
  Deno.test(`${JSON.stringify(text)} is left alone`, () => {
    assert.throws(() => written(text), { name: "Refused", message: /daemon\.json/ });
  });
}

Deno.test("the plugin comes behind those that are asked already, and only where authz is configured", () => {
  assert.ok(!written("{}").includes("authorization-plugins"));
  assert.match(written("{}", withPlugin), /"authorization-plugins": \["postern"\]/);
  const others = '{ "authorization-plugins": [ "opa" ], "live-restore": true }';
  const both = '{ "authorization-plugins": ["opa", "postern"], "live-restore": true }';
  assert.equal(written(others, withPlugin), both);
  assert.equal(written(both.replace(", ", ",  "), withPlugin), both.replace(", ", ",  "));
  assert.throws(() => written('{"authorization-plugins": "opa"}', withPlugin), /is no list/);
});

Deno.test("a plugin's socket elsewhere is named in a file, and the plugin after its socket", () => {
  const config = `${plain}authz: { anonymous: full, socket: /run/gate/asked.sock }\n`;
  const files = planOf({ config }).steps.filter((step) => step.kind === "file");
  assert.deepEqual(files.map(({ path }) => path), [FILE, "/etc/docker/plugins/asked.spec"]);
  assert.equal(files[1]!.content(undefined), "unix:///run/gate/asked.sock\n");
  assert.match(files[0]!.content(undefined), /"authorization-plugins": \["asked"\]/);
});

Deno.test("what dockerd has as a flag is not named again, or it would not start", () => {
  const files = {
    "/lib/systemd/system/docker.service":
      "[Service]\nExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS\n",
    "/etc/default/docker": 'DOCKER_OPTS="--live-restore --authorization-plugin=opa"\n',
  };
  const { steps, notes } = planOf({ config: withPlugin, files });
  assert.deepEqual(steps, []);
  assert.match(notes.join("\n"), /live-restore: dockerd is started with the flag/);
  assert.match(notes.join("\n"), /add --authorization-plugin=postern there/);
  const commented = { "/etc/default/docker": '#DOCKER_OPTS="--live-restore"\n' };
  assert.equal(planOf({ files: commented }).steps.length, 1);
});

for (
  const [what, files, engineWords] of [
    ["a file that the unit's environment comes from", {
      "/lib/systemd/system/docker.service":
        "[Service]\nEnvironmentFile=-/etc/engine/flags\nExecStart=/usr/sbin/dockerd $MORE\n",
      "/etc/engine/flags": "MORE=--live-restore\n",
    }, []],
    ["one of such files in a folder, named in a drop-in", {
      "/lib/systemd/system/docker.service": "[Service]\nExecStart=/usr/sbin/dockerd $MORE\n",
      "/etc/systemd/system/docker.service.d/more.conf":
        "[Service]\nEnvironmentFile=/etc/engine/*.env\n",
      "/etc/engine/10.env": "MORE=--live-restore=true\n",
    }, []],
    ["the environment in the unit", {
      "/lib/systemd/system/docker.service":
        '[Service]\nEnvironment="MORE=--live-restore"\nExecStart=/usr/sbin/dockerd $MORE\n',
    }, []],
    ["the engine that runs", {}, ["/usr/sbin/dockerd", "--live-restore=true"]],
  ] as const
) {
  Deno.test(`a flag in ${what} is one of dockerd's`, () => {
    const host = { files, facts: { engineWords } } as unknown as Host;
    const { steps, notes } = planOf(host);
    assert.deepEqual(steps, []);
    assert.match(notes.join("\n"), /live-restore: dockerd is started with the flag/);
  });
}

Deno.test("in a swarm there is no live-restore, or dockerd would not start", () => {
  const files = {
    [FILE]: '{ "data-root": "/srv/docker" }',
    "/srv/docker/swarm/docker-state.json": "{}",
  };
  const { steps, notes } = planOf({ files });
  assert.deepEqual(steps, []);
  assert.match(notes.join("\n"), /in a swarm/);
});

Deno.test("dockerd is told to read its file again, never to restart, and not before its plugin answers", () => {
  const files = { "/run/systemd/system/x": "" };
  const text = JSON.stringify(planOf({ config: withPlugin, files }).steps);
  assert.match(text, /test -S \/run\/docker\/plugins\/postern\.sock; then systemctl kill -s HUP/);
  assert.ok(!text.includes("restart docker"));
});

Deno.test("without dockerd the part is left out", () => {
  assert.match(daemon.plan(factsOf()).skipped ?? "", /not installed/);
});

Deno.test("members keep the last line's end as it is", () => {
  assert.equal(
    members('{\r\n  "a": 1\r\n}\r\n', [["b", () => "2"]]),
    '{\r\n  "a": 1,\n  "b": 2\r\n}\r\n',
  );
});

import assert from "node:assert/strict";
import { command, withFiles } from "./fake_world.ts";

const files = {
  "postern.yaml": [
    "listeners:",
    "  - { socket: DIR/ci.sock }",
    "clients:",
    "  - { uid: 1001, policy: team }",
    "policies: policies/",
    "",
  ].join("\n"),
  "policies/team.yaml": [
    "name: team",
    "allow:",
    "  - containers: [create, stop]",
    "constraints:",
    "  containers.create:",
    "    host_mounts: [/srv/ci/**]",
    "  containers.stop:",
    "    containers: [{ label: [team=ci] }]",
    "",
  ].join("\n"),
};

/** `check --tests` of a table; the lines of a table that names its caller itself begin with `policy:` or the like. */
async function checkTests(table: readonly string[], ...flags: string[]) {
  let said = { code: -1, out: "", err: "" };
  const text = table.join("\n") + "\n";
  await withFiles({ ...files, "ci.test.yaml": text }, async (directory) => {
    const config = ["-c", `${directory}/postern.yaml`];
    said = await command(["check", ...config, "--tests", `${directory}/ci.test.yaml`, ...flags]);
    said = {
      ...said,
      out: said.out.replaceAll(directory, "DIR"),
      err: said.err.replaceAll(directory, "DIR"),
    };
  });
  return said;
}

const container = '{ Id: "' + "a".repeat(64) + '", Name: /web, Config: { Labels: { team: ci } } }';

const right = [
  "policy: team",
  "tests:",
  "  - name: mounts of /etc are denied",
  "    request: POST /v1.41/containers/create",
  '    body: { Image: alpine, HostConfig: { Binds: ["/etc:/x"] } }',
  "    expect: deny",
  "    constraint: host_mounts",
  "  - name: mounts of the team's folder are allowed",
  "    command: docker create --pull never -v '/srv/ci/a:/x' alpine",
  "    expect: allow",
  "  - name: the team's containers can be stopped",
  "    command: [docker, stop, web]",
  "    expect: allow",
  `    answers: { "container web": ${container} }`,
  "  - name: what is not there cannot",
  "    command: docker stop x",
  "    expect: deny",
  '    answers: { "container x": null }',
  "  - name: a link out of the team's folder is followed",
  "    command: docker create --pull never -v /srv/ci/link:/x alpine",
  "    expect: deny",
  "    constraint: host_mounts",
  "    answers: { path /srv/ci/link: /etc }",
];

Deno.test("check --tests passes a table that is as expected, whoever calls", async () => {
  assert.deepEqual(await checkTests(right), { code: 0, out: "5 tests, 0 failed\n", err: "" });
  const byUid = ["uid: 1001", "listener: ci", ...right.slice(1)];
  assert.deepEqual(await checkTests(byUid), { code: 0, out: "5 tests, 0 failed\n", err: "" });
});

const failing = [
  "policy: team",
  "tests:",
  "  - name: images can be pulled",
  "    request: POST /v1.41/images/create?fromImage=alpine",
  "    expect: allow",
  "  - name: nothing can be created",
  "    request: POST /v1.41/containers/create",
  "    body: { Image: alpine }",
  "    expect: deny",
  "  - name: it is the capability",
  "    command: docker create --pull never --privileged alpine",
  "    expect: deny",
  "    constraint: capabilities",
  "  - name: web can be stopped",
  "    command: docker stop web",
  "    expect: allow",
  "  - name: no such command",
  "    command: docker compose up",
  "    expect: deny",
];

Deno.test("check --tests says of each test that failed what came instead, and why", async () => {
  const { code, out, err } = await checkTests(failing);
  assert.deepEqual([code, err], [1, ""]);
  const lines = out.trimEnd().split("\n");
  for (
    const [n, expected] of [
      /^DIR\/ci\.test\.yaml:3: images can be pulled: expected allow, was denied by policies\/team\.yaml: it is not among/,
      /:6: nothing can be created: expected deny, was allowed by policies\/team\.yaml:3 allow containers\.create$/,
      /:10: .*: expected the constraint capabilities, was denied by safe defaults of containers\.create: privileged/,
      /:14: .*: it depends on a lookup; give its answer: answers: \{"container web": …\}$/,
      /:17: .*: docker compose is no command/,
      /^5 tests, 5 failed$/,
    ].entries()
  ) assert.match(lines[n]!, expected);
});

Deno.test("check --tests --json tells of every test", async () => {
  const { code, out } = await checkTests(failing, "--json");
  const told = JSON.parse(out);
  assert.deepEqual([code, told.tests, told.failed], [1, 5, 5]);
  assert.deepEqual(
    told.results.map((result: { outcome: string }) => result.outcome),
    ["deny", "allow", "deny", "undecided", "error"],
  );
  assert.equal(told.results[2].constraint, "privileged");
  assert.equal(JSON.parse((await checkTests(right, "--json")).out).failed, 0);
});

for (
  const [what, table, message] of [
    ["an unknown key", ["policy: team", "tests: []", "test: 1"], /:3:1: unknown key "test"/],
    ["no caller", ["tests: []"], /:1:1: say whose requests they are: policy: NAME/],
    ["two callers", ["policy: team", "uid: 1", "tests: []"], /:2:1: uid and policy exclude/],
    [
      "an unknown policy",
      ["policy: taem", "tests: []"],
      /:1:9: unknown policy "taem"[^]*did you mean team/,
    ],
    [
      "a request that is none",
      ["policy: team", "tests:", "  - { name: x, request: get /x, expect: deny }"],
      /:3:25: request must be a method and a path like GET \/v1\.41\/info: got "get \/x"/,
    ],
    [
      "neither request nor command",
      ["policy: team", "tests:", "  - { name: x, expect: deny }"],
      /:3:5: a test needs a request or a command/,
    ],
    [
      "a body for a command",
      ["policy: team", "tests:", "  - { name: x, command: docker ps, body: {}, expect: deny }"],
      /:3:36: a body belongs to a request/,
    ],
    [
      "a constraint that there is not",
      [
        "policy: team",
        "tests:",
        "  - { name: x, command: docker ps, expect: deny, constraint: host_mount }",
      ],
      /:3:62: there is no constraint "host_mount"[^]*did you mean host_mounts/,
    ],
    [
      "an answer to nothing",
      [
        "policy: team",
        "tests:",
        "  - { name: x, command: docker ps, expect: deny, answers: { web: {} } }",
      ],
      /:3:61: answers are to lookups like "container web"/,
    ],
    [
      "what is neither allow nor deny",
      ["policy: team", "tests:", "  - { name: x, command: docker ps, expect: maybe }"],
      /:3:44: expect must be "allow" or "deny": got "maybe"/,
    ],
    ["a user that there is not", ["user: no-such-user", "tests: []"], /there is no user/],
  ] as const
) {
  Deno.test(`check --tests reports ${what} at its place`, async () => {
    const { code, out, err } = await checkTests(table);
    assert.deepEqual([code, out], [1, ""]);
    assert.match(err, message);
  });
}

Deno.test("check --tests of a file that is not there is a no", async () => {
  await withFiles(files, async (directory) => {
    const flags = ["-c", `${directory}/postern.yaml`, "--tests", `${directory}/none.yaml`];
    const { code, err } = await command(["check", ...flags]);
    assert.equal(code, 1);
    assert.match(err, /none\.yaml: cannot read this file: /);
  });
});

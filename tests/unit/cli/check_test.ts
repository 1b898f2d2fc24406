import assert from "node:assert/strict";
import { command, withFiles } from "./fake_world.ts";

const files = {
  "postern.yaml": [
    "listeners:",
    "  - { socket: /run/postern/ci.sock, mode: 0660, policy: read-only }",
    "clients:",
    "  - { uid: 1000, policy: full }",
    "policies: policies/",
    "",
  ].join("\n"),
  "policies/spare.yaml": "name: spare\n",
  "policies/team.yaml": "name: team\nclients: [{ uid: 7 }]\nallow: [images.pull]\n",
};

Deno.test("check says what a valid configuration gives, and what of it is root", async () => {
  await withFiles(files, async (directory) => {
    const { code, out, err } = await command(["check", "-c", `${directory}/postern.yaml`]);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /postern\.yaml: valid\n/);
    assert.match(out, /listener ci: \/run\/postern\/ci\.sock, mode 0660, policy read-only\n/);
    assert.match(out, /2 client rules, stderr audit\n/);
    assert.match(out, /file .*\/policies\/team\.yaml: policy team\n/);
    assert.match(out, /file .*\/policies\/spare\.yaml: policy spare\n/);
    assert.match(out, /policy spare: assigned to nobody\n/);
    assert.match(out, /policy team: 1 of \d+ operations\n/);
    assert.match(out, /policy full: .*\n.*gives root on the host: containers\.create/);
    assert.doesNotMatch(out, /policy read-only: .*\n.*gives root/);
  });
});

Deno.test("check --json names every operation of every policy in use", async () => {
  await withFiles(files, async (directory) => {
    const { out } = await command(["check", "--json", "-c", `${directory}/postern.yaml`]);
    const told = JSON.parse(out);
    assert.equal(told.valid, true);
    assert.deepEqual(told.policies.team, ["images.pull"]);
    assert.deepEqual(told.policies.deny, []);
    assert.deepEqual(Object.keys(told.policies).sort(), ["deny", "full", "read-only", "team"]);
    assert.equal(told.listeners[0].socket, "/run/postern/ci.sock");
    assert.equal(told.listeners[0].mode, "0660");
    assert.deepEqual(told.policy_files, [
      { file: `${directory}/policies/spare.yaml`, policy: "spare" },
      { file: `${directory}/policies/team.yaml`, policy: "team" },
    ]);
    assert.deepEqual(told.unassigned, ["spare"]);
    assert.deepEqual(Object.keys(told.gives_root), ["full"]);
  });
});

Deno.test("check reports everything that is wrong, in every file, and answers no", async () => {
  const wrong = {
    "postern.yaml":
      "listners: []\nlisteners:\n  - { socket: run/ci.sock, mode: 9 }\npolicies: p/\n",
    "p/a.yaml": "name: a\nallow: [image.pull]\n",
  };
  await withFiles(wrong, async (directory) => {
    const { code, out, err } = await command(["check", "-c", `${directory}/postern.yaml`]);
    assert.deepEqual([code, out], [1, ""]);
    for (
      const expected of [
        /postern\.yaml:1:1: unknown key "listners".*\n/,
        /postern\.yaml:3:15: socket must be an absolute path/,
        /postern\.yaml:3:34: mode is octal/,
        /p\/a\.yaml:2:9: .*image\.pull[^]*did you mean images\.pull/,
      ]
    ) assert.match(err, expected);
    assert.match(err, / {4}3 \| .*\n +\| +\^~+\n/);
    const json = await command(["check", "--json", "-c", `${directory}/postern.yaml`]);
    assert.deepEqual([json.code, json.err], [1, ""]);
    const { valid, diagnostics } = JSON.parse(json.out);
    assert.equal(valid, false);
    assert.deepEqual(
      diagnostics.map(({ code, line }: { code: string; line: number }) => `${code} ${line}`),
      ["unknown-operation 2", "unknown-key 1", "bad-path 3", "bad-mode 3"],
    );
  });
});

Deno.test("check says of a policy that it gives root only where there are requests to judge", async () => {
  const raw = "  - { socket: DIR/a.sock, protocol: raw, upstream: /a, policy: full, mode: 0666 }\n";
  const http = "  - { socket: DIR/b.sock }\n";
  const rule = "clients:\n  - { uid: 1, listener: a, policy: full }\n";
  for (
    const [yaml, root] of [
      [`listeners:\n${raw}`, false],
      [`listeners:\n${raw}${http}${rule}`, false],
      [`listeners:\n${raw}${http}default: full\n`, true],
      [`listeners:\n${raw}${http}${rule.replace("listener: a, ", "")}`, true],
    ] as const
  ) {
    await withFiles({ "postern.yaml": yaml }, async (directory) => {
      const { code, out } = await command(["check", "-c", `${directory}/postern.yaml`]);
      assert.equal(code, 0);
      assert.equal(out.includes("gives root on the host"), root, yaml);
      assert.match(out, /a\.sock, mode 0666 \(open to every local user\), /);
    });
  }
});

Deno.test("check says through which constraint a policy gives root, and nothing of the safe defaults", async () => {
  const policy = (constraints: string) =>
    `name: team\nclients: [{ uid: 7 }]\nallow: [containers.create]\n${constraints}`;
  for (
    const [constraints, root] of [
      ["", undefined],
      [
        "constraints: { containers.create: { privileged: true } }\n",
        "containers.create (privileged: true)",
      ],
      ["constraints: { containers.create: none }\n", "containers.create"],
    ] as const
  ) {
    const own = { ...files, "policies/team.yaml": policy(constraints) };
    await withFiles(own, async (directory) => {
      const { code, out, err } = await command(["check", "-c", `${directory}/postern.yaml`]);
      assert.deepEqual([code, err], [0, ""]);
      const told = /policy team: .*\n {4}gives root on the host: (.*)\n/.exec(out)?.[1];
      assert.equal(told, root);
    });
  }
});

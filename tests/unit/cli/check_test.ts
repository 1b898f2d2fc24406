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
  "policies/team.yaml": "name: team\nclients: [{ uid: 7 }]\nallow: [images.pull]\n",
};

Deno.test("check says what a valid configuration gives, and what of it is root", async () => {
  await withFiles(files, async (directory) => {
    const { code, out, err } = await command(["check", "-c", `${directory}/postern.yaml`]);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /postern\.yaml: valid\n/);
    assert.match(out, /listener ci: \/run\/postern\/ci\.sock, mode 0660, policy read-only\n/);
    assert.match(out, /2 client rules, stderr audit\n/);
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
  });
});

import assert from "node:assert/strict";
import { load } from "./fakes.ts";

const CONFIG = "listeners: [{ socket: /p.sock }]\npolicies: policies\n";
const POLICY = "name: x\n";

function untrusted(...given: Parameters<typeof load>) {
  const result = load(...given);
  if (result.ok) return [];
  return result.diagnostics.map(({ code, file, hint }) => `${code} ${file}: ${hint}`);
}

Deno.test("files of root and of Postern's own user are trusted", () => {
  for (const uid of [0, 900]) {
    const files = { "postern.yaml": CONFIG, "policies/a.yaml": { text: POLICY, uid, mode: 0o640 } };
    assert.deepEqual(untrusted(files), []);
  }
});

for (
  const [what, state, command] of [
    ["of another user", { uid: 1002 }, "chown root policies/a.yaml"],
    ["that the group can write", { mode: 0o664 }, "chmod go-w policies/a.yaml"],
    ["that others can write", { mode: 0o646 }, "chmod go-w policies/a.yaml"],
    [
      "of another user that others can write",
      { uid: 5, mode: 0o666 },
      "chown root policies/a.yaml && chmod go-w policies/a.yaml",
    ],
  ] as const
) {
  Deno.test(`a policy file ${what} is refused with the command that helps`, () => {
    const files = { "postern.yaml": CONFIG, "policies/a.yaml": { text: POLICY, ...state } };
    assert.deepEqual(untrusted(files), [`untrusted policies/a.yaml: run: ${command}`]);
  });
}

Deno.test("the config file itself must be trusted", () => {
  assert.deepEqual(
    untrusted({ "postern.yaml": { text: CONFIG.split("policies")[0]!, uid: 1002 } }),
    [
      "untrusted postern.yaml: run: chown root postern.yaml",
    ],
  );
});

Deno.test("a folder in which others can put policies is refused", () => {
  const files = {
    "postern.yaml": CONFIG,
    "policies": { kind: "directory" as const, mode: 0o1777 },
    "policies/a.yaml": POLICY,
  };
  assert.deepEqual(untrusted(files), ["untrusted policies: run: chmod go-w policies"]);
});

const OPEN = { kind: "directory" as const, mode: 0o777 };
const STICKY = { kind: "directory" as const, mode: 0o1777 };
const LONE = "listeners: [{ socket: /p.sock }]\n";

Deno.test("a config file in a folder in which others can put another is refused", () => {
  const inside = { file: "/srv/etc/postern.yaml" };
  const files = { "/srv/etc": OPEN, "/srv/etc/postern.yaml": LONE };
  assert.deepEqual(untrusted(files, inside), ["untrusted /srv/etc: run: chmod go-w /srv/etc"]);
  const sticky = { "/srv/etc": STICKY, "/srv/etc/postern.yaml": LONE };
  assert.deepEqual(untrusted(sticky, inside), []);
  const foreign = { "/srv/etc": { ...STICKY, uid: 1002 }, "/srv/etc/postern.yaml": LONE };
  assert.deepEqual(untrusted(foreign, inside), ["untrusted /srv/etc: run: chown root /srv/etc"]);
});

Deno.test("a folder of several files that others can write is one mistake", () => {
  const files = {
    "postern.yaml": `${LONE}policies: [policies/a.yaml, policies/b.yaml]\n`,
    "policies": OPEN,
    "policies/a.yaml": "name: a\n",
    "policies/b.yaml": "name: b\n",
  };
  assert.deepEqual(untrusted(files), ["untrusted policies: run: chmod go-w policies"]);
});

Deno.test("the folder that a policy file's link leads to must be trusted, too", () => {
  const links = { "policies/a.yaml": "/srv/team/a.yaml", "policies": "/etc/policies" };
  const files = { "postern.yaml": CONFIG, "policies/a.yaml": POLICY, "/srv/team": OPEN };
  assert.deepEqual(untrusted(files, { links }), [
    "untrusted /srv/team: run: chmod go-w /srv/team",
  ]);
  assert.deepEqual(untrusted({ ...files, "/srv/team": STICKY }, { links }), []);
});

Deno.test("a link in a sticky folder may be anybody's, wherever it leads", () => {
  const links = { "/tmp/postern.yaml": "/etc/postern.yaml", "/tmp": "/tmp" };
  const files = { "/tmp": STICKY, "/tmp/postern.yaml": LONE };
  assert.deepEqual(untrusted(files, { file: "/tmp/postern.yaml", links }), [
    "untrusted /tmp: run: chmod go-w /tmp",
  ]);
});

Deno.test("what is no regular file is refused", () => {
  const files = { "postern.yaml": CONFIG, "policies/a.yaml": { kind: "other" as const } };
  assert.deepEqual(untrusted(files), ["untrusted policies/a.yaml: undefined"]);
});

Deno.test("an untrusted file's other mistakes are reported with it", () => {
  const files = {
    "postern.yaml": CONFIG,
    "policies/a.yaml": { text: "name: x\nallow: [nope]\n", mode: 0o666 },
  };
  const result = load(files);
  assert.ok(!result.ok);
  assert.deepEqual(result.diagnostics.map(({ code }) => code), ["untrusted", "unknown-operation"]);
});

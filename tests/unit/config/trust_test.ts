import assert from "node:assert/strict";
import { load } from "./fakes.ts";

const CONFIG = "listeners: [{ socket: /p.sock }]\npolicies: policies\n";
const POLICY = "name: x\n";

function untrusted(files: Parameters<typeof load>[0]) {
  const result = load(files);
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

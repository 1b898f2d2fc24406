import assert from "node:assert/strict";
import type { ConfigFs } from "../../../lib/config/fs.ts";
import { fakeFs, load } from "./fakes.ts";

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

for (
  const [what, path, state, hint] of [
    ["two above", "/srv", { mode: 0o775 }, "chmod go-w /srv"],
    ["at the top", "/", { mode: 0o757 }, "chmod go-w /"],
    ["of another user", "/srv/x", { uid: 1002 }, "chown root /srv/x"],
    [
      "sticky and of another user",
      "/srv/x",
      { uid: 1002, mode: 0o1777 },
      "chown root /srv/x",
    ],
  ] as const
) {
  Deno.test(`a folder ${what} through which others could put another file is refused by its name`, () => {
    const folder = { kind: "directory" as const, mode: 0o755, ...state };
    const files = { [path]: folder, "/srv/x/etc/postern.yaml": LONE };
    assert.deepEqual(untrusted(files, { file: "/srv/x/etc/postern.yaml" }), [
      `untrusted ${path}: run: ${hint}`,
    ]);
  });
}

Deno.test("a relative path is walked from the root, too", () => {
  const files = { "postern.yaml": LONE, "/etc": OPEN };
  assert.deepEqual(untrusted(files), ["untrusted /etc: run: chmod go-w /etc"]);
  const here = { "postern.yaml": LONE, "/etc/postern": OPEN };
  assert.deepEqual(untrusted(here), ["untrusted .: run: chmod go-w ."]);
});

Deno.test("the folders that a policy file's link leads through must be trusted, too", () => {
  const links = { "policies/a.yaml": "/srv/team/in/a.yaml" };
  const files = { "postern.yaml": CONFIG, "/srv/team/in/a.yaml": POLICY };
  assert.deepEqual(untrusted(files, { links }), []);
  for (const folder of ["/srv", "/srv/team", "/srv/team/in"]) {
    assert.deepEqual(untrusted({ ...files, [folder]: OPEN }, { links }), [
      `untrusted ${folder}: run: chmod go-w ${folder}`,
    ]);
    assert.deepEqual(untrusted({ ...files, [folder]: STICKY }, { links }), []);
  }
});

Deno.test("every folder that holds a link of a chain must be trusted", () => {
  const links = {
    "policies": "/srv/map/..data",
    "/srv/map/..data": "..2026_01",
    "/srv/map/..2026_01": "../store/current",
    "/srv/store/current": "/opt/v1",
  };
  const files = { "postern.yaml": CONFIG, "/opt/v1/a.yaml": POLICY };
  assert.deepEqual(untrusted(files, { links }), []);
  for (const folder of ["/srv/map", "/srv/store", "/opt", "/opt/v1"]) {
    assert.deepEqual(untrusted({ ...files, [folder]: OPEN }, { links }), [
      `untrusted ${folder}: run: chmod go-w ${folder}`,
    ]);
  }
});

Deno.test("a link in a sticky folder must be root's or our own, elsewhere it may be anybody's", () => {
  const links = { "/tmp/postern.yaml": "/etc/postern.yaml" };
  const files = { "/tmp": STICKY, "/etc/postern.yaml": LONE };
  const at = { file: "/tmp/postern.yaml", links };
  for (const uid of [0, 900]) {
    assert.deepEqual(untrusted({ ...files, "/tmp/postern.yaml": { uid } }, at), []);
  }
  const foreign = { ...files, "/tmp/postern.yaml": { uid: 1002 } };
  assert.deepEqual(untrusted(foreign, at), [
    "untrusted /tmp/postern.yaml: run: chown -h root /tmp/postern.yaml",
  ]);
  assert.deepEqual(untrusted({ ...foreign, "/tmp": { kind: "directory", mode: 0o755 } }, at), []);
});

Deno.test("links that lead in a circle are unreadable, and end", () => {
  const links = { "/etc/a.yaml": "b.yaml", "/etc/b.yaml": "a.yaml" };
  assert.match(untrusted({}, { file: "/etc/a.yaml", links }).join(), /^unreadable \/etc\/a\.yaml/);
});

Deno.test("in a user namespace without root, only what is root's everywhere may be of a uid that is unknown", () => {
  const nobody = { kind: "directory" as const, uid: 65534, mode: 0o755 };
  const file = "/home/x/etc/postern.yaml";
  const files = {
    "/": nobody,
    "/home": nobody,
    "/home/x": { ...nobody, uid: 900 },
    [file]: { text: LONE, uid: 900 },
  };
  const within = (more: typeof files | Record<string, typeof nobody>) => {
    const fs: ConfigFs = { ...fakeFs({ ...files, ...more }), unknownUid: () => 65534 };
    return untrusted({}, { file, fs });
  };
  assert.deepEqual(within({}), []);
  assert.deepEqual(within({ "/home": { ...nobody, mode: 0o777 } }), [
    "untrusted /home: run: chmod go-w /home",
  ]);
  assert.deepEqual(within({ "/home/x": nobody }), ["untrusted /home/x: run: chown root /home/x"]);
  assert.deepEqual(untrusted(files, { file }), [
    "untrusted /: run: chown root /",
    "untrusted /home: run: chown root /home",
  ]);
});

Deno.test("one who is unknown himself does not trust all others who are", () => {
  const file = "/srv/postern.yaml";
  const fs: ConfigFs = {
    ...fakeFs({ [file]: { text: LONE, uid: 65534 } }),
    ownUid: () => 65534,
    unknownUid: () => 65534,
  };
  assert.deepEqual(untrusted({}, { file, fs }), [`untrusted ${file}: run: chown root ${file}`]);
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

import assert from "node:assert/strict";
import { load, problems } from "./fakes.ts";

const LISTENER = "listeners: [{ socket: /p.sock }]\n";

/** What is wrong in `postern.yaml`, as `code line:column`. */
const refused: Record<string, [yaml: string, ...expected: string[]]> = {
  "an empty file": ["", "no-listeners 1:1"],
  "no listeners": ["upstream: /d.sock\n", "no-listeners 1:1"],
  "an empty list of listeners": ["listeners: []\n", "no-listeners 1:1"],
  "not a map": ["- a\n", "wrong-value 1:1"],
  "broken YAML": ["listeners: [\n", "yaml 2:1"],
  "several documents": [`${LISTENER}---\nb: 1\n`, "yaml 2:1"],
  "a key written twice": [`${LISTENER}workers: 1\nworkers: 2\n`, "duplicate-key 3:1"],
  "an unknown tag": [`${LISTENER}workers: !x 1\n`, "yaml 2:10"],
  "an alias without an anchor": [`${LISTENER}upstream: *here\n`, "yaml 2:11"],
  "YAML 1.1": [`%YAML 1.1\n---\n${LISTENER}`, "yaml 1:1"],
  "a merge key": [`${LISTENER}<<: { workers: 2 }\n`, "yaml 2:1"],
  "an asterisk that is not quoted": [`${LISTENER}policies: [*]\n`, "yaml 2:12"],
  "a quote that is never closed": [`upstream: "/d.sock\n${LISTENER}workers: 2\n`, "yaml 1:11"],
  "a mistake behind an alias, at the alias": [
    "listeners: [&l { socket: /p.sock }, *l]\n",
    "duplicate-listener 1:37",
  ],
  "a mistake in an alias's value, at each alias": [
    "listeners: [{ socket: /p.sock, policy: &p nope }]\ndefault: *p\n",
    "unknown-policy 1:43",
    "unknown-policy 2:10",
  ],
  "listeners that are no list": ["listeners: /p.sock\n", "wrong-value 1:12"],
  "listeners left out": ["listeners:\n", "wrong-value 1:11"],
  "client rules without conditions": [
    `${LISTENER}clients: [{ policy: full }, { uid: x, policy: deny }, { polcy: deny }]\n`,
    "no-conditions 2:11",
    "bad-id 2:36",
    "unknown-key 2:57",
  ],
  "a glob that matches nothing": [`${LISTENER}policies: ["*.yml"]\n`, "no-files 2:12"],
  "an audit file whose folder is not there": [
    `${LISTENER}audit: { file: /nonexistent/audit }\n`,
    "bad-path 2:16",
  ],
  "a key named __proto__": [`${LISTENER}__proto__: { workers: 2 }\n`, "unknown-key 2:1"],
  "an unknown key": [`${LISTENER}worker: 2\n`, "unknown-key 2:1"],
  "an unknown key in a listener": [
    "listeners:\n  - socket: /p.sock\n    grup: ci\n",
    "unknown-key 3:5",
  ],
  "an unknown key in audit": [`${LISTENER}audit: { fil: /x }\n`, "unknown-key 2:10"],
  "a wrong type": [`${LISTENER}workers: many\n`, "wrong-value 2:10"],
  "a number out of range": [`${LISTENER}workers: 65\n`, "wrong-value 2:10"],
  "a time that is none": [
    "listeners: [{ socket: /p.sock, rotate: 0 }]\ndrain: soon\n",
    "wrong-value 1:40",
    "wrong-value 2:8",
  ],
  "a missing socket": ["listeners:\n  - name: x\n", "missing-key 2:5"],
  "a missing policy in a client rule": [
    `${LISTENER}clients:\n  - uid: 1\n`,
    "missing-key 3:5",
  ],
  "a value left out": [`${LISTENER}default:\n`, "wrong-value 2:9"],
  "every bad item of a list": [
    `${LISTENER}clients: [{ uid: [-1, -2, 3], policy: deny }]\n`,
    "wrong-value 2:19",
    "wrong-value 2:23",
  ],
  "a list of no ids": [`${LISTENER}clients: [{ uid: [], policy: deny }]\n`, "wrong-value 2:18"],
  "a bad mode": ["listeners: [{ socket: /p.sock, mode: 0680 }]\n", "bad-mode 1:38"],
  "a mode with more than permissions": [
    "listeners: [{ socket: /p.sock, mode: 01777 }]\n",
    "bad-mode 1:38",
  ],
  "a bad range": [`${LISTENER}clients: [{ uid: 9-1, policy: deny }]\n`, "bad-id 2:18"],
  "uid and user together": [
    `${LISTENER}clients: [{ uid: 1, user: ops, policy: deny }]\n`,
    "conflict 2:21",
  ],
  "an unknown user and group": [
    "listeners: [{ socket: /p.sock, user: opps, group: nogroup }]\n",
    "unknown-user 1:38",
    "unknown-group 1:51",
  ],
  "an unknown user in a client rule": [
    `${LISTENER}clients: [{ user: [ops, nobody2], policy: deny }]\n`,
    "unknown-user 2:25",
  ],
  "an unknown listener": [
    `${LISTENER}clients: [{ listener: q, policy: deny }]\n`,
    "unknown-listener 2:23",
  ],
  "unknown policies": [
    "listeners: [{ socket: /p.sock, policy: readonly }]\nclients: [{ uid: 1, policy: x }]\ndefault: y\n",
    "unknown-policy 1:40",
    "unknown-policy 2:29",
    "unknown-policy 3:10",
  ],
  "a policy named like a property of objects": [
    `${LISTENER}default: constructor\n`,
    "unknown-policy 2:10",
  ],
  "a relative socket": ["listeners: [{ socket: run/p.sock }]\n", "bad-path 1:23"],
  "a socket that ends with a slash": ["listeners: [{ socket: /run/p/ }]\n", "bad-path 1:23"],
  "a socket path that is too long": [
    `listeners: [{ socket: /${"x".repeat(107)} }]\n`,
    "bad-path 1:23",
  ],
  "a tcp upstream": [`upstream: tcp://127.0.0.1:2375\n${LISTENER}`, "bad-path 1:11"],
  "a relative audit file": [`${LISTENER}audit: { file: audit.log }\n`, "bad-path 2:16"],
  "an audit file of no size": [
    `${LISTENER}audit: { file: /log, rotate: { size: much } }\n`,
    "wrong-value 2:38",
  ],
  "an audit file that would be rotated all the time": [
    `${LISTENER}audit: { file: /log, rotate: { size: 1k } }\n`,
    "wrong-value 2:38",
  ],
  "a device that should be rotated": [
    `${LISTENER}audit: { file: /dev/null, rotate: { size: 1MiB } }\n`,
    "bad-path 2:16",
  ],
  "a name that is none": ['listeners: [{ socket: /p.sock, name: "a b" }]\n', "bad-name 1:38"],
  "a name that objects have already": [
    "listeners: [{ socket: /p.sock, name: constructor }]\n",
    "bad-name 1:38",
  ],
  "a socket whose stem is no name": ["listeners: [{ socket: '/run/a b.sock' }]\n", "bad-name 1:23"],
  "two listeners of one name": [
    "listeners: [{ socket: /a/p.sock }, { socket: /b/p.sock }]\n",
    "duplicate-listener 1:46",
  ],
  "two listeners on one socket": [
    "listeners: [{ socket: /a/p.sock }, { socket: /a/./p.sock, name: q }]\n",
    "duplicate-listener 1:46",
  ],
  "a loop": ["upstream: /p.sock\nlisteners: [{ socket: /p.sock }]\n", "upstream-loop 1:11"],
  "a loop through another listener": [
    "listeners: [{ socket: /p.sock }, { socket: /q.sock, upstream: /x/../p.sock }]\n",
    "upstream-loop 1:63",
  ],
  "a raw listener without an upstream": [
    "listeners: [{ socket: /p.sock, protocol: raw }]\n",
    "raw-upstream 1:42",
  ],
  "a raw listener with a policy that judges requests": [
    "listeners: [{ socket: /p.sock, protocol: raw, upstream: /a, policy: read-only }]\n",
    "raw-policy 1:69",
  ],
  "a folder of policies that is not there": [`${LISTENER}policies: teams/\n`, "unreadable 2:11"],
};

for (const [what, [yaml, ...expected]] of Object.entries(refused)) {
  Deno.test(`refused: ${what}`, () => {
    const result = load(yaml);
    assert.equal(result.ok, false);
    assert.deepEqual(problems(result).map((found) => found.replace("postern.yaml:", "")), expected);
  });
}

Deno.test("a missing config file is reported with the kernel's words", () => {
  const result = load({});
  assert.ok(!result.ok);
  assert.deepEqual(problems(result), ["unreadable postern.yaml:0:0"]);
  assert.match(result.diagnostics[0]?.message ?? "", /ENOENT/);
});

Deno.test("the same socket through a symbolic link is the same socket", () => {
  const yaml = "upstream: /var/run/p.sock\nlisteners: [{ socket: /run/p.sock }]\n";
  const result = load(yaml, { links: { "/var/run": "/run" } });
  assert.deepEqual(problems(result), ["upstream-loop postern.yaml:1:11"]);
});

Deno.test("a variable or flag that does not parse is reported", () => {
  const result = load(LISTENER, {
    env: { POSTERN_WORKERS: "many", POSTERN_UPSTREAM: "tcp://x" },
    overrides: { audit: "stdout", workers: 0 },
  });
  assert.deepEqual(problems(result), [
    "wrong-value command line:0:0",
    "wrong-value command line:0:0",
    "wrong-value environment:0:0",
    "wrong-value environment:0:0",
  ]);
});

Deno.test("an upstream from the command line can be a loop too", () => {
  const result = load(LISTENER, { overrides: { upstream: "/p.sock" } });
  assert.deepEqual(problems(result), ["upstream-loop command line:0:0"]);
});

Deno.test("a client rule about everybody is refused with what says the same on purpose", () => {
  const result = load(`${LISTENER}clients: [{ policy: full }]\n`);
  assert.ok(!result.ok);
  const [found] = result.diagnostics;
  assert.match(found?.message ?? "", /no conditions/);
  assert.match(found?.hint ?? "", /default: full/);
  assert.match(found?.hint ?? "", /listener's policy/);
});

/** The message and hint of the one mistake in a file. */
function told(yaml: string): string {
  const result = load(yaml);
  assert.ok(!result.ok);
  assert.equal(result.diagnostics.length, 1, JSON.stringify(result.diagnostics));
  const { message, hint } = result.diagnostics[0]!;
  return hint === undefined ? message : `${message}; ${hint}`;
}

const words: Record<string, [yaml: string, told: RegExp]> = {
  "two documents": [`${LISTENER}---\na: 1\n`, /^a file holds only one document/],
  "an asterisk that is not quoted": [`${LISTENER}policies: [*]\n`, /; quote it: "\*"$/],
  "a merge key": [`<<: { workers: 2 }\n${LISTENER}`, /^merge keys are not supported/],
  "a key written twice": [`${LISTENER}workers: 1\nworkers: 2\n`, /stands in line 2 already$/],
  "max-children": [
    "listeners: [{ socket: /p.sock, max-children: 9 }]\n",
    /^unknown key "max-children"; did you mean max_connections$/,
  ],
  "owner": ["listeners: [{ socket: /p.sock, owner: root }]\n", /did you mean user$/],
  "path": ["listeners: [{ path: /p.sock }]\n", /^unknown key "path"; did you mean socket$/],
  "a name as uid": [
    `${LISTENER}clients: [{ uid: root, policy: full }]\n`,
    /uid must be a number like 1000 .*: got "root"; write user: root$/,
  ],
  "a name as gid": [
    `${LISTENER}clients: [{ gid: [ci], policy: full }]\n`,
    /; write group: ci$/,
  ],
  "a path as audit": [`${LISTENER}audit: /tmp/x\n`, /; write audit: \{ file: \/tmp\/x \}$/],
  "a level as log": [`${LISTENER}log: debug\n`, /; write log: \{ level: debug \}$/],
  "a format as log": [`${LISTENER}log: json\n`, /; write log: \{ format: json \}$/],
  "a path as listener": [
    "listeners: [/p.sock]\n",
    /^item 1 of listeners must be a map with a socket: got "\/p\.sock"; write \{ socket: \/p\.sock \}$/,
  ],
  "a tcp socket": ["listeners: [{ socket: tcp://x:1 }]\n", /tcp:\/\/ is not supported/],
  "a list as mode": [
    "listeners: [{ socket: /p.sock, mode: [] }]\n",
    /^mode must be octal like 0660 or symbolic like u=rw,g=rw: got an empty list$/,
  ],
  "no name": [
    "listeners: [{ socket: /p.sock, name: }]\n",
    /^name must be a word like ci: got nothing$/,
  ],
  "a long value": [
    `upstream: ${"x".repeat(500)}\n${LISTENER}`,
    /got "x{80}…"$/,
  ],
  "an audit file whose folder is not there": [
    `${LISTENER}audit: { file: /nonexistent/a }\n`,
    /^cannot write \/nonexistent\/a: \/nonexistent does not exist; create it with: install -d -m 0755 \/nonexistent$/,
  ],
};

for (const [what, [yaml, expected]] of Object.entries(words)) {
  Deno.test(`words that help about ${what}`, () => assert.match(told(yaml), expected));
}

Deno.test("an audit file from outside is looked at too, and one that is overridden is not", () => {
  const inFile = `${LISTENER}audit: { file: /nonexistent/a }\n`;
  const elsewhere = load(LISTENER, { overrides: { audit: "/nonexistent/a" } });
  assert.deepEqual(problems(elsewhere), ["bad-path command line:0:0"]);
  assert.deepEqual(problems(load(inFile, { env: { POSTERN_AUDIT: "off" } })), []);
});

Deno.test("a socket can be written as unix:///path", () => {
  const result = load("listeners: [{ socket: unix:///run/ci.sock }]\n");
  assert.ok(result.ok);
  const [listener] = result.config.listeners;
  assert.deepEqual([listener?.socket, listener?.name], ["/run/ci.sock", "ci"]);
});

Deno.test("a listener with mistakes is still known to the rules that name it", () => {
  const result = load(
    "listeners: [{ socket: run/ci.sock }]\nclients: [{ listener: ci, policy: full }]\n",
  );
  assert.deepEqual(problems(result), ["bad-path postern.yaml:1:23"]);
});

Deno.test("aliases work, and too many of them are refused", () => {
  const fine = "x: &s /p.sock\n";
  assert.deepEqual(problems(load(`${fine}listeners: [{ socket: *s }]\n`)), [
    "unknown-key postern.yaml:1:1",
  ]);
  const layers = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (const [from, to] of ["ab", "bc", "cd", "de"]) {
    layers.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join()}]`);
  }
  assert.deepEqual(problems(load(`${layers.join("\n")}\n`)), ["yaml postern.yaml:1:1"]);
});

Deno.test("a map that says to have a length is no text and no list, whatever it says", () => {
  const map = "{ length: { toString: 1 } }";
  for (
    const text of [
      `${LISTENER}upstream: ${map}\n`,
      `${LISTENER}default: ${map}\n`,
      `${LISTENER}policies: ${map}\n`,
      `${LISTENER}clients: [{ group: ${map}, policy: full }]\n`,
    ]
  ) {
    const found = problems(load(text));
    assert.equal(found.length, 1, `${text}${found.join()}`);
    assert.match(found[0]!, /^wrong-value /);
  }
});

Deno.test("a group named __proto__ is unknown, whatever stands there", () => {
  for (const verbs of ["{}", "create", "[create]", "7", "~", "[]", "[7]", "[{ toString: 1 }]"]) {
    const team = `name: team\nallow: [{__proto__: ${verbs}}]\n`;
    const found = load({ "postern.yaml": `${LISTENER}policies: team.yaml\n`, "team.yaml": team });
    assert.equal(problems(found).length, 1, `${verbs}: ${problems(found).join()}`);
    assert.match(problems(found)[0]!, /^unknown-operation team\.yaml:2:/);
  }
});

import assert from "node:assert/strict";
import { load, problems } from "./fakes.ts";

const CONFIG = "listeners: [{ socket: /p.sock }]\npolicies: policies\n";

/** Policy files a.yaml, b.yaml, … and what is wrong with them, as `code file:line:column`. */
const refused: Record<string, [files: string[], ...expected: string[]]> = {
  "a missing name": [["extends: full\n"], "missing-key a:1:1"],
  "a name that is none": [["name: ../x\n"], "bad-name a:1:7"],
  "a built-in policy's name": [["name: full\n"], "duplicate-policy a:1:7"],
  "one name twice": [["name: x\n", "name: x\n"], "duplicate-policy b:1:7"],
  "an unknown base": [["name: x\nextends: readonly\n"], "unknown-policy a:2:10"],
  "a policy that extends itself": [["name: x\nextends: x\n"], "extends-cycle a:2:10"],
  "policies that extend each other": [
    ["name: x\nextends: y\n", "name: y\nextends: x\n", "name: z\nextends: x\n"],
    "extends-cycle b:2:10",
  ],
  "another mode": [["name: x\nmode: learn\n"], "wrong-value a:2:7"],
  "an unknown operation": [["name: x\nallow:\n  - containers.lst\n"], "unknown-operation a:3:5"],
  "an unknown verb among others": [
    ["name: x\nallow:\n  - containers: [start, stap, create, rnu]\n"],
    "unknown-operation a:3:25",
    "unknown-operation a:3:39",
  ],
  "an unknown group": [["name: x\ndeny:\n  - container: '*'\n"], "unknown-operation a:3:16"],
  "a group named __proto__": [
    ["name: x\ndeny: [{ __proto__: [a] }]\n"],
    "unknown-operation a:2:21",
  ],
  "an operation that is no text": [
    ["name: x\nallow: [1, [a]]\n"],
    "wrong-value a:2:9",
    "wrong-value a:2:12",
  ],
  "a verb that is no text": [["name: x\nallow: [{ images: [pull, 1] }]\n"], "wrong-value a:2:26"],
  "an unknown key": [["name: x\nalow: []\n"], "unknown-key a:2:1"],
  "a claim to everybody": [["name: x\nclients: [{}]\n"], "no-conditions a:2:11"],
  "a policy in its clients": [
    ["name: x\nclients: [{ uid: 1, policy: full }]\n"],
    "unknown-key a:2:21",
  ],
  "an unknown listener in its clients": [
    ["name: x\nclients: [{ listener: ci }]\n"],
    "unknown-listener a:2:23",
  ],
  "mistakes of a file without a name": [
    ["extends: nope\nallow: [x.y]\n"],
    "missing-key a:1:1",
    "unknown-operation a:2:9",
  ],
};

for (const [what, [files, ...expected]] of Object.entries(refused)) {
  Deno.test(`refused in a policy file: ${what}`, () => {
    const named = files.map((text, index) => [`policies/${"abc"[index]}.yaml`, text] as const);
    const result = load({ "postern.yaml": CONFIG, ...Object.fromEntries(named) });
    assert.equal(result.ok, false);
    const found = problems(result).map((text) => text.replace(/policies\/(.)\.yaml/, "$1"));
    assert.deepEqual(found, expected);
  });
}

Deno.test("a raw listener takes a custom policy that allows raw.connect", () => {
  const yaml = "listeners: [{ socket: /p.sock, protocol: raw, upstream: /a, policy: agent }]\n" +
    "policies: agent.yaml\n";
  const allowed = { "postern.yaml": yaml, "agent.yaml": "name: agent\nallow: [raw.connect]\n" };
  assert.deepEqual(problems(load(allowed)), []);
  const closed = { "postern.yaml": yaml, "agent.yaml": "name: agent\n" };
  assert.deepEqual(problems(load(closed)), ["raw-policy postern.yaml:1:69"]);
});

Deno.test("a policy with mistakes is still known to those who name it", () => {
  const result = load({
    "postern.yaml": `${CONFIG}default: x\n`,
    "policies/a.yaml": "name: x\nallow: [nope]\n",
    "policies/b.yaml": "name: y\nextends: x\n",
  });
  assert.deepEqual(problems(result), ["unknown-operation policies/a.yaml:2:9"]);
});

Deno.test("an unreadable policy file does not make its name unknown as well", () => {
  const result = load({
    "postern.yaml": `${CONFIG}default: x\n`,
    "policies/a.yaml": { failure: "EACCES (Permission denied)" },
  });
  assert.deepEqual(problems(result), ["unreadable policies/a.yaml:0:0"]);
});

Deno.test("a folder without policy files is refused: a claim that was in it would be lost", () => {
  const result = load({ "postern.yaml": CONFIG, "policies/README": "" });
  assert.deepEqual(problems(result), ["no-files postern.yaml:2:11"]);
});

Deno.test("a group of operations by its bare name gets the whole group as a hint", () => {
  const result = load({
    "postern.yaml": CONFIG,
    "policies/a.yaml": "name: x\nallow: [containers]\n",
  });
  assert.ok(!result.ok);
  assert.equal(result.diagnostics[0]?.hint, "did you mean containers.*");
});

Deno.test("the name that a policy file lacks is explained", () => {
  const result = load({ "postern.yaml": CONFIG, "policies/a.yaml": "allow: [images.pull]\n" });
  assert.ok(!result.ok);
  assert.equal(result.diagnostics[0]?.message, 'missing key "name": a word like team-ci');
});

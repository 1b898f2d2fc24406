import assert from "node:assert/strict";
import { load, problems } from "./fakes.ts";

const listener = (policy: string) => `listeners: [{ socket: /p.sock, policy: ${policy} }]\n`;
const ruleOf = (result: ReturnType<typeof load>, policy: string, operation: string) => {
  assert.ok(result.ok, JSON.stringify(result));
  return result.config.gate.policies[policy]?.verdicts[operation]?.rule;
};

Deno.test("a preset is there as soon as it is named: by a listener, a client, the default or another policy", () => {
  const naming: Record<string, string>[] = [
    { "postern.yaml": listener("traefik") },
    { "postern.yaml": `${listener("deny")}clients: [{ uid: 1, policy: traefik }]\n` },
    { "postern.yaml": `${listener("deny")}default: traefik\n` },
    {
      "postern.yaml": `${listener("deny")}policies: policies\n`,
      "policies/own.yaml": "name: own\nextends: traefik\n",
    },
  ];
  for (const files of naming) {
    const result = load(files);
    assert.match(ruleOf(result, "traefik", "system.version")!, /^preset traefik:\d+ allow system/);
    assert.deepEqual(result.ok && result.config.presets, ["traefik"]);
  }
});

Deno.test("no preset is there that nobody names", () => {
  const result = load(listener("read-only"));
  assert.ok(result.ok);
  assert.deepEqual(result.config.presets, []);
  assert.deepEqual(Object.keys(result.config.gate.policies), [
    "deny",
    "read-only",
    "operator",
    "full",
  ]);
});

Deno.test("a preset brings the one that it extends", () => {
  const result = load(listener("portainer"));
  assert.match(ruleOf(result, "portainer", "containers.list")!, /^preset portainer-read-only:/);
  assert.deepEqual(result.ok && result.config.presets, ["portainer", "portainer-read-only"]);
});

Deno.test("a file of the configuration stands for the preset of its name", () => {
  const result = load({
    "postern.yaml": `${listener("traefik")}policies: policies\n`,
    "policies/traefik.yaml": "name: traefik\nallow: [system.ping]\n",
  });
  assert.equal(
    ruleOf(result, "traefik", "system.ping"),
    "policies/traefik.yaml:2 allow system.ping",
  );
  assert.equal(ruleOf(result, "traefik", "containers.list"), "policies/traefik.yaml");
  assert.deepEqual(result.ok && result.config.presets, []);
});

Deno.test("a preset's name that is almost right is told; the list of the others stays short", () => {
  const hint = (policy: string) => {
    const result = load(listener(policy));
    assert.deepEqual(problems(result), ["unknown-policy postern.yaml:1:40"]);
    return result.ok ? undefined : result.diagnostics[0]!.hint;
  };
  assert.equal(hint("treafik"), "did you mean traefik");
  assert.equal(hint("nothing-like-it"), "the policies are deny, read-only, operator, full");
});

Deno.test("what a policy adds to a preset's constraints is held against it", () => {
  const result = load({
    "postern.yaml": `${listener("own")}policies: policies\n`,
    "policies/own.yaml":
      "name: own\nextends: traefik\nconstraints: { containers.create: { host_mounts: [/srv] } }\n",
  });
  assert.deepEqual(problems(result), ["not-allowed policies/own.yaml:3:16"]);
});

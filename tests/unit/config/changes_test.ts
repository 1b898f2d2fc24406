import assert from "node:assert/strict";
import { connectionChanges, gateChanges, restartKeys } from "../../../lib/config/changes.ts";
import type { Config } from "../../../lib/config/types.ts";
import { load } from "./fakes.ts";

function loaded(text: string, files: Record<string, string> = {}): Config {
  const result = load({ "postern.yaml": text, ...files });
  assert.ok(result.ok, JSON.stringify(result));
  return result.config;
}

const LISTENER = "listeners: [{ socket: /p.sock }]\n";
const WITH = `${LISTENER}policies: policies\n`;

Deno.test("nothing is said of what is the same", () => {
  const files = { "policies/a.yaml": "name: a\nallow: [system.info]\n" };
  const text = `${WITH}clients: [{ uid: 5, policy: a }]\n`;
  assert.deepEqual(gateChanges(loaded(text, files).gate, loaded(text, files).gate), []);
});

Deno.test("policies are named that are changed, added and removed", () => {
  const before = loaded(WITH, {
    "policies/a.yaml": "name: a\nallow: [system.info]\n",
    "policies/b.yaml": "name: b\n",
    "policies/c.yaml": "name: c\n",
  });
  const after = loaded(WITH, {
    "policies/a.yaml": "name: a\nallow: [system.version]\n",
    "policies/c.yaml": "name: c\n",
    "policies/d.yaml": "name: d\n",
    "policies/e.yaml": "name: e\n",
  });
  assert.deepEqual(gateChanges(before.gate, after.gate), [
    "policy a changed",
    "policies d, e added",
    "policy b removed",
  ]);
});

Deno.test("client rules are counted, listeners and the default named with what they had", () => {
  const before = loaded(`${LISTENER}clients: [{ uid: 5, policy: full }]\n`);
  const after = loaded("listeners: [{ socket: /p.sock, policy: full }]\ndefault: read-only\n");
  assert.deepEqual(gateChanges(before.gate, after.gate), [
    "0 client rules instead of 1",
    "listener p has policy full (had no policy)",
    "default is read-only (was deny)",
  ]);
  const other = loaded(`${LISTENER}clients: [{ uid: 6, policy: full }]\n`);
  assert.deepEqual(gateChanges(before.gate, other.gate), ["client rules changed"]);
});

Deno.test("the keys that need a restart are named", () => {
  const before = loaded(LISTENER);
  const after = loaded(`${LISTENER}audit: "off"\nworkers: 2\nlog: { level: debug }\n`);
  assert.deepEqual(restartKeys(before, after), ["audit", "workers", "log"]);
  assert.deepEqual(restartKeys(before, loaded(`${LISTENER}default: full\n`)), []);
});

Deno.test("reload is watched and revokes unless it says otherwise", () => {
  assert.deepEqual(loaded(LISTENER).reload, { watch: true, revoke: "close" });
  const text = `${LISTENER}reload: { watch: false, revoke: keep }\n`;
  assert.deepEqual(loaded(text).reload, { watch: false, revoke: "keep" });
});

Deno.test("other numbers of connections are told", () => {
  const before = loaded(`${LISTENER}max_connections: 100\nmax_connections_per_uid: 5\n`);
  assert.deepEqual(connectionChanges(before, before), []);
  assert.deepEqual(connectionChanges(before, loaded(`${LISTENER}max_connections_per_uid: 6\n`)), [
    "max_connections is not set (was 100)",
    "max_connections_per_uid is 6 (was 5)",
  ]);
});

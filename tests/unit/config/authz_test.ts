import assert from "node:assert/strict";
import { authzNotices } from "../../../lib/authz/notices.ts";
import { authzChanges, restartKeys } from "../../../lib/config/changes.ts";
import { load, problems } from "./fakes.ts";

function notices(text: string): string[] {
  const loaded = load(text);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return authzNotices(loaded.config.authz!, loaded.config)
    .map(({ level, text }) => `${level} ${text}`);
}

Deno.test("authz alone is a configuration: who has which policy, and where the engine asks", () => {
  const loaded = load("authz: { anonymous: full, users: { alice: read-only }, default: operator }");
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.deepEqual(loaded.config.listeners, []);
  assert.deepEqual(loaded.config.authz, {
    socket: "/run/docker/plugins/postern.sock",
    anonymous: "full",
    users: [{ name: "alice", policy: "read-only", origin: "postern.yaml:1" }],
    defaultPolicy: "operator",
    upstream: "/var/run/docker.sock",
    seal: false,
    breakGlass: "/etc/postern/break-glass",
  });
});

Deno.test("a preset that only authz names is there", () => {
  const loaded = load("authz: { anonymous: full, users: { t: traefik } }");
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.ok(Object.hasOwn(loaded.config.gate.policies, "traefik"));
});

Deno.test("authz refuses what it does not understand, and must say what anonymous is", () => {
  const [missing] = problems(load("authz: { users: { a: full } }"));
  assert.match(missing!, /^missing-key /);
  const unknown = problems(load("authz: { anonymous: ful, default: x, users: { a: y } }"));
  for (const policy of ["7", "~", "[full]", "{}"]) {
    const users = `{ __proto__: ${policy}, constructor: ${policy} }`;
    const wrong = problems(load(`authz: { anonymous: full, users: ${users} }`));
    assert.deepEqual(wrong.map((text) => text.split(" ")[0]), ["wrong-value", "wrong-value"]);
  }
  assert.deepEqual(unknown.map((text) => text.split(" ")[0]), [
    "unknown-policy",
    "unknown-policy",
    "unknown-policy",
  ]);
  const [glass] = problems(load("authz: { anonymous: full, break_glass: glass }"));
  assert.match(glass!, /^bad-path /);
  const [path] = problems(load("authz: { anonymous: full, socket: run.sock }"));
  assert.match(path!, /^bad-path /);
});

Deno.test("a seal counts from the start only; other keys of authz are taken up at once", () => {
  const config = (authz: string) => {
    const loaded = load(`listeners: [{ socket: /p.sock }]\nauthz: { anonymous: deny, ${authz} }\n`);
    assert.ok(loaded.ok, JSON.stringify(loaded));
    return loaded.config;
  };
  const [open, sealed] = [config("default: deny"), config("seal: true")];
  assert.deepEqual(restartKeys(open, sealed), ["authz.seal"]);
  assert.deepEqual(restartKeys(sealed, open), ["authz.seal"]);
  const other = config("seal: true, users: { a: full }, break_glass: /root/in");
  assert.deepEqual(restartKeys(sealed, other), []);
  assert.deepEqual(authzChanges(sealed, other), ["authz changed"]);
  assert.deepEqual(authzChanges(sealed, config("seal: true")), []);
  assert.deepEqual(restartKeys(open, config("socket: /q.sock")), ["authz.socket"]);
});

Deno.test("the log says what is sealed, and where the seal does not reach", () => {
  const authz = "authz: { anonymous: deny, seal: true }";
  const lines = notices(
    `listeners: [{ socket: /p.sock }, { socket: /r.sock, protocol: raw, policy: full, upstream: /var/run/docker.sock }]\n${authz}`,
  ).join("\n");
  assert.match(lines, /info sealed: what comes around \/p\.sock is judged as anonymous, deny/);
  assert.match(lines, /warning listener r is raw: what comes through it has no seal/);
  assert.doesNotMatch(lines, /locks everybody out/);
  assert.match(notices(authz).join("\n"), /warning no listener leads to \/var\/run\/docker\.sock/);
});

Deno.test("the log warns of who is locked out, and of what a plugin cannot do", () => {
  const quiet = notices("authz: { anonymous: full }");
  assert.deepEqual(quiet.filter((line) => line.startsWith("warning")), []);
  assert.match(quiet[1]!, /"authorization-plugins": \["postern"\]/);
  const out = notices("authz: { anonymous: deny, users: { a: full } }").join("\n");
  assert.match(out, /warning .*nobody can use the engine's own socket, not even root/);
  assert.match(notices("authz: { anonymous: deny }").join("\n"), /warning .*locks everybody out/);
  const elsewhere = notices("authz: { anonymous: full, socket: /run/x/gate.sock }").join("\n");
  assert.match(elsewhere, /warning .*unix:\/\/\/run\/x\/gate\.sock into .*plugins\/gate\.spec/);
});

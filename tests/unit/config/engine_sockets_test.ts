import assert from "node:assert/strict";
import { engineSockets, everyUpstream } from "../../../lib/config/engine_sockets.ts";
import { load } from "./fakes.ts";

function configOf(text: string) {
  const loaded = load({ "postern.yaml": text });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.config;
}

Deno.test("what a raw listener leads to is no engine's socket, wherever it stands in the list", () => {
  const config = configOf(`
upstream: /run/docker.sock
listeners:
  - { socket: /run/postern/pg.sock, protocol: raw, upstream: /run/postgresql/.s.PGSQL.5432, policy: full }
  - { socket: /run/postern/a.sock, policy: full }
  - { socket: /run/postern/b.sock, policy: full, upstream: /run/podman/podman.sock }
  - { socket: /run/postern/c.sock, policy: read-only }
`);
  const engines = ["/run/docker.sock", "/run/podman/podman.sock"];
  assert.deepEqual(engineSockets(config), engines);
  assert.deepEqual(everyUpstream(config), [...engines, "/run/postgresql/.s.PGSQL.5432"]);
});

Deno.test("an engine that is reached raw by one listener and understood by another is an engine", () => {
  const config = configOf(`
listeners:
  - { socket: /run/postern/a.sock, protocol: raw, upstream: /run/docker.sock, policy: full }
  - { socket: /run/postern/b.sock, upstream: /run/docker.sock, policy: full }
`);
  assert.deepEqual(engineSockets(config), ["/run/docker.sock"]);
});

Deno.test("the plugin's engine is one without any listener", () => {
  const config = configOf(`
authz: { socket: /run/docker/plugins/postern.sock, anonymous: full }
upstream: /run/docker.sock
`);
  assert.deepEqual(engineSockets(config), ["/run/docker.sock"]);
});

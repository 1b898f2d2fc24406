import assert from "node:assert/strict";
import { parse } from "yaml";
import { command, withFiles } from "../cli/fake_world.ts";

/** The configuration that an importer writes, once `check` has found it valid. */
// deno-lint-ignore no-explicit-any
async function imported(kind: string, text: string): Promise<{ config: any; told: string }> {
  // deno-lint-ignore no-explicit-any
  let found: { config: any; told: string } | undefined;
  await withFiles({ source: text }, async (directory) => {
    const out = `${directory}/new`;
    const { code, err } = await command(["import", kind, `${directory}/source`, "--out", out]);
    assert.equal(code, 0, err);
    const checked = await command(["check", "-c", `${out}/postern.yaml`]);
    assert.equal(checked.code, 0, checked.err);
    found = { config: parse(await Deno.readTextFile(`${out}/postern.yaml`)), told: err };
  });
  return found!;
}

Deno.test("a port in BIND_CONFIG becomes a listener there, insecure where others reach it", async () => {
  const open = await imported("tecnativa", "CONTAINERS=1\nBIND_CONFIG=:2375\n");
  assert.deepEqual(open.config.listeners, [
    { listen: "tcp://0.0.0.0:2375", insecure: true, policy: "tecnativa" },
  ]);
  const { config } = await imported("tecnativa", "CONTAINERS=1\nBIND_CONFIG=127.0.0.1:2375\n");
  assert.deepEqual(config.listeners, [{ listen: "tcp://127.0.0.1:2375", policy: "tecnativa" }]);
});

Deno.test("the image's own port stays a socket, and what would be the port is told", async () => {
  const { config, told } = await imported("tecnativa", "CONTAINERS=1\n");
  assert.equal(config.listeners[0].socket, "/run/postern/docker.sock");
  assert.match(told, /listens on TCP port 2375 of every address.*listen: tcp:\/\/127.0.0.1:2375/);
});

Deno.test("wollomatic's allowfrom becomes a rule about addresses, and its names are told", async () => {
  const { config, told } = await imported(
    "wollomatic",
    "-listenip=0.0.0.0 -proxyport=2377 -allowfrom=172.18.0.0/16,traefik '-allowGET=/v1\\..{1,2}/info'\n",
  );
  assert.deepEqual(config.listeners, [{ listen: "tcp://0.0.0.0:2377", insecure: true }]);
  assert.deepEqual(config.clients, [{ address: ["172.18.0.0/16"], policy: "wollomatic" }]);
  assert.match(told, /allowfrom=traefik: names are not looked up.*container: NAME/);
});

Deno.test("wollomatic by itself takes clients from loopback at port 2375", async () => {
  const { config } = await imported("wollomatic", "'-allowGET=/info'\n");
  assert.deepEqual(config.listeners, [{ listen: "tcp://127.0.0.1:2375" }]);
  assert.deepEqual(config.clients, [{ address: ["127.0.0.1/32"], policy: "wollomatic" }]);
});

Deno.test("names alone in allowfrom let nobody in", async () => {
  const { config } = await imported("wollomatic", "-allowfrom=traefik '-allowGET=/info'\n");
  assert.deepEqual(config.listeners, [{ listen: "tcp://127.0.0.1:2375" }]);
  assert.equal(config.clients, undefined);
});

Deno.test("sockguard's and cetusguard's addresses become listeners", async () => {
  const sockguard = await imported(
    "sockguard",
    "listen: { address: '127.0.0.1:2380' }\nrules:\n  - match: { method: GET, path: /info }\n    action: allow\n",
  );
  assert.deepEqual(sockguard.config.listeners[0].listen, "tcp://127.0.0.1:2380");
  const cetusguard = await imported(
    "cetusguard",
    "CETUSGUARD_FRONTEND_ADDR=tcp://:2379\nCETUSGUARD_RULES=GET %API_PREFIX_INFO%\n",
  );
  assert.deepEqual(cetusguard.config.listeners[0], {
    listen: "tcp://0.0.0.0:2379",
    insecure: true,
    policy: "cetusguard",
  });
});

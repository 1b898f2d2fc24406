import assert from "node:assert/strict";
import { asRoot, harden, line, startEngine, startGate } from "../../../lib/doctor/fixes.ts";
import { configOf, oneListener } from "./config_of.ts";
import { factsOf } from "./fake_host.ts";

const configured = configOf(
  `${oneListener}  - { socket: /run/postern/ops.sock, policy: operator }\n`,
);
const elsewhere = { ...configured, file: "/srv/it's here.yaml" };

Deno.test("a fix by harden is for the configuration and the tree that were looked at", async () => {
  assert.deepEqual(
    harden(await factsOf({}, configured), "audit"),
    ["postern harden apply --only audit"],
  );
  assert.deepEqual(
    harden(await factsOf({ root: "/mnt" }, elsewhere), "audit"),
    ["postern harden apply --only audit -c '/srv/it'\\''s here.yaml' --root /mnt"],
  );
  // A configuration that does not load is of no use to it.
  const broken = { file: "/srv/x.yaml", problems: ["/srv/x.yaml:1: no"] };
  assert.deepEqual(harden(await factsOf({}, broken), "audit"), [
    "postern harden apply --only audit",
  ]);
  assert.equal(asRoot(await factsOf({}, broken)), "sudo postern doctor -c /srv/x.yaml");
});

Deno.test("where the gate has no user yet, the part that makes it comes along", async () => {
  const facts = await factsOf(
    { files: { "/etc/passwd": "root:x:0:0::/root:/bin/sh\n" } },
    configured,
  );
  for (const part of ["audit", "systemd"] as const) {
    assert.equal(harden(facts, part).at(-1), `postern harden apply --only sockets --only ${part}`);
  }
  assert.deepEqual(harden(facts, "daemon"), ["postern harden apply --only daemon"]);
});

Deno.test("the gate is started by its units where it has some, and by itself where not", async () => {
  const units = {
    "/etc/systemd/system/postern.service": "[Service]\n",
    "/etc/systemd/system/postern.socket": "[Socket]\n",
    "/etc/systemd/system/postern-ops.socket": "[Socket]\n",
  };
  assert.equal(
    startGate(await factsOf({ files: units }, configured)),
    "systemctl restart postern.socket postern-ops.socket postern.service",
  );
  const alone = { "/lib/systemd/system/postern.service": "[Service]\n" };
  assert.equal(
    startGate(await factsOf({ files: alone }, configured)),
    "systemctl restart postern.service",
  );
  assert.equal(
    startGate(await factsOf({}, elsewhere)),
    "postern serve -c '/srv/it'\\''s here.yaml'",
  );
  assert.equal(startGate(await factsOf({})), "postern serve");
});

Deno.test("an engine is started by what makes its socket", () => {
  assert.equal(startEngine("/run/docker.sock"), "systemctl start docker.service");
  assert.equal(startEngine("/run/podman/podman.sock"), "systemctl start podman.socket");
  assert.equal(
    startEngine("/run/user/1000/docker.sock"),
    "systemctl --user start docker.service",
  );
});

Deno.test("no word of a fix is more than a word to the shell", () => {
  const { stdout } = new Deno.Command("sh", {
    args: ["-c", line("printf", "%s|", "/a b", "$(id)", "-c", ["it's", "`x`", ";", "*"])],
  }).outputSync();
  assert.equal(new TextDecoder().decode(stdout), "/a b|$(id)|-c|it's|`x`|;|*|");
});

import assert from "node:assert/strict";
import { command, withFiles } from "./fake_world.ts";

const config = [
  "listeners:",
  "  - { socket: DIR/ci.sock }",
  "  - { socket: DIR/ops.sock, policy: full }",
  "clients:",
  "  - { uid: 0, listener: ci, policy: read-only }",
  "  - { gid: 50, policy: operator }",
  "",
].join("\n");

/** `explain` of one request, by somebody, on a listener. */
async function explain(...args: string[]) {
  let said = { code: -1, out: "", err: "" };
  await withFiles({ "postern.yaml": config }, async (directory) => {
    said = await command(["explain", "-c", `${directory}/postern.yaml`, ...args]);
    said = { ...said, out: said.out.replaceAll(directory, "DIR") };
  });
  return said;
}

Deno.test("explain: an allowed request, with the rule that gave the policy", async () => {
  const { code, out } = await explain("--uid", "0", "--listener", "ci", "GET", "/v1.41/info");
  assert.equal(code, 0);
  assert.match(out, /^allowed: system\.info\n/);
  assert.match(out, /policy +read-only, by .*postern\.yaml:5\n/);
});

Deno.test("explain: a denied request, with the reason and what would allow it", async () => {
  const said = await explain("--uid", "0", "--listener", "ci", "POST", "/containers/create");
  assert.equal(said.code, 1);
  assert.match(said.out, /^denied: containers\.create\n[^]*why +.+\n[^]*to allow +.+\n/);
});

Deno.test("explain: an ambiguous request is a 400, whoever sends it", async () => {
  const said = await explain("--uid", "0", "--listener", "ops", "GET", "/containers/../info");
  assert.equal(said.code, 1);
  assert.match(said.out, /^refused \(400\): GET \/containers\/\.\.\/info\n/);
});

Deno.test("explain: groups decide, and nobody in particular gets the default", async () => {
  const stop = ["--listener", "ci", "POST", "/containers/x/stop"];
  assert.equal((await explain("--uid", "4711", "--groups", "9,50", ...stop)).code, 0);
  assert.equal((await explain("--uid", "4711", "--gid", "50", ...stop)).code, 0);
  const denied = await explain("--uid", "4711", ...stop);
  assert.equal(denied.code, 1);
  assert.match(denied.out, /policy +deny, by .*default/);
});

Deno.test("explain --json has the audit record's words", async () => {
  const args = ["--uid", "0", "--listener", "ci", "--json", "GET", "/v1.41/secrets"];
  const told = JSON.parse((await explain(...args)).out);
  assert.equal(told.decision, "deny");
  assert.equal(told.status, 403);
  assert.equal(told.policy, "read-only");
  assert.equal(told.listener, "ci");
  assert.deepEqual(told.request, {
    method: "GET",
    path: "/v1.41/secrets",
    operation: "secrets.list",
    api_version: "1.41",
  });
});

for (
  const [args, message] of [
    [["--listener", "ci", "GET", "/info"], /--uid N or --user NAME/],
    [["--uid", "-1", "--listener", "ci", "GET", "/info"], /uid/],
    [["--uid", "4294967295", "--listener", "ci", "GET", "/info"], /--uid takes a number/],
    [["--uid", "0", "GET", "/info"], /say which --listener: ci, ops/],
    [["--uid", "0", "--listener", "co", "GET", "/info"], /no listener "co": ci, ops/],
    [["--uid", "0", "--user", "root", "--listener", "ci", "GET", "/info"], /twice/],
    [["--user", "no-such-user", "--listener", "ci", "GET", "/info"], /no user "no-such-user"/],
    [["--uid", "0", "--listener", "ci", "GET"], /wanted 2 arguments, got 1/],
  ] as const
) {
  Deno.test(`explain ${args.join(" ")} is a usage error`, async () => {
    const { code, out, err } = await explain(...args);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, message);
    assert.match(err, /^postern explain: .*postern explain --help/);
  });
}

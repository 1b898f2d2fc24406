import assert from "node:assert/strict";
import { command, withFiles } from "./fake_world.ts";

const config = [
  "listeners:",
  "  - { socket: DIR/ci.sock, mode: 0666 }",
  "  - { socket: DIR/ops.sock, policy: full }",
  "  - { socket: DIR/agent.sock, protocol: raw, upstream: /run/a, policy: full, mode: 0666 }",
  "  - { socket: DIR/team.sock, mode: 0660, user: 0, group: 4242, policy: read-only }",
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
  assert.match(out, /policy +read-only, by .*postern\.yaml:7\n/);
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

Deno.test("explain: groups can be named, and none at all is what it says", async () => {
  const stop = ["--listener", "ci", "POST", "/containers/x/stop"];
  const named = await explain("--uid", "4711", "--gid", "root", "--groups", "daemon", ...stop);
  assert.match(named.out, /groups 0 1\n/);
  const none = await explain("--uid", "0", "--groups", "", ...stop);
  assert.match(none.out, /groups 0\n/);
});

Deno.test("explain: a raw listener judges the connection, with or without a request", async () => {
  for (const request of [[], ["GET", "/info"]]) {
    const args = ["--uid", "4711", "--listener", "agent", ...request];
    const { code, out } = await explain(...args);
    assert.equal(code, 0);
    assert.match(out, /^allowed: raw\.connect\n/);
    assert.match(out, /listener +agent, raw: .*METHOD and PATH do not count\n/);
    const told = JSON.parse((await explain("--json", ...args)).out);
    assert.deepEqual([told.request.method, told.request.operation], [null, "raw.connect"]);
  }
  const denied = await explain("--uid", "4711", "--gid", "50", "--listener", "agent");
  assert.equal(denied.code, 1);
  assert.match(denied.out, /^denied: raw\.connect\n/);
});

for (
  const [who, can] of [
    [["--uid", "0"], true],
    [["--uid", "4711"], false],
    [["--uid", "4711", "--gid", "4242"], true],
    [["--uid", "4711", "--groups", "7,4242"], true],
  ] as const
) {
  Deno.test(`explain: the socket's mode ${can ? "lets in" : "keeps out"} ${who.join(" ")}`, async () => {
    const args = [...who, "--listener", "team", "GET", "/info"];
    const { code, out } = await explain(...args);
    assert.equal(code, can ? 0 : 1);
    assert.match(out, can ? /^allowed: / : /^kept out: system\.info\n/);
    const line = /socket +mode 0660, owner 0:4242: this peer cannot connect\n/;
    if (!can) assert.match(out, line);
    const told = JSON.parse((await explain("--json", ...args)).out);
    assert.equal(told.kept_out, can ? null : "mode 0660, owner 0:4242");
    assert.equal(told.decision, can ? "allow" : "deny");
  });
}

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
    [["--uid", "0", "GET", "/info"], /say which --listener: ci, ops, agent, team/],
    [["--uid", "0", "--listener", "co", "GET", "/info"], /no listener "co": ci, ops/],
    [["--uid", "4294967295", "--listener", "ci", "GET", "/"], /from 0 to 4294967294, got/],
    [["--uid", "0", "--gid", "4294967295", "--listener", "ci", "GET", "/"], /from 0 to 4294967294/],
    [["--uid", "0", "--groups", "rooot", "--listener", "ci", "GET", "/"], /did you mean root/],
    [["--user", "45003", "--listener", "ci", "GET", "/info"], /no user "45003".*--uid 45003/],
    [["--uid", "0", "--listener", "ci", "get", "/info"], /METHOD is upper case, such as GET/],
    [
      ["--uid", "0", "--listener", "ci", "GET", "info"],
      /PATH begins with \/, as in \/v1\.41\/info/,
    ],
    [["--uid", "0", "--listener", "ci", "GET", "http://d/info"], /PATH begins with \//],
    [["--uid", "0", "--listener", "ci", "GET", "/", "/info"], /unexpected argument "\/info"/],
    [["--uid", "0", "--user", "root", "--listener", "ci", "GET", "/info"], /twice/],
    [["--user", "no-such-user", "--listener", "ci", "GET", "/info"], /no user "no-such-user"/],
    [["--uid", "0", "--listener", "ci", "GET"], /say which request, as METHOD PATH/],
  ] as const
) {
  Deno.test(`explain ${args.join(" ")} is a usage error`, async () => {
    const { code, out, err } = await explain(...args);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, message);
    assert.match(err, /^postern explain: .*postern explain --help/);
  });
}

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { command, withFiles } from "./fake_world.ts";

const files = {
  "postern.yaml": [
    "upstream: DIR/engine.sock",
    "listeners:",
    "  - { socket: DIR/ci.sock, mode: 0666 }",
    "clients:",
    "  - { uid: 1001, policy: team }",
    "  - { uid: 1002, policy: trial }",
    "policies: policies/",
    "",
  ].join("\n"),
  "policies/team.yaml": [
    "name: team",
    "allow:",
    "  - containers: [create, start, stop, wait, attach, exec]",
    "  - exec.start",
    "constraints:",
    "  containers.create:",
    "    host_mounts: [/srv/ci/**]",
    "  containers.start:",
    "    containers: [{ label: [team=ci] }]",
    "  containers.stop:",
    "    containers: [{ label: [team=ci] }]",
    "",
  ].join("\n"),
  "policies/trial.yaml": "name: trial\nextends: team\nmode: warn\n",
};

const privileged = '{"Image":"alpine","HostConfig":{"Privileged":true}}';
const CREATE = ["POST", "/v1.41/containers/create"];

/** `explain` by the user with this uid. */
async function explain(uid: number, args: readonly string[], stdin = "", engine = false) {
  let said = { code: -1, out: "", err: "" };
  await withFiles({ ...files, "body.json": privileged }, async (directory) => {
    const inDirectory = args.map((arg) => arg.replace("DIR", directory));
    const closing = engine ? await startEngine(`${directory}/engine.sock`) : undefined;
    try {
      const whole = ["explain", "-c", `${directory}/postern.yaml`, "--uid", String(uid)];
      said = await command([...whole, ...inDirectory], {}, stdin);
    } finally {
      closing?.();
    }
    said = { ...said, out: said.out.replaceAll(directory, "DIR") };
  });
  return said;
}

/** Knows the container web, with the label team=ci. */
async function startEngine(path: string): Promise<() => void> {
  const server = createServer(({ url }, response) => {
    const known = url === "/containers/web/json";
    response.writeHead(known ? 200 : 404);
    response.end(JSON.stringify(
      known
        ? { Id: "f".repeat(64), Name: "/web", Config: { Labels: { team: "ci" } } }
        : { message: "No such container: x" },
    ));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen({ path }, resolve);
  await promise;
  return () => server.close();
}

for (
  const [name, at, stdin] of [
    ["a file", "DIR/body.json", ""],
    ["standard input", "-", privileged],
  ] as const
) {
  Deno.test(`explain takes a body from ${name}, and says which constraint it breaks`, async () => {
    const { code, out } = await explain(1001, ["--body", at, ...CREATE], stdin);
    assert.equal(code, 1);
    assert.match(out, /^denied: containers\.create\n/);
    assert.match(out, /rule +safe defaults of containers\.create\n/);
    assert.match(out, /why +privileged: Privileged is true\n/);
    assert.match(out, /to allow +"constraints: \{containers\.create: \{privileged: true\}\}"/);
  });
}

Deno.test("explain --json names the constraint, and what was looked up", async () => {
  const told = JSON.parse(
    (await explain(1001, ["--json", "--body", "-", ...CREATE], privileged)).out,
  );
  assert.equal(told.decision, "deny");
  assert.equal(told.constraint, "privileged");
  assert.deepEqual(told.lookups, []);
});

Deno.test("explain of a body that is no JSON is a refusal, as the gate's", async () => {
  const { code, out } = await explain(1001, ["--body", "-", ...CREATE], "{");
  assert.equal(code, 1);
  assert.match(out, /^refused \(400\): containers\.create\n/);
});

Deno.test("explain takes a docker command line, and shows each of its requests", async () => {
  const line = ["--", "docker", "run", "-v", "/etc:/x", "-h", "box", "alpine"];
  const { code, out } = await explain(1001, line);
  assert.equal(code, 1);
  assert.match(out, /^denied: docker run -v \/etc:\/x -h box alpine\n/);
  assert.match(out, /\ndenied: images\.pull .*\n +only if +the image is not there\n/);
  assert.match(out, /\ndenied: containers\.create .*\n +rule +policies\/team\.yaml:7\n/);
  assert.match(out, /why +host_mounts: \/etc is not under \/srv\/ci\/\*\*\n/);
  assert.match(out, /\nallowed: containers\.wait /);
});

Deno.test("explain knows the container that the command makes, and does not count a pull that may not be", async () => {
  const labelled = await explain(1001, ["--", "docker", "run", "-l", "team=ci", "alpine"]);
  assert.equal(labelled.code, 0);
  assert.match(labelled.out, /^allowed: docker run /);
  const other = await explain(1001, ["--", "docker", "run", "alpine"]);
  assert.equal(other.code, 1);
  assert.match(other.out, /\ndenied: containers\.start .*\n[^]*containers: new-container /);
});

Deno.test("explain --json of a command line has a list of requests", async () => {
  const { out } = await explain(1001, ["--json", "--", "run", "-d", "--privileged", "alpine"]);
  const told = JSON.parse(out);
  assert.equal(told.decision, "deny");
  assert.equal(told.command, "docker run -d --privileged alpine");
  assert.deepEqual(
    told.requests.map((r: { constraint: string | null; request: { operation: string } }) => [
      r.request.operation,
      r.constraint,
    ]),
    [
      ["images.pull", null],
      ["containers.create", "privileged"],
      ["containers.wait", null],
      ["containers.start", "containers"],
    ],
  );
});

Deno.test("explain asks the engine what a decision depends on", async () => {
  const found = await explain(1001, ["--json", "--", "docker", "stop", "web"], "", true);
  assert.equal(found.code, 0);
  assert.deepEqual(JSON.parse(found.out).requests[0].lookups, ["container web"]);
  const absent = await explain(1001, ["--", "docker", "stop", "x"], "", true);
  assert.match(absent.out, /^refused \(404\): .*\n[^]*why +No such container: x\n/);
  const silent = await explain(1001, ["--", "docker", "stop", "web"]);
  assert.match(
    silent.out,
    /^refused \(502\): .*\n[^]*why +the engine at DIR\/engine\.sock cannot be asked/,
  );
});

Deno.test("explain --offline asks nobody, and says what the decision depends on", async () => {
  const { code, out } = await explain(1001, ["--offline", "--", "docker", "stop", "web"], "", true);
  assert.equal(code, 1);
  assert.match(out, /^undecided: docker stop web\n/);
  assert.match(out, /why +it depends on the container web, and nobody was asked/);
  const mount = ["--offline", "--", "docker", "create", "-v", "/srv/ci/a:/a", "alpine"];
  const assumed = await explain(1001, mount);
  assert.equal(assumed.code, 0);
  assert.match(assumed.out, /assumes +no symbolic link leads on from \/srv\/ci\/a\n/);
});

Deno.test("explain says what mode warn lets pass", async () => {
  const { code, out } = await explain(1002, ["--body", "-", ...CREATE], privileged);
  assert.equal(code, 0);
  assert.match(out, /^allowed by mode warn: containers\.create\n/);
  assert.match(out, /would be denied, but mode warn lets it pass\n/);
  const told = JSON.parse(
    (await explain(1002, ["--json", "--body", "-", ...CREATE], privileged)).out,
  );
  assert.deepEqual([told.decision, told.status], ["would-deny", null]);
});

for (
  const [args, message] of [
    [["--", "docker", "compose", "up"], /docker compose is no command .*METHOD PATH --body FILE/],
    [["--", "docker", "run", "--nonsense", "x"], /no flag --nonsense/],
    [["--body", "-", "--", "docker", "ps"], /--body belongs to METHOD PATH/],
    [["GET", "/info", "--", "docker", "ps"], /unexpected argument "GET"/],
    [["--body", "/nonexistent/x", ...CREATE], /cannot read the body/],
    [["--"], /docker is given no command/],
  ] as const
) {
  Deno.test(`explain ${args.join(" ")} is a usage error`, async () => {
    const { code, out, err } = await explain(1001, args);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, message);
  });
}

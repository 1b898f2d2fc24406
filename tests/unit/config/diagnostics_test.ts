import assert from "node:assert/strict";
import { type Diagnostic, formatDiagnostics } from "../../../lib/config/diagnostics.ts";
import { load, problems } from "./fakes.ts";

const golden = new URL("../../golden/diagnostics/", import.meta.url);

/** Compares with the file of that name; UPDATE_GOLDEN=1 writes it instead. */
function assertGolden(name: string, actual: string): void {
  const file = new URL(name, golden);
  if (Deno.env.get("UPDATE_GOLDEN") === "1") Deno.writeTextFileSync(file, actual);
  assert.equal(actual, Deno.readTextFileSync(file));
}

function render(files: Parameters<typeof load>[0], options?: Parameters<typeof load>[1]): string {
  const result = load(files, options);
  const found = result.ok ? [] : result.diagnostics;
  return formatDiagnostics(found, result.sources, { color: false });
}

const EVERYTHING = `upstream: tcp://127.0.0.1:2375
listeners:
  - socket: run/ci.sock
    mode: 0680
    grup: ci
    user: opps
  - socket: /run/ops.sock
    policy: readonly
    backlog: lots
  - socket: /run/ops.sock
  - socket: /run/agent.sock
    protocol: raw
    policy: read-only
clients:
  - uid: 2999-2000
    policy: full
  - group: [ci, dokcer]
    listener: opps
    policy: team
  - user: root
workers: 0
policies: [policies/, missing.yaml]
default: nothing
audit: stdout
workrs: 2
`;

const POLICY = `name: full
extends: reed-only
mode: warm
allow:
  - containers: [create, strat]
  - image.pull
constraints:
  containers.create:
    privlieged: false
    host_mounts: [srv/ci, { path: /etc/ }]
    capabilities: [NET_ADMN]
    memory: lots
  container.exec: none
`;

Deno.test("everything that is wrong in all files is reported at once, in order", () => {
  const files = {
    "postern.yaml": EVERYTHING,
    "policies/broken.yaml": "name: [\n",
    "policies/full.yaml": { text: POLICY, mode: 0o666, uid: 1002 },
  };
  const options = { env: { POSTERN_WORKERS: "x" }, overrides: { audit: "out" } };
  assert.deepEqual(problems(load(files, options)), [
    "wrong-value command line:0:0",
    "wrong-value environment:0:0",
    "yaml policies/broken.yaml:2:1",
    "untrusted policies/full.yaml:0:0",
    "duplicate-policy policies/full.yaml:1:7",
    "wrong-value policies/full.yaml:3:7",
    "unknown-operation policies/full.yaml:5:26",
    "unknown-operation policies/full.yaml:6:5",
    "unknown-key policies/full.yaml:9:5",
    "wrong-value policies/full.yaml:10:19",
    "wrong-value policies/full.yaml:10:35",
    "wrong-value policies/full.yaml:11:20",
    "wrong-value policies/full.yaml:12:13",
    "unknown-operation policies/full.yaml:13:3",
    "bad-path postern.yaml:1:11",
    "bad-path postern.yaml:3:13",
    "bad-mode postern.yaml:4:11",
    "unknown-key postern.yaml:5:5",
    "unknown-user postern.yaml:6:11",
    "wrong-value postern.yaml:9:14",
    "duplicate-listener postern.yaml:10:13",
    "raw-upstream postern.yaml:12:15",
    "raw-policy postern.yaml:13:13",
    "bad-id postern.yaml:15:10",
    "unknown-group postern.yaml:17:17",
    "unknown-listener postern.yaml:18:15",
    "missing-key postern.yaml:20:5",
    "wrong-value postern.yaml:21:10",
    "unreadable postern.yaml:22:23",
    "wrong-value postern.yaml:24:8",
    "unknown-key postern.yaml:25:1",
  ]);
  assertGolden("everything.txt", render(files, options));
});

Deno.test("near misses get a suggestion", () => {
  const files = {
    "postern.yaml": "listeners:\n  - socket: /run/ci.sock\n    polcy: full\n" +
      "    group: dcoker\nclients: [{ listener: cl, policy: reed-only }]\npolicies: team.yaml\n",
    "team.yaml": "name: team\nextends: operater\nallow: [image.pull, containers.delete]\n",
  };
  assertGolden("suggestions.txt", render(files));
});

Deno.test("an untrusted file comes with the command that helps", () => {
  const files = {
    "postern.yaml": { text: "listeners: [{ socket: /p.sock }]\n", uid: 1002, mode: 0o666 },
  };
  assertGolden("untrusted.txt", render(files));
});

Deno.test("YAML errors have their place", () => {
  const text = "listeners:\n  - socket: /p.sock\n     mode: 0600\nworkers: 1\n";
  assertGolden("yaml.txt", render(text));
});

const at = (column: number, length: number): Diagnostic => ({
  code: "wrong-value",
  file: "f.yaml",
  line: 1,
  column,
  length,
  message: "wrong",
});

function one(diagnostic: Diagnostic, text: string, color = false): string {
  return formatDiagnostics([diagnostic], new Map([["f.yaml", text]]), { color });
}

Deno.test("the caret stands under the whole value", () => {
  assert.equal(
    one(at(4, 3), "a: bcd\n"),
    "f.yaml:1:4: wrong\n    1 | a: bcd\n      |    ^~~\n",
  );
});

Deno.test("control characters and invisible ones are shown, and the caret stays where it belongs", () => {
  const text = "\ta: \x1b[31mx\x7f\u202e\x9b y\r\n";
  assert.equal(
    one(at(5, 6), text),
    "f.yaml:1:5: wrong\n    1 | ␉a: ␛[31mx␡�� y\n      |     ^~~~~~\n",
  );
});

Deno.test("control characters in messages, hints and file names are shown too", () => {
  const found = { ...at(1, 1), file: "f\x1b.yaml", message: "m\x1b[2J\n", hint: "h\x07" };
  assert.equal(one(found, ""), "f␛.yaml:1:1: m␛[2J␊\n       = h␇\n");
});

Deno.test("a character outside the BMP takes one column", () => {
  assert.equal(one(at(6, 1), "'😀': b\n").split("\n")[2], "      |     ^");
});

Deno.test("there are no escapes without color, and there are with it", () => {
  assert.ok(!one(at(1, 1), "a\n").includes("\x1b"));
  assert.ok(one(at(1, 1), "a\n", true).includes("\x1b[31m^\x1b[0m"));
});

import assert from "node:assert/strict";
import { restartKeys } from "../../../lib/config/changes.ts";
import type { FileStat } from "../../../lib/config/fs.ts";
import type { LoadResult } from "../../../lib/config/load.ts";
import type { Config } from "../../../lib/config/types.ts";
import { load, problems } from "./fakes.ts";

const SOCKET = "/srv/engine/docker.sock";
const folder = (stat: Partial<FileStat>) => ({ kind: "directory" as const, ...stat });

/** A configuration for `run_as`, with an engine's socket and its folder as they are given. */
function withEngine(
  runAs: string,
  socket?: Partial<FileStat>,
  above: Partial<FileStat> = {},
): LoadResult {
  return load({
    "postern.yaml": `upstream: ${SOCKET}\nlisteners: [{ socket: /p.sock }]\nrun_as: { ${runAs} }\n`,
    "/srv/engine": folder({ mode: 0o755, ...above }),
    ...(socket === undefined ? {} : { [SOCKET]: { kind: "other" as const, ...socket } }),
  });
}

function loaded(result: LoadResult): Config {
  assert.ok(result.ok, JSON.stringify(result));
  return result.config;
}

const reached: Record<string, [socket: Partial<FileStat>, above: Partial<FileStat>, number[]]> = {
  "a socket that a group may write": [{ gid: 2002, mode: 0o660 }, {}, [2002]],
  "a socket that everybody may write": [{ gid: 2002, mode: 0o666 }, {}, []],
  "a socket of its own": [{ uid: 1001, gid: 2002, mode: 0o600 }, {}, []],
  "a socket of its own group": [{ gid: 1001, mode: 0o660 }, {}, []],
  "a socket behind a folder of another group": [
    { gid: 2002, mode: 0o660 },
    { gid: 2001, mode: 0o710 },
    [2001, 2002],
  ],
};

for (const [name, [socket, above, groups]] of Object.entries(reached)) {
  Deno.test(`${name} needs ${groups.length === 0 ? "no group" : `groups ${groups.join(", ")}`}`, () => {
    const { runAs } = loaded(withEngine("user: ops", socket, above));
    assert.deepEqual(runAs, { uid: 1001, gid: 1001, groups });
  });
}

const barred: Record<string, [socket: Partial<FileStat>, above?: Partial<FileStat>]> = {
  "a socket that only its owner may write": [{ gid: 2002, mode: 0o600 }],
  "a socket of its own that it may not write": [{ uid: 1001, mode: 0o466 }],
  "a socket of its group that everybody else may write": [{ gid: 1001, mode: 0o606 }],
  "a socket in a folder that only its owner may enter": [{ mode: 0o666 }, { mode: 0o700 }],
};

for (const [name, [socket, above]] of Object.entries(barred)) {
  Deno.test(`${name} is out of reach, and nothing starts`, () => {
    const result = withEngine("user: ops", socket, above);
    assert.deepEqual(problems(result), ["unreachable postern.yaml:3:17"]);
  });
}

Deno.test("while the engine is away, the groups are those that the user has anyway", () => {
  const { runAs } = loaded(withEngine("user: ops"));
  assert.deepEqual(runAs, { uid: 1001, gid: 1001, groups: [2002] });
});

Deno.test("a group that is given is the first one, and no supplementary one", () => {
  const { runAs } = loaded(withEngine("user: ops, group: docker", { gid: 2002, mode: 0o660 }));
  assert.deepEqual(runAs, { uid: 1001, gid: 2002, groups: [] });
});

for (
  const [runAs, problem] of [
    ["user: root", "not-allowed postern.yaml:3:17"],
    ["user: 0", "not-allowed postern.yaml:3:17"],
    ["user: opps", "unknown-user postern.yaml:3:17"],
    ["user: ops, group: dokcer", "unknown-group postern.yaml:3:29"],
    ["user: 4711", "missing-key postern.yaml:3:17"],
    ["group: docker", "missing-key postern.yaml:3:9"],
  ] as const
) {
  Deno.test(`run_as { ${runAs} } is refused`, () => {
    assert.deepEqual(problems(withEngine(runAs, { mode: 0o666 })), [problem]);
  });
}

Deno.test("a number without a name runs with a group that is given", () => {
  const { runAs } = loaded(withEngine("user: 4711, group: 4712", { mode: 0o666 }));
  assert.deepEqual(runAs, { uid: 4711, gid: 4712, groups: [] });
});

Deno.test("sockets belong to run_as unless they are given to somebody", () => {
  const of = (runAs: string) => {
    const text = `listeners: [{ socket: /a.sock }, { socket: /b.sock, user: runner, group: ci }]\n`;
    return loaded(load(text + runAs)).listeners.map(({ uid, gid }) => [uid, gid]);
  };
  assert.deepEqual(of("run_as: { user: ops }\n"), [[1001, 1001], [1002, 2001]]);
  assert.deepEqual(of(""), [[undefined, undefined], [1002, 2001]]);
});

Deno.test("another run_as needs a restart", () => {
  const before = loaded(withEngine("user: ops", { mode: 0o666 }));
  const after = loaded(withEngine("user: ops, group: ci", { mode: 0o666 }));
  assert.deepEqual(restartKeys(before, after), ["run_as"]);
  assert.deepEqual(restartKeys(before, before), []);
});

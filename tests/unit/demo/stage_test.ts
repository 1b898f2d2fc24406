import assert from "node:assert/strict";
import { findEngine } from "../../../lib/demo/find_engine.ts";
import { makeStage } from "../../../lib/demo/stage.ts";

/** Runs `fn` with TMPDIR at a new folder of this mode; the folder's path is as long as `depth` asks for. */
function withTmpdir(mode: number, fn: (folder: string) => void, depth = 0): void {
  const root = Deno.makeTempDirSync({ dir: "/tmp" });
  const folder = depth === 0 ? root : `${root}/${"x".repeat(depth)}`;
  const before = Deno.env.get("TMPDIR");
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.chmodSync(root, mode);
    Deno.env.set("TMPDIR", folder);
    fn(folder);
  } finally {
    if (before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", before);
    Deno.removeSync(root, { recursive: true });
  }
}

const modeOf = (path: string) => Deno.statSync(path).mode! & 0o777;

Deno.test("a stage for one user is in TMPDIR, and nobody else can enter it", () => {
  withTmpdir(0o755, (folder) => {
    const stage = makeStage(false);
    assert.ok(stage.startsWith(`${folder}/postern-demo-`), stage);
    assert.equal(modeOf(stage), 0o700);
  });
});

Deno.test("a stage for other users is in TMPDIR when they can enter that", () => {
  withTmpdir(0o755, (folder) => {
    const stage = makeStage(true);
    assert.ok(stage.startsWith(`${folder}/`), stage);
    assert.equal(modeOf(stage), 0o755);
  });
});

Deno.test("a stage for other users is in /tmp when TMPDIR is private", () => {
  withTmpdir(0o700, (folder) => {
    const stage = makeStage(true);
    try {
      assert.ok(stage.startsWith("/tmp/postern-demo-"), stage);
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    } finally {
      Deno.removeSync(stage);
    }
  });
});

Deno.test("a TMPDIR that is not there is an error without an errno's number", () => {
  withTmpdir(0o755, (folder) => {
    Deno.env.set("TMPDIR", `${folder}/none`);
    assert.throws(() => makeStage(false), {
      message: "cannot make a directory in TMPDIR or /tmp: ENOENT (No such file or directory)",
    });
  });
});

Deno.test("a TMPDIR that is too long for sockets is an error, and nothing is left in it", () => {
  withTmpdir(0o755, (folder) => {
    assert.throws(() => makeStage(false), /at most 107; set TMPDIR to a shorter folder/);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }, 80);
});

for (
  const [host, why] of [
    ["tcp://127.0.0.1:2375", /^DOCKER_HOST must be a unix socket, tcp:\/\/ is not supported/],
    ["ssh://me@there", /^DOCKER_HOST must be a unix socket/],
    ["unix://", /^DOCKER_HOST must be an absolute path/],
    ["unix:///nonexistent/d.sock", /^connect \/nonexistent\/d\.sock: ENOENT/],
  ] as const
) {
  Deno.test(`DOCKER_HOST=${host} is no engine that the demo can use, and it says why`, () => {
    const found = findEngine(host);
    assert.ok("why" in found);
    assert.match(found.why, why);
  });
}

Deno.test("an engine that DOCKER_HOST names is found", async () => {
  const folder = Deno.makeTempDirSync();
  using _engine = Deno.listen({ transport: "unix", path: `${folder}/d.sock` });
  assert.deepEqual(findEngine(`unix://${folder}/d.sock`), { path: `${folder}/d.sock` });
  await Deno.remove(folder, { recursive: true });
});

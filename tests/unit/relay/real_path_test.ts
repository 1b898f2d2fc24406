import assert from "node:assert/strict";
import { realPath } from "../../../lib/relay/real_path.ts";

async function withFolder(test: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("links are followed, and what does not exist stands behind what does", () =>
  withFolder((folder) => {
    Deno.mkdirSync(`${folder}/real`);
    Deno.symlinkSync("real", `${folder}/link`);
    assert.deepEqual(realPath(`${folder}/link/a/b`), { found: `${folder}/real/a/b` });
    assert.deepEqual(realPath(`${folder}/none/a`), { found: `${folder}/none/a` });
    assert.deepEqual(realPath("/"), { found: "/" });
  }));

Deno.test("a dangling link leads where it points: the engine could find something there later", () =>
  withFolder((folder) => {
    Deno.symlinkSync("/etc-of-tomorrow", `${folder}/link`);
    Deno.symlinkSync("link/deeper", `${folder}/second`);
    assert.deepEqual(realPath(`${folder}/link/x`), { found: "/etc-of-tomorrow/x" });
    assert.deepEqual(realPath(`${folder}/second`), { found: "/etc-of-tomorrow/deeper" });
  }));

Deno.test("links in a circle lead nowhere", () =>
  withFolder((folder) => {
    Deno.symlinkSync("b", `${folder}/a`);
    Deno.symlinkSync("a", `${folder}/b`);
    assert.ok("failed" in realPath(`${folder}/a/x`));
  }));

Deno.test("behind a link to a folder, .. leads out of that folder, where the end is missing, too", () =>
  withFolder((folder) => {
    Deno.mkdirSync(`${folder}/allowed`);
    Deno.mkdirSync(`${folder}/other/deep`, { recursive: true });
    Deno.symlinkSync("../other/deep", `${folder}/allowed/door`);
    Deno.symlinkSync("door/../missing", `${folder}/allowed/link`);
    assert.deepEqual(realPath(`${folder}/allowed/link/x`), { found: `${folder}/other/missing/x` });
    Deno.symlinkSync("missing/../../other", `${folder}/allowed/lost`);
    assert.ok("failed" in realPath(`${folder}/allowed/lost`), "nobody knows what comes there");
  }));

Deno.test("a file where a folder is needed is as if nothing were there", () =>
  withFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    assert.deepEqual(realPath(`${folder}/file/x`), { found: `${folder}/file/x` });
  }));

Deno.test("a path of too many folders is not looked up, nor one that links make so long", () =>
  withFolder((folder) => {
    assert.ok("failed" in realPath(folder + "/a".repeat(300)));
    Deno.symlinkSync("a/".repeat(200), `${folder}/long`);
    assert.ok("failed" in realPath(`${folder}/long${"/b".repeat(200)}`));
    assert.ok("found" in realPath(folder + "/a".repeat(200)));
  }));

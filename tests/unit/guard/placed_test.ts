import assert from "node:assert/strict";
import { isPlacedByRoot } from "../../../lib/guard/placed.ts";
import { testInRootFolder } from "./root_folder.ts";

const absent = Deno.uid() === 0 ? undefined : "needs root";

/** Folders of root's alone, and one in which others may make files. */
function rootTest(name: string, fn: (folder: string) => Promise<void>): void {
  testInRootFolder(absent, name, async (folder) => {
    await Deno.mkdir(`${folder}/run`, { mode: 0o755 });
    await Deno.writeTextFile(`${folder}/run/ci.sock`, "");
    await fn(folder);
  });
}

rootTest("a socket in root's own folders was put there by root, whosever it is", async (folder) => {
  await Deno.chown(`${folder}/run/ci.sock`, 65533, 65533);
  assert.equal(isPlacedByRoot(`${folder}/run/ci.sock`), true);
});

rootTest("one in a folder that another owns, or may write, may be another's", async (folder) => {
  for (const mode of [0o775, 0o757, 0o1777]) {
    await Deno.chmod(`${folder}/run`, mode);
    assert.equal(isPlacedByRoot(`${folder}/run/ci.sock`), false, mode.toString(8));
  }
  await Deno.chmod(`${folder}/run`, 0o755);
  await Deno.chown(`${folder}/run`, 65533, 0);
  assert.equal(isPlacedByRoot(`${folder}/run/ci.sock`), false);
});

rootTest(
  "so may one that is reached by another's folder or link, or is a link there",
  async (folder) => {
    await Deno.symlink("run", `${folder}/way`);
    assert.equal(isPlacedByRoot(`${folder}/way/ci.sock`), true);
    await Deno.mkdir(`${folder}/other`);
    await Deno.chown(`${folder}/other`, 65533, 0);
    await Deno.symlink("../run", `${folder}/other/way`);
    assert.equal(isPlacedByRoot(`${folder}/other/way/ci.sock`), false);
    await Deno.writeTextFile(`${folder}/other/x.sock`, "");
    await Deno.symlink("../other/x.sock", `${folder}/run/x.sock`);
    assert.equal(isPlacedByRoot(`${folder}/run/x.sock`), false);
  },
);

rootTest("what is not there was put there by nobody", async (folder) => {
  assert.equal(isPlacedByRoot(`${folder}/run/none.sock`), false);
  await Promise.resolve();
});

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

import assert from "node:assert/strict";
import { fileKey } from "../../../lib/guard/layout.ts";
import { fileId, locate } from "../../../lib/guard/target.ts";
import { statusBehind } from "../../../lib/linux/file.ts";

async function inFolder(fn: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "pg-" }));
  try {
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const id = (path: string) => fileId(statusBehind(path)!);

Deno.test("a socket is its file, and its name in the folder that links lead to", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/real`);
    await Deno.writeTextFile(`${folder}/real/d.sock`, "");
    await Deno.symlink("real", `${folder}/run`);
    await Deno.symlink("d.sock", `${folder}/real/docker.sock`);
    assert.deepEqual(locate(`${folder}/run/docker.sock`), {
      path: `${folder}/run/docker.sock`,
      file: id(`${folder}/real/d.sock`),
      place: { folder: id(`${folder}/real`), name: "d.sock", folderPath: `${folder}/real` },
    });
  }));

Deno.test("where nothing is yet, the name is known all the same", () =>
  inFolder((folder) => {
    assert.deepEqual(locate(`${folder}/d.sock`), {
      path: `${folder}/d.sock`,
      place: { folder: id(folder), name: "d.sock", folderPath: folder },
    });
    assert.deepEqual(locate(`${folder}/none/d.sock`), { path: `${folder}/none/d.sock` });
  }));

Deno.test("a name of the root's folder has it as its folder", () => {
  assert.deepEqual(locate("/postern-nothing.sock").place, {
    folder: id("/"),
    name: "postern-nothing.sock",
    folderPath: "/",
  });
});

Deno.test("files made anew have other keys", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a`, "");
    await Deno.writeTextFile(`${folder}/b`, "");
    const keys = ["a", "b"].map((name) => String(fileKey(locate(`${folder}/${name}`).file!)));
    assert.notEqual(keys[0], keys[1]);
  }));

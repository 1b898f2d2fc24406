import assert from "node:assert/strict";
import { statusBehind } from "../../../lib/linux/file.ts";
import { filesAt } from "../../../lib/watch/place.ts";
import { RealSockets } from "../../../lib/watch/real_sockets.ts";

async function inFolder(fn: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "pw-" });
  try {
    await Deno.writeTextFile(`${folder}/d.sock`, "");
    await Deno.symlink("d.sock", `${folder}/link`);
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a real socket is known by its file, by its name, and by names that lead to it", () =>
  inFolder(async (folder) => {
    const path = `${folder}/link`;
    const sockets = new RealSockets([path, path]);
    assert.deepEqual(sockets.paths, [path]);
    const [id] = sockets.ids();
    assert.equal(sockets.named(id!), path);
    assert.equal(sockets.named({ ...id!, inode: id!.inode + 1n }), undefined);
    assert.equal(sockets.named({ ...id!, device: id!.device + 1 }), undefined);
    assert.equal(sockets.called(path), path);
    assert.equal(sockets.called(`${folder}/d.sock`), path);
    assert.equal(sockets.called("d.sock"), undefined);
    await Deno.writeTextFile(`${folder}/other`, "");
    assert.equal(sockets.called(`${folder}/other`), undefined);
  }));

Deno.test("one that is made anew is known at once, and one that is gone stays what it was", () =>
  inFolder(async (folder) => {
    const path = `${folder}/d.sock`;
    const sockets = new RealSockets([path]);
    const [before] = sockets.ids();
    await Deno.writeTextFile(`${folder}/next`, "");
    await Deno.rename(`${folder}/next`, path);
    const after = { ...before!, inode: statusBehind(path)!.inode };
    assert.notEqual(after.inode, before!.inode);
    assert.equal(sockets.named(after), path);
    assert.deepEqual(sockets.ids(), [after]);
    await Deno.remove(path);
    sockets.refresh();
    assert.deepEqual(sockets.ids(), [after]);
  }));

Deno.test("one that is not there at the beginning is a mistake", () => {
  assert.throws(() => new RealSockets(["/nowhere/d.sock"]), /statx \/nowhere\/d.sock: ENOENT/);
});

Deno.test("a path is what it means to the process that uses it: in its folder, below its root", () =>
  inFolder(async (folder) => {
    const child = new Deno.Command("cat", { cwd: folder, stdin: "piped", stdout: "null" }).spawn();
    const inode = statusBehind(`${folder}/d.sock`)!.inode;
    const at = (path: string) => filesAt(path, child.pid, child.pid)!.map((file) => file.inode);
    assert.ok(at("d.sock").includes(inode));
    assert.deepEqual(at(`${folder}/link`), [inode]);
    assert.deepEqual(at(`/proc/self/cwd/d.sock`), [inode]);
    assert.deepEqual(at("/nowhere"), []);
    await child.stdin.close();
    await child.status;
    assert.equal(filesAt("d.sock", child.pid, child.pid), undefined);
  }));

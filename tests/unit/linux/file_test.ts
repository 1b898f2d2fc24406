import assert from "node:assert/strict";
import { chmod, chown, statusOf, statusOfDescriptor } from "../../../lib/linux/file.ts";
import { close, O_RDONLY, open } from "../../../lib/linux/io.ts";

Deno.test("a file's status is what the runtime's own stat says", () => {
  const path = Deno.makeTempFileSync();
  Deno.chmodSync(path, 0o641);
  const { ino, uid, gid } = Deno.statSync(path);
  const status = statusOf(path)!;
  assert.deepEqual(
    { inode: status.inode, uid: status.uid, gid: status.gid, mode: status.mode },
    { inode: BigInt(ino!), uid, gid, mode: 0o641 },
  );
  assert.equal(status.isSocket, false);
  const fd = open(path, O_RDONLY);
  assert.deepEqual(statusOfDescriptor(fd), status);
  close(fd);
  assert.equal(chmod(path, 0o600), 0);
  assert.equal(chown(path, undefined, undefined), 0);
  assert.equal(statusOf(path)!.mode, 0o600);
  Deno.removeSync(path);
  assert.equal(statusOf(path), undefined);
  assert.equal(chmod(path, 0o600), -1);
});

Deno.test("a socket is told from a file, and a link from what it points to", () => {
  const directory = Deno.makeTempDirSync();
  using _listener = Deno.listen({ transport: "unix", path: `${directory}/s` });
  Deno.symlinkSync(`${directory}/s`, `${directory}/link`);
  assert.equal(statusOf(`${directory}/s`)!.isSocket, true);
  assert.equal(statusOf(`${directory}/link`)!.isSocket, false);
  assert.notEqual(statusOf(`${directory}/link`)!.inode, statusOf(`${directory}/s`)!.inode);
  Deno.removeSync(directory, { recursive: true });
});

Deno.test({
  name: "chown sets what it is given and leaves the rest",
  ignore: Deno.uid() !== 0,
  fn() {
    const path = Deno.makeTempFileSync();
    assert.equal(chown(path, 1001, undefined), 0);
    assert.equal(chown(path, undefined, 2500), 0);
    const { uid, gid } = statusOf(path)!;
    assert.deepEqual([uid, gid], [1001, 2500]);
    Deno.removeSync(path);
  },
});

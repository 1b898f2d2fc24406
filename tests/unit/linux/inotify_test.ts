import assert from "node:assert/strict";
import { ENOENT, SystemError } from "../../../lib/linux/errno.ts";
import { Inotify } from "../../../lib/linux/inotify.ts";

async function withFolder(test: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what is written, renamed and removed in a folder is told by its path", () =>
  withFolder((folder) => {
    const inotify = new Inotify([folder]);
    assert.deepEqual(inotify.changes(), { paths: [], lost: false });
    Deno.writeTextFileSync(`${folder}/a`, "x");
    Deno.renameSync(`${folder}/a`, `${folder}/ä`);
    Deno.removeSync(`${folder}/ä`);
    const { paths } = inotify.changes();
    assert.deepEqual(new Set(paths), new Set([`${folder}/a`, `${folder}/ä`]));
    assert.deepEqual(inotify.changes().paths, []);
    inotify.close();
  }));

Deno.test("a file that is written on and stays open is no change until it is closed", () =>
  withFolder((folder) => {
    const log = Deno.openSync(`${folder}/log`, { create: true, append: true });
    const inotify = new Inotify([folder, `${folder}/log`]);
    log.writeSync(new Uint8Array(100));
    assert.deepEqual(inotify.changes().paths, []);
    log.close();
    assert.deepEqual(inotify.changes().paths, [`${folder}/log`, `${folder}/log`]);
    inotify.close();
  }));

Deno.test("more changes than the kernel keeps are told as lost", () =>
  withFolder((folder) => {
    const inotify = new Inotify([folder]);
    const most = Number(Deno.readTextFileSync("/proc/sys/fs/inotify/max_queued_events"));
    for (let n = 0; n <= most / 2; n++) {
      Deno.chmodSync(folder, n % 2 === 0 ? 0o700 : 0o755);
      Deno.writeTextFileSync(`${folder}/${n % 2}`, "");
    }
    assert.equal(inotify.changes().lost, true);
    assert.equal(inotify.changes().lost, false);
    inotify.close();
  }));

Deno.test("what is not there cannot be watched", () => {
  assert.throws(
    () => new Inotify(["/nowhere/at/all"]),
    (error) => error instanceof SystemError && error.errno === ENOENT,
  );
});

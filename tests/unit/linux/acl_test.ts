import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { aclOf, entriesIn } from "../../../lib/linux/acl.ts";
import { which } from "../../support/private_engine.ts";

/** A list as the kernel gives it. */
function list(version: number, ...rows: readonly [tag: number, bits: number, id: number][]) {
  const bytes = new Uint8Array(4 + 8 * rows.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, version, true);
  rows.forEach(([tag, bits, id], at) => {
    view.setUint16(4 + 8 * at, tag, true);
    view.setUint16(6 + 8 * at, bits, true);
    view.setUint32(8 + 8 * at, id, true);
  });
  return bytes;
}

const NOBODY = 0xffffffff;

Deno.test("of an access control list, those who are named count, as far as its mask lets them", () => {
  const bytes = list(
    2,
    [0x01, 6, NOBODY],
    [0x02, 6, 1000],
    [0x04, 6, NOBODY],
    [0x08, 7, 33],
    [0x10, 4, NOBODY],
    [0x20, 0, NOBODY],
  );
  assert.deepEqual(entriesIn(bytes), [
    { kind: "user", id: 1000, bits: 4 },
    { kind: "group", id: 33, bits: 4 },
  ]);
});

Deno.test("what is no list of a known version names nobody", () => {
  assert.deepEqual(entriesIn(list(3, [0x02, 6, 1000])), []);
  assert.deepEqual(entriesIn(new Uint8Array(2)), []);
  assert.deepEqual(entriesIn(list(2)), []);
});

const absent = which("setfacl") === undefined ? "setfacl not found (apt-get install acl)" : "";

Deno.test({
  name: `a file's list is read as setfacl wrote it ${absent}`.trim(),
  ignore: absent !== "",
  fn() {
    const file = Deno.makeTempFileSync({ dir: "/tmp" });
    try {
      assert.deepEqual(aclOf(file), []);
      new Deno.Command("setfacl", { args: ["-m", "u:12345:rw,g:54321:r", file] }).outputSync();
      assert.deepEqual(aclOf(file), [
        { kind: "user", id: 12345, bits: 6 },
        { kind: "group", id: 54321, bits: 4 },
      ]);
      assert.equal(aclOf(`${file}/no`), undefined);
    } finally {
      Deno.removeSync(file);
    }
  },
});

// tmpfs keeps lists of any length, ext4 such as fit into a block.
const shm = absent !== "" ? absent : existsSync("/dev/shm") ? "" : "no /dev/shm";

Deno.test({
  name: `a list of more than a thousand is read to its end ${shm}`.trim(),
  ignore: shm !== "",
  fn() {
    const file = Deno.makeTempFileSync({ dir: "/dev/shm" });
    try {
      const many = Array.from({ length: 1500 }, (_, i) => `u:${20_000 + i}:r`);
      new Deno.Command("setfacl", { args: ["-m", `${many.join()},u:60000:rw`, file] }).outputSync();
      assert.equal(aclOf(file)?.length, 1501);
      assert.deepEqual(aclOf(file)?.at(-1), { kind: "user", id: 60_000, bits: 6 });
    } finally {
      Deno.removeSync(file);
    }
  },
});

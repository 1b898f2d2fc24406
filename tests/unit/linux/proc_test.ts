import assert from "node:assert/strict";
import { readRegular } from "../../../lib/linux/proc.ts";

const makes = async (...command: string[]) => {
  const { code } = await new Deno.Command(command[0]!, { args: command.slice(1) }).output();
  assert.equal(code, 0);
};

Deno.test("a file is read as far as was said, and it is told that there is more", async () => {
  const path = await Deno.makeTempFile();
  try {
    for (const length of [0, 1, 8191, 8192, 8193, 20_000]) {
      await Deno.writeTextFile(path, "x".repeat(length));
      assert.deepEqual(readRegular(path, length), { text: "x".repeat(length), cut: false });
      assert.deepEqual(readRegular(path, 20_001), { text: "x".repeat(length), cut: false });
      if (length > 0) {
        const short = { text: "x".repeat(length - 1), cut: true };
        assert.deepEqual(readRegular(path, length - 1), short);
      }
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a FIFO, a device and a folder are no regular files, and nothing waits for them", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await makes("mkfifo", `${folder}/fifo`);
    await Deno.symlink("/dev/zero", `${folder}/link`);
    for (const path of [`${folder}/fifo`, `${folder}/link`, folder]) {
      assert.equal(readRegular(path, 10), "no regular file", path);
    }
    assert.equal(readRegular(`${folder}/none`, 10), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("files of proc(5), whose length nobody knows before, are read", () => {
  const found = readRegular("/proc/self/status", 1 << 20);
  assert.ok(typeof found === "object" && /^Name:/.test(found.text) && !found.cut);
});

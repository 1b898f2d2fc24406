import assert from "node:assert/strict";
import { LogTail } from "../../../lib/watch/log_tail.ts";

async function withLog(test: (path: string, add: (text: string) => void) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/audit.log`;
  Deno.writeTextFileSync(path, "old\n");
  try {
    test(path, (text) => Deno.writeTextFileSync(path, text, { append: true }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what was there before is not told, what is added is, line by line", () =>
  withLog((path, add) => {
    const tail = new LogTail(path);
    assert.deepEqual(tail.lines(), []);
    add("one\ntw");
    assert.deepEqual(tail.lines(), ["one"]);
    add("o\nthree\n");
    assert.deepEqual(tail.lines(), ["two", "three"]);
    tail.close();
  }));

Deno.test("a rotation loses no line: the rest of the old file comes before the new one", () =>
  withLog((path, add) => {
    const tail = new LogTail(path);
    add("one\n");
    Deno.renameSync(path, `${path}.1`);
    assert.deepEqual(tail.lines(), ["one"], "while there is no new file");
    Deno.writeTextFileSync(`${path}.1`, "two\n", { append: true });
    Deno.writeTextFileSync(path, "three\n");
    assert.deepEqual(tail.lines(), ["two", "three"]);
    add("four\n");
    assert.deepEqual(tail.lines(), ["four"]);
    tail.close();
  }));

Deno.test("a file that is cut short is read from its beginning", () =>
  withLog((path, add) => {
    const tail = new LogTail(path);
    add("a long line that stands here\n");
    assert.equal(tail.lines().length, 1);
    Deno.truncateSync(path);
    add("new\n");
    assert.deepEqual(tail.lines(), ["new"]);
    tail.close();
  }));

Deno.test("a line without an end fills no memory, and the next one is whole", () =>
  withLog((path, add) => {
    const tail = new LogTail(path);
    add("x".repeat(1 << 18));
    assert.deepEqual(tail.lines(), []);
    add("\nnext\n");
    assert.equal(tail.lines().at(-1), "next");
    tail.close();
  }));

import assert from "node:assert/strict";
import { closeAuditLog, openAuditLog } from "../../../lib/audit/log.ts";
import { AuditWriter } from "../../../lib/audit/writer.ts";
import { close, O_WRONLY, open, pipe, read } from "../../../lib/linux/io.ts";
import { SmallDisk } from "./small_disk.ts";

/** A writer to a file, and what it tells. */
function writerTo(path: string, required = false) {
  const log = openAuditLog({ to: "file", path, required })!;
  const told: string[] = [];
  const writer = new AuditWriter(log, (_level, message) => told.push(message));
  return { log, writer, told, close: () => closeAuditLog(log) };
}

/** Calls again until it is true: a log that failed is tried again by and by. */
async function until(attempt: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (attempt()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("It never became true");
}

const asRoot = { ignore: Deno.uid() !== 0 };

Deno.test("lines are written whole, in order and behind what the file holds, when they are flushed", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "before\n");
  const { writer, told, close } = writerTo(path);
  writer.add("one\n");
  writer.add("zwölf\n");
  assert.equal(writer.precede("13\n"), true);
  assert.equal(await Deno.readTextFile(path), "before\n");
  writer.flush();
  writer.flush();
  assert.equal(await Deno.readTextFile(path), "before\none\nzwölf\n13\n");
  close();
  await Deno.remove(path);
  assert.deepEqual(told, []);
});

Deno.test("a required record is in the file, with those before it, when it is said to be", async () => {
  const path = await Deno.makeTempFile();
  const { writer, close } = writerTo(path, true);
  writer.add("one\n");
  assert.equal(writer.precede("two\n"), true);
  assert.equal(await Deno.readTextFile(path), "one\ntwo\n");
  close();
  await Deno.remove(path);
});

Deno.test("more than one write takes goes out whole and in order, lines that are longer than one, too", async () => {
  const path = await Deno.makeTempFile();
  const { writer, close } = writerTo(path);
  const lines = [..."abcde"].map((letter) => `${letter.repeat(30_000)}ü\n`);
  lines.splice(2, 0, `${"€".repeat(100_000)}\n`);
  for (const line of lines) writer.add(line);
  writer.flush();
  assert.equal(await Deno.readTextFile(path), lines.join(""));
  close();
  await Deno.remove(path);
});

Deno.test("a log that cannot be written is reported once, and once more with what was lost when it can be again", async () => {
  const told: string[] = [];
  // /dev/full fails every write with ENOSPC (full(4)).
  const fd = open("/dev/full", O_WRONLY, 0);
  const writer = new AuditWriter({ fd, required: false }, (_level, message) => told.push(message));
  for (let i = 0; i < 3; i++) {
    writer.add("kept\n");
    writer.flush();
  }
  for (let i = 0; i < 10; i++) writer.add(`${"x".repeat(200 * 1024)}\n`);
  assert.equal(told.length, 1);
  assert.match(told[0]!, /^audit records cannot be written: write: .*space.*; the gate goes on/i);
  close(fd);
  const again = open("/dev/null", O_WRONLY, 0);
  assert.equal(again, fd, "the test needs the same number again");
  await until(() => {
    writer.flush();
    return !writer.behind;
  });
  assert.deepEqual(told.slice(1), ["audit records are written again; 5 were lost"]);
  close(again);
});

Deno.test("what could not be written to the end is counted", () => {
  const told: string[] = [];
  const fd = open("/dev/full", O_WRONLY, 0);
  const writer = new AuditWriter({ fd, required: true }, (_level, message) => told.push(message));
  writer.add("one\n");
  writer.add("two\n");
  assert.equal(writer.precede("three\n"), false);
  writer.end();
  assert.match(told[0]!, /nothing is relayed until/);
  assert.equal(told[1], "the audit log could not be written to the end; 2 were lost");
  close(fd);
});

Deno.test(
  "on a full disk no part of a line stays, what waited is written when there is room, and what was refused never",
  asRoot,
  async () => {
    await using disk = await SmallDisk.mount(64 * 1024);
    const path = `${disk.path}/audit`;
    const { writer, told, close } = writerTo(path, true);
    const expected: string[] = [];
    const line = (n: number) => `${String(n).padStart(6, "0")} ${"x".repeat(990)}\n`;
    let n = 0;
    while (writer.precede(line(n))) expected.push(line(n++));
    assert.ok(n > 50 && n < 70, `${n} lines of a kilobyte fitted`);
    assert.equal(await Deno.readTextFile(path), expected.join(""));
    assert.match(told[0]!, /ENOSPC/);
    writer.add("kept 1\n");
    assert.equal(writer.precede("refused\n"), false);
    writer.add("kept 2\n");
    assert.equal(writer.behind, true);
    // As logrotate's copytruncate makes room.
    await Deno.truncate(path, 0);
    await until(() => writer.precede("again\n"));
    assert.equal(await Deno.readTextFile(path), "kept 1\nkept 2\nagain\n");
    assert.deepEqual(told.slice(1), ["audit records are written again; none was lost"]);
    close();
  },
);

Deno.test("on a pipe that others write to as well, records go out whole and in order, cut into pieces between lines", () => {
  const { readEnd, writeEnd } = pipe(1 << 20)!;
  const writer = new AuditWriter({ fd: writeEnd, required: false }, () => {});
  const lines = Array.from({ length: 40 }, (_, i) => `${i} ${"ü".repeat(400)}\n`);
  lines.push(`${"x".repeat(5000)}\n`, "last\n");
  for (const line of lines) writer.add(line);
  writer.flush();
  const into = new Uint8Array(1 << 20);
  const n = read(readEnd, into, into.length);
  assert.equal(new TextDecoder().decode(into.subarray(0, n)), lines.join(""));
  close(readEnd);
  close(writeEnd);
});

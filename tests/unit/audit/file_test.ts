import assert from "node:assert/strict";
import { FileSink } from "../../../lib/audit/file.ts";
import { closeAuditLog, openAuditLog, reopenAuditLog } from "../../../lib/audit/log.ts";
import type { AuditTarget } from "../../../lib/audit/target.ts";
import { Memory } from "../../../lib/linux/memory.ts";

type FileTarget = Extract<AuditTarget, { to: "file" }>;

/** An audit file in a folder of its own, and what is told of it. */
class Bench implements Disposable {
  readonly directory = Deno.makeTempDirSync();
  readonly path = `${this.directory}/audit`;
  readonly told: string[] = [];
  readonly #close: (() => void)[] = [];

  open(options: Partial<FileTarget> = {}) {
    const log = openAuditLog({ to: "file", path: this.path, ...options })!;
    this.#close.push(() => closeAuditLog(log));
    return { log, sink: new FileSink(log.file!, (_level, message) => this.told.push(message)) };
  }

  text(name = "audit"): string {
    return Deno.readTextFileSync(`${this.directory}/${name}`);
  }

  names(): string[] {
    return [...Deno.readDirSync(this.directory)].map(({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    for (const close of this.#close) close();
    Deno.removeSync(this.directory, { recursive: true });
  }
}

function put(sink: FileSink, text: string): void {
  const bytes = new TextEncoder().encode(text);
  assert.equal(sink.put(new Memory(bytes), bytes.length), bytes.length);
}

/** A line of 60 KiB, told from others by its first letter: two do not fit into 64 KiB. */
const long = (letter: string) => `${letter.repeat(60 * 1024)}\n`;
const rotate = { size: 64 * 1024, keep: 3 };

Deno.test("a line that a killed process left unfinished does not spoil the next, at the start and at SIGHUP", () => {
  using bench = new Bench();
  Deno.writeTextFileSync(bench.path, "whole\nhal");
  const { log, sink } = bench.open();
  put(sink, "one\n");
  put(sink, "two\n");
  assert.equal(bench.text(), "whole\nhal\none\ntwo\n");
  Deno.renameSync(bench.path, `${bench.path}.old`);
  Deno.writeTextFileSync(bench.path, "hal");
  assert.equal(reopenAuditLog(log), true);
  put(sink, "three\n");
  assert.equal(bench.text(), "hal\nthree\n");
});

Deno.test("a full file is put aside, so many are kept, and the youngest is 1", () => {
  using bench = new Bench();
  const { sink } = bench.open({ rotate });
  for (const letter of "abcde") put(sink, long(letter));
  assert.deepEqual(bench.names(), ["audit", "audit.1", "audit.2", "audit.3"]);
  const firsts = bench.names().map((name) => bench.text(name)[0]);
  assert.deepEqual(firsts, ["e", "d", "c", "b"]);
  assert.equal(bench.told[0], `audit file ${bench.path} is full: it is ${bench.path}.1 now`);
});

Deno.test("a number that is free takes the file before it: nothing is removed for want of looking", () => {
  using bench = new Bench();
  Deno.writeTextFileSync(`${bench.path}.2`, "kept\n");
  Deno.writeTextFileSync(`${bench.path}.3`, "kept, too\n");
  const { sink } = bench.open({ rotate });
  put(sink, long("a"));
  put(sink, long("b"));
  assert.deepEqual([bench.text("audit.2"), bench.text("audit.3")], ["kept\n", "kept, too\n"]);
  assert.equal(bench.text("audit.1")[0], "a");
});

Deno.test("what is in the file already counts, and one write that is longer than a file goes into an empty one", () => {
  using bench = new Bench();
  Deno.writeTextFileSync(bench.path, long("a"));
  const { sink } = bench.open({ rotate });
  put(sink, long("b").repeat(3));
  put(sink, "c\n");
  assert.deepEqual(bench.names(), ["audit", "audit.1", "audit.2"]);
  assert.equal(bench.text("audit.1"), long("b").repeat(3));
  assert.equal(bench.text(), "c\n");
});

Deno.test("a link to the file stays a link: what it leads to is put aside", () => {
  using bench = new Bench();
  Deno.mkdirSync(`${bench.directory}/disk`);
  Deno.symlinkSync(`${bench.directory}/disk/log`, bench.path);
  const { sink } = bench.open({ rotate });
  put(sink, long("a"));
  put(sink, long("b"));
  assert.deepEqual(bench.names(), ["audit", "disk"]);
  assert.equal(Deno.lstatSync(bench.path).isSymlink, true);
  assert.equal(bench.text("disk/log")[0], "b");
  assert.equal(bench.text("disk/log.1")[0], "a");
});

Deno.test("a file that cannot be put aside grows on, which is said once", () => {
  using bench = new Bench();
  Deno.mkdirSync(`${bench.path}.new`);
  const { sink } = bench.open({ rotate });
  for (const letter of "abc") put(sink, long(letter));
  assert.equal(bench.text(), long("a") + long("b") + long("c"));
  assert.equal(bench.told.length, 1);
  assert.match(bench.told[0]!, /^open .*\.new: EISDIR .*cannot be rotated and grows on$/);
});

Deno.test("the new file has the old one's owner", { ignore: Deno.uid() !== 0 }, () => {
  using bench = new Bench();
  const { sink } = bench.open({ rotate });
  Deno.chownSync(bench.path, 1001, 1002);
  put(sink, long("a"));
  put(sink, long("b"));
  const { uid, gid } = Deno.statSync(bench.path);
  assert.deepEqual([uid, gid], [1001, 1002]);
});

Deno.test("at SIGHUP something else in the file's place is refused, and the old file stays open", () => {
  using bench = new Bench();
  const { log, sink } = bench.open();
  put(sink, "one\n");
  Deno.renameSync(bench.path, `${bench.path}.moved`);
  Deno.symlinkSync("/dev/null", bench.path);
  assert.throws(() => reopenAuditLog(log), /audit is not a regular file/);
  put(sink, "two\n");
  assert.equal(bench.text("audit.moved"), "one\ntwo\n");
});

Deno.test("an audit log that is no regular file has nothing to open anew", () => {
  const log = openAuditLog({ to: "file", path: "/dev/null" });
  assert.equal(log?.file, undefined);
  assert.equal(reopenAuditLog(log), false);
  closeAuditLog(log);
  assert.equal(openAuditLog({ to: "off" }), undefined);
});

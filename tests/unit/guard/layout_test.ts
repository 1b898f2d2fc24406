import assert from "node:assert/strict";
import {
  deviceNumber,
  EVENT,
  EVENT_SIZE,
  fileKey,
  NAME_KEY,
  NAME_ROOM,
  nameKey,
  readAttempt,
  readFileKey,
  readNameKey,
} from "../../../lib/guard/layout.ts";

const file = { inode: (1n << 63n) + 5n, device: deviceNumber("8:1") };

Deno.test("keys are read as they were written", () => {
  assert.deepEqual(readFileKey(fileKey(file)), file);
  const name = { folder: file, name: "dockér.sock" };
  assert.equal(nameKey(name).length, NAME_KEY);
  assert.deepEqual(readNameKey(nameKey(name)), name);
  assert.equal(deviceNumber("8:1"), 8n << 20n | 1n);
});

Deno.test("a name that has no room for its NUL is refused, and none is cut to be another's", () => {
  const longest = "n".repeat(NAME_ROOM - 1);
  assert.equal(readNameKey(nameKey({ folder: file, name: longest })).name, longest);
  assert.throws(() => nameKey({ folder: file, name: `${longest}n` }), RangeError);
});

Deno.test("an event is read with all of its numbers; a record of another size is none", () => {
  const bytes = new Uint8Array(EVENT_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(EVENT.pid, 4194304, true);
  view.setUint32(EVENT.uid, 4294967294, true);
  view.setBigUint64(EVENT.cgroup, 77n, true);
  view.setBigUint64(EVENT.start, 123456n, true);
  bytes.set(new TextEncoder().encode("sixteen bytes ab"), EVENT.comm);
  view.setBigUint64(EVENT.inode, file.inode, true);
  view.setBigUint64(EVENT.device, file.device, true);
  view.setUint32(EVENT.audited, 1, true);
  assert.deepEqual(readAttempt(bytes), {
    pid: 4194304,
    uid: 4294967294,
    cgroup: 77n,
    start: 123456n,
    comm: "sixteen bytes ab",
    file,
    audited: true,
  });
  assert.equal(readAttempt(bytes.subarray(8)), undefined);
});

import assert from "node:assert/strict";
import { command, withFiles } from "../cli/fake_world.ts";

const usage: readonly [args: string[], says: RegExp][] = [
  [["--pin", "--audit"], /--pin and --audit exclude each other/],
  [["--status", "--unpin"], /--unpin and --status exclude each other/],
  [["--unpin", "--pin"], /--unpin and --pin exclude each other/],
  [["--allow-uid", "0,"], /--allow-uid takes a list such as a,b, got "0,"/],
  [["--allow-uid", "4294967295"], /--allow-uid takes uids and names of users/],
  [["--allow-uid", "-1"], /--allow-uid/],
  [["--allow-uid", "no-such-user-here"], /got "no-such-user-here"/],
  [["--allow-cgroup", "postern.service"], /--allow-cgroup takes/],
  [["--allow-cgroup", "/"], /--allow-cgroup takes/],
  [["--allow-cgroup", "/a/../.."], /--allow-cgroup takes/],
  [["--everything"], /--everything/],
  [["/run/docker.sock"], /./],
];

for (const [args, says] of usage) {
  Deno.test(`guard ${args.join(" ")} is a mistake in the command line`, async () => {
    const { code, out, err } = await command(["guard", ...args]);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, says);
  });
}

Deno.test("a configuration that is not valid seals nothing", () =>
  withFiles({ "postern.yaml": "listeners: 5\n" }, async (directory) => {
    const { code, out } = await command(["guard", "-c", `${directory}/postern.yaml`]);
    assert.deepEqual([code, out], [3, ""]);
  }));

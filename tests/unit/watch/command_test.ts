import assert from "node:assert/strict";
import manifest from "../../../deno.json" with { type: "json" };
import { command, withFiles } from "../cli/fake_world.ts";

const usage: readonly [args: string[], says: RegExp][] = [
  [["--source", "kprobe"], /--source is ebpf or audit, got "kprobe"/],
  [["--exec", ""], /--exec takes a program and its words, got ""/],
  [["--exec", "logger 'x"], /--exec takes a program and its words/],
  [["--exec", "no-such-program-here x"], /--exec "no-such-program-here": there is no such program/],
  [["--exec", "/nowhere/hook"], /there is no such program/],
  [["--gate-cgroup", "postern.slice"], /--gate-cgroup takes paths such as \/postern.slice/],
  [["--gate-cgroup", "/"], /--gate-cgroup/],
  [["--gate-cgroup", "/a,"], /--gate-cgroup/],
  [["--follow"], /--follow/],
  [["/run/docker.sock"], /./],
];

for (const [args, says] of usage) {
  Deno.test(`watch ${args.join(" ")} is a mistake in the command line`, async () => {
    const { code, out, err } = await command(["watch", ...args]);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, says);
  });
}

Deno.test("a real socket that is not there cannot be watched", () =>
  withFiles({
    "postern.yaml":
      "upstream: DIR/none.sock\nlisteners: [{ socket: DIR/ci.sock, mode: 0600, policy: full }]\n",
  }, async (directory) => {
    const { code, out, err } = await command(["watch", "-c", `${directory}/postern.yaml`]);
    assert.deepEqual([code, out], [3, ""]);
    assert.match(err, /cannot find the real socket: statx .*none\.sock: ENOENT/);
  }));

Deno.test("with the permissions of serve, it says that it may start no program", async () => {
  const flags = manifest.tasks.start.split(" ").slice(1, -2);
  const main = new URL("../../../main.ts", import.meta.url).pathname;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...flags, main, "watch", "--exec", "/bin/true"],
    stdin: "null",
  }).output();
  assert.equal(code, 2);
  assert.match(new TextDecoder().decode(stderr), /"\/bin\/true": Deno lets us start no program/);
});

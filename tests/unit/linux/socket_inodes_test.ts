import assert from "node:assert/strict";
import { socketsIn } from "../../../lib/linux/socket_inodes.ts";
import { readLink } from "../../../lib/linux/proc.ts";
import { namesIn } from "../../../lib/linux/directory.ts";

Deno.test("the sockets of a process are known by their inodes, and nothing else is one", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  using server = await listener.accept();
  assert.deepEqual(client.localAddr, server.remoteAddr);
  const links = namesIn("/proc/self/fd")!.map((name) => readLink(`/proc/self/fd/${name}`));
  const inodes = links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link ?? "")?.[1] ?? []);
  assert.ok(inodes.length >= 3 && inodes.length < links.length);
  assert.deepEqual(socketsIn("/proc/self/fd"), new Set(inodes.map(Number)));
});

Deno.test("names and links that are no descriptors are no sockets, and a folder has to be there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, to] of [["1", "socket:["], ["2", "socket:[12]"], ["3", "pipe:[3]"]]) {
      await Deno.symlink(to!, `${folder}/${name}`);
    }
    assert.deepEqual(socketsIn(folder), new Set([12]));
    assert.equal(socketsIn(`${folder}/none`), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

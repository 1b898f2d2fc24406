import assert from "node:assert/strict";
import { close } from "../../../lib/linux/io.ts";
import { peerCredentials, peerGroups, whileAlive } from "../../../lib/linux/peercred.ts";
import {
  accept,
  bind,
  connect,
  listen,
  unixAddress,
  unixSocket,
} from "../../../lib/linux/socket.ts";
import { identify } from "../../../lib/peer/identify.ts";

/** A connected pair through a real listening socket, so that the kernel stores credentials as it does for clients. */
function connectedPair(): { client: number; served: number; [Symbol.dispose](): void } {
  const directory = Deno.makeTempDirSync();
  const address = unixAddress(`${directory}/s`);
  const listening = unixSocket(true);
  assert.equal(bind(listening, address), 0);
  assert.equal(listen(listening, 1), 0);
  const client = unixSocket(true);
  assert.equal(connect(client, address), 0);
  const served = accept(listening);
  close(listening);
  Deno.removeSync(directory, { recursive: true });
  return {
    client,
    served,
    [Symbol.dispose]() {
      close(client);
      close(served);
    },
  };
}

function ownGroups(): number[] {
  const line = /^Groups:[ \t]*(.*)$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1] ?? "";
  return line.trim().split(/\s+/).filter((g) => g !== "").map(Number);
}

Deno.test("a process that connects to itself sees its own uid, gid, groups and pid", () => {
  using pair = connectedPair();
  const expected = { pid: Deno.pid, uid: Deno.uid(), gid: Deno.gid() };
  assert.deepEqual(peerCredentials(pair.served), expected);
  assert.deepEqual(peerCredentials(pair.client), expected);
  assert.deepEqual(new Set(peerGroups(pair.served)), new Set(ownGroups()));
  const peer = identify(pair.served, true);
  assert.equal(peer.uid, Deno.uid());
  assert.equal(peer.gid, Deno.gid());
  assert.equal(peer.pid, Deno.pid);
  assert.deepEqual(new Set(peer.groups), new Set(ownGroups()));
});

Deno.test("credentials of something that is no socket are unknown, not zero", () => {
  const fd = 1_000_000;
  assert.equal(peerCredentials(fd), undefined);
  assert.equal(peerGroups(fd), undefined);
  assert.deepEqual(identify(fd, true), {});
});

Deno.test("a pidfd keeps what was read only while the peer lives", async () => {
  using pair = connectedPair();
  assert.equal(whileAlive(pair.served, Deno.pid, () => "read"), "read");

  const directory = Deno.makeTempDirSync();
  const path = `${directory}/s`;
  const listening = unixSocket(false);
  bind(listening, unixAddress(path));
  listen(listening, 1);
  const script = `const c = await Deno.connect({ transport: "unix", path: Deno.args[0] });
    await c.read(new Uint8Array(1));`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", script, path],
    stdout: "null",
    stderr: "null",
  }).spawn();
  let served = -1;
  for (let tries = 0; served < 0 && tries < 2000; tries++) {
    served = await new Promise((resolve) => setTimeout(() => resolve(accept(listening)), 10));
  }
  assert.ok(served >= 0, "the child never connected");
  const pid = peerCredentials(served)!.pid;
  assert.equal(pid, child.pid);
  assert.equal(whileAlive(served, pid, () => "alive"), "alive");
  child.kill("SIGKILL");
  await child.status;
  assert.equal(whileAlive(served, pid, () => "somebody else's"), undefined);
  close(served);
  close(listening);
  Deno.removeSync(directory, { recursive: true });
});

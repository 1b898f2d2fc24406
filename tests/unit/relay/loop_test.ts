import assert from "node:assert/strict";
import { close, eventfd, signalEventfd } from "../../../lib/linux/io.ts";
import { bindSocket, unlinkSocket } from "../../../lib/relay/bind.ts";
import { type Acceptor, Loop } from "../../../lib/relay/loop.ts";
import { Wire } from "../../support/wire.ts";

/** Runs `prepare`'s loop for one turn and returns its warnings. */
async function oneTurn(prepare: (loop: Loop) => void): Promise<string[]> {
  const warnings: string[] = [];
  const wakeFd = eventfd();
  const loop = new Loop(wakeFd, undefined, (message) => warnings.push(message));
  prepare(loop);
  signalEventfd(wakeFd);
  await loop.run(() => Promise.resolve(true));
  close(wakeFd);
  return warnings;
}

Deno.test("a fault in one connection closes that one, is reported, and lets the others go on", async () => {
  const told: string[] = [];
  const warnings = await oneTurn((loop) => {
    loop.again({
      run() {
        throw new TypeError("boom");
      },
      close: () => told.push("closed"),
    });
    loop.again({ run: () => told.push("ran"), close: () => told.push("never") });
  });
  assert.deepEqual(told, ["closed", "ran"]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /closed by a fault in Postern, please report it: TypeError: boom\n/);
});

Deno.test("a fault while a connection is taken closes it", async () => {
  const directory = await Deno.makeTempDir();
  const bound = bindSocket({ socket: `${directory}/a.sock`, mode: 0o600, backlog: 5 });
  using wire = await Wire.to(bound.path);
  const warnings = await oneTurn((loop) => {
    const acceptor: Acceptor = {
      fd: bound.fd,
      open: true,
      accepted(fd) {
        loop.attach(fd);
        throw new RangeError("no");
      },
    };
    loop.listen(acceptor, false);
  });
  assert.equal(await wire.rest(), "");
  assert.match(warnings.join(), /RangeError: no/);
  unlinkSocket(bound);
  close(bound.fd);
  await Deno.remove(directory, { recursive: true });
});

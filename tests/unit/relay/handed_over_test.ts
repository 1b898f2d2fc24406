import assert from "node:assert/strict";
import { assign, handedOver } from "../../../lib/relay/handed_over.ts";

const socket = (fd: number, name: string, path: string) => ({ fd, name, path });
const listener = (name: string, path: string) => ({ name, socket: path });

/** Listener names with the descriptors they get. */
function assigned(
  listeners: ReturnType<typeof listener>[],
  sockets: ReturnType<typeof socket>[],
): Record<string, number> {
  const found = [...assign(listeners, sockets)];
  return Object.fromEntries(found.map(([{ name }, { fd }]) => [name, fd]));
}

Deno.test("a path decides before a name, whatever the order", () => {
  const listeners = [listener("a", "/x/a"), listener("b", "/x/b")];
  const sockets = [socket(3, "a", "/x/b"), socket(4, "b", "/x/a")];
  assert.deepEqual(assigned(listeners, sockets), { a: 4, b: 3 });
  assert.deepEqual(assigned(listeners.toReversed(), sockets.toReversed()), { a: 4, b: 3 });
});

Deno.test("a name that several sockets of one unit have gives the listener the first that is left", () => {
  const listeners = [listener("ci", "/x/none"), listener("ops", "/x/ops")];
  const sockets = [socket(3, "ci", "/x/ops"), socket(4, "ci", "/x/1"), socket(5, "ci", "/x/2")];
  assert.deepEqual(assigned(listeners, sockets), { ops: 3, ci: 4 });
});

Deno.test("neither path nor name gives nothing", () => {
  assert.deepEqual(assigned([listener("a", "/x/a")], [socket(3, "", "/x/b")]), {});
});

for (
  const [what, variables, problem] of [
    ["nothing", {}, undefined],
    ["an empty number", { LISTEN_PID: "7", LISTEN_FDS: "" }, undefined],
    ["another process", { LISTEN_PID: "70", LISTEN_FDS: "1" }, /are for process 70, this is 7:/],
    ["no process", { LISTEN_FDS: "1" }, /are for nobody, this is 7:/],
    ["a number that is none", { LISTEN_PID: "7", LISTEN_FDS: "1x" }, /a number: got "1x"$/],
    ["no descriptors", { LISTEN_PID: "7", LISTEN_FDS: "0" }, undefined],
  ] as const
) {
  Deno.test(`variables that name ${what} hand nothing over`, () => {
    const { sockets, problems } = handedOver(variables, 7);
    assert.deepEqual(sockets, []);
    assert.equal(problems.length, problem === undefined ? 0 : 1);
    if (problem !== undefined) assert.match(problems[0]!, problem);
  });
}

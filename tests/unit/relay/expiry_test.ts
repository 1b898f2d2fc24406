import assert from "node:assert/strict";
import { Deadline, Deadlines, type Waiting } from "../../../lib/relay/deadlines.ts";
import { Expiry } from "../../../lib/relay/expiry.ts";

/** A loop whose time does not pass by itself: what it was told to wait for, in seconds, and for whom. */
function standing() {
  const steps: { seconds: number; waiting: Waiting; deadline: Deadline }[] = [];
  const after = (milliseconds: number) => {
    const queue = new Deadlines(milliseconds);
    return Object.assign(queue, {
      add(waiting: Waiting) {
        const deadline = new Deadline(0, waiting);
        steps.push({ seconds: milliseconds / 1000, waiting, deadline });
        return deadline;
      },
    });
  };
  return { steps, loop: { after } };
}

Deno.test("a time that is far away is come to by steps, of a few lengths only", () => {
  const { steps, loop } = standing();
  let called = 0;
  new Expiry(loop, Date.now() + 1000 * 3600 * 24 * 400, () => called++);
  new Expiry(loop, Date.now() + 1000 * 1000, () => called++);
  new Expiry(loop, Infinity, () => called++);
  assert.deepEqual(steps.map(({ seconds }) => seconds), [65_536, 512, 65_536]);
  steps[0]!.waiting.expire();
  assert.equal(steps.length, 4);
  assert.equal(called, 0);
});

Deno.test("a time that has come is told once", () => {
  for (const at of [0, Date.now() - 1]) {
    const { steps, loop } = standing();
    let called = 0;
    new Expiry(loop, at, () => called++);
    assert.equal(steps[0]!.seconds, 1);
    steps[0]!.waiting.expire();
    assert.deepEqual([called, steps.length], [1, 1]);
  }
});

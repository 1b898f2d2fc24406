// Postern with a fault in it, which the first argument names. It shows when the sockets are open.
import { run } from "../../lib/cli/run.ts";
import { processWorld } from "../../lib/cli/world.ts";
import type { Order } from "../../lib/relay/plan.ts";

const faults: Record<string, () => void> = {
  exception() {
    throw new TypeError("boom");
  },
  rejection: () => void Promise.reject(new TypeError("boom")),
  /** The next rules that a worker gets are none. */
  worker() {
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (order: Order) {
      post.call(this, order.type === "rules" ? { ...order, gate: undefined } : order);
    };
  },
};

const [fault, ...args] = Deno.args;
const world = processWorld();
const code = await run(args, {
  ...world,
  stderr(text) {
    world.stderr(text);
    if (text.includes("listening on")) setTimeout(faults[fault!]!);
  },
});
Deno.exit(code);

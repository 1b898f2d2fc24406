/// <reference lib="deno.worker" />
import { AuditWriter } from "../audit/writer.ts";
import { NameCache } from "../peer/names.ts";
import { Census } from "./census.ts";
import { FarEnds } from "./far_ends.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import { Listener } from "./listener.ts";
import { Loop } from "./loop.ts";
import type { Order, Plan, PlannedListener, Report } from "./plan.ts";

// The data plane's thread. It blocks in epoll_wait(2); the main thread posts an order, then signals the eventfd, and the
// loop lets the event loop take one turn, in which the order arrives.

type LaterOrder = Exclude<Order, { type: "plan" }>;
const orders: LaterOrder[] = [];

function report(message: Report): void {
  self.postMessage(message);
}

function serve(plan: Plan): Promise<void> {
  const tell = (level: "info" | "warning", message: string) =>
    report({ type: "log", level, message });
  const warn = (message: string) => tell("warning", message);
  const audit = plan.audit && new AuditWriter(plan.audit, tell);
  const names = new NameCache((question) => report({ type: "nameless", question }));
  const gatekeeper = new Gatekeeper(plan.gate, names, audit);
  const loop = new Loop(plan.wakeFd, plan.shared, audit, warn);
  const census = new Census(plan.census);
  const farEnds = new FarEnds((number, end) => report({ type: "far-end", number, end }), warn);
  const open = (planned: PlannedListener) => {
    const listener = new Listener(loop, gatekeeper, census, planned, farEnds);
    loop.listen(listener);
    return listener;
  };
  let listeners = plan.listeners.map(open);
  report({ type: "ready" });
  const carryOut = (order: Exclude<LaterOrder, { type: "stop" }>): number => {
    switch (order.type) {
      case "rules":
        gatekeeper.replace(order.gate);
        return replaceListeners(order);
      case "move": {
        const listener = listeners.find(({ fd }) => fd === order.from);
        listener?.move(order.to);
        return 0;
      }
      case "retire": {
        let left = listeners.length;
        const emptied = () => {
          if (--left === 0) report({ type: "retired" });
        };
        for (const listener of listeners) listener.retire(emptied);
        // A gate for the engine's plugin alone has none.
        if (listeners.length === 0) report({ type: "retired" });
        return 0;
      }
      case "name":
        names.learn(order.question, order.name);
        return 0;
      case "far-end":
        farEnds.learn(order.number, order.holds);
        return 0;
      case "ping":
        return 0;
    }
  };
  const replaceListeners = (order: Extract<LaterOrder, { type: "rules" }>): number => {
    let revoked = 0;
    for (const listener of listeners) {
      if (order.listeners.some(({ fd }) => fd === listener.fd)) {
        revoked += listener.reconsider(order.revoke);
      } else {
        loop.unlisten(listener);
        listener.close();
      }
    }
    const standing = listeners;
    listeners = order.listeners.map((planned) =>
      standing.find(({ fd }) => fd === planned.fd) ?? open(planned)
    );
    return revoked;
  };
  return loop.run(async (calls) => {
    for (let n = 0; n < calls; n++) {
      const order = await nextOrder();
      if (order.type === "stop") {
        for (const listener of listeners) listener.close();
        return true;
      }
      report({ type: "done", revoked: carryOut(order) });
    }
    return false;
  });
}

/** The order that the eventfd announced: it was posted before, but may need a few turns of the event loop to arrive. */
async function nextOrder(): Promise<LaterOrder> {
  while (orders.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  return orders.shift()!;
}

self.onmessage = ({ data }: MessageEvent<Order>) => {
  if (data.type !== "plan") {
    orders.push(data);
    return;
  }
  serve(data.plan).then(() => {
    report({ type: "stopped" });
    self.close();
  });
};

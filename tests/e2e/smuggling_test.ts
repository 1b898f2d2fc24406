// The tricks of tests/support/smuggling.ts, and inputs of the fuzzer, on the real engine: what policy denies never happens.
import assert from "node:assert/strict";
import fc from "fast-check";
import { hidden, requestStreams } from "../fuzz/grammar_requests.ts";
import { requests as target } from "../fuzz/targets/requests.ts";
import { corpusOf } from "../fuzz/corpus.ts";
import { mutated } from "../fuzz/mutate.ts";
import { engineSocket, engineTest, unique } from "../support/docker.ts";
import { recordEvents } from "../support/engine_state.ts";
import { RunningGate } from "../support/gate.ts";
import { exchange } from "../support/recording_engine.ts";
import { creation, tricks } from "../support/smuggling.ts";
import { get, Wire } from "../support/wire.ts";

const SAMPLE = 400;

/** The names of the engine's containers that begin so. */
async function named(prefix: string): Promise<string[]> {
  using wire = await Wire.to(engineSocket);
  await wire.send(get("/containers/json?all=1", "Connection: close\r\n"));
  const answer = await wire.rest();
  return [...answer.matchAll(new RegExp(`"/(${prefix}[^"]*)"`, "g"))].map((match) => match[1]!);
}

/** Sends each text on a connection of its own. */
async function sendAll(texts: readonly string[]): Promise<Disposable> {
  const wires: Wire[] = [];
  for (const text of texts) {
    const wire = await Wire.to(engineSocket);
    await wire.send(text);
    wires.push(wire);
  }
  return { [Symbol.dispose]: () => wires.forEach((wire) => wire.close()) };
}

async function remove(names: readonly string[]): Promise<void> {
  for (const name of names) {
    using wire = await Wire.to(engineSocket);
    await wire.send(`DELETE /containers/${name} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n`);
    await wire.rest();
  }
}

engineTest(
  "no trick creates a container through a gate that denies it; without one, some do",
  async () => {
    await using gate = await RunningGate.serve({
      upstream: engineSocket,
      listeners: [{ socket: "DIR/docker.sock", policy: "read-only" }],
    });
    const prefix = unique("trick");
    const count = tricks("").length;
    const texts = Array.from({ length: count }, (_, n) => tricks(creation(`${prefix}-${n}`))[n]!);
    const events = await recordEvents();
    for (const { text } of texts) await exchange(`${gate.directory}/docker.sock`, text);
    assert.deepEqual(await named(prefix), []);
    assert.deepEqual(await events.stop(), []);

    // Not half-closed, which cancels what the engine does; of some it waits for more, without end.
    using _wires = await sendAll(texts.map(({ text }) => text));
    for (let tries = 0; tries < 100 && (await named(prefix)).length <= 5; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const created = await named(prefix);
    await remove(created);
    assert.ok(created.length > 5, `the engine takes only ${created}`);
  },
);

engineTest("no input of the fuzzer changes anything through a gate that denies it", async () => {
  await using gate = await RunningGate.serve({
    upstream: engineSocket,
    listeners: [{ socket: "DIR/docker.sock", policy: "read-only" }],
  });
  const marker = unique("smuggled");
  const pool = [...corpusOf("requests").values()];
  const inputs = fc.sample(mutated(requestStreams, target.tokens, pool), SAMPLE)
    .map((input, n) => input.replaceAll("name=smuggled", `name=${marker}-${n}`));
  assert.ok(inputs.filter((input) => input.includes(marker)).length > SAMPLE / 10);
  assert.ok(hidden.includes("name=smuggled"));
  const events = await recordEvents();
  for (const input of inputs) await exchange(`${gate.directory}/docker.sock`, input);
  assert.deepEqual(await named(marker), []);
  assert.deepEqual(await events.stop(), []);
});

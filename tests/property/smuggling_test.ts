// The gate as a process, before an engine that tolerates what Go's does: what arrives there is what the audit log says.
import assert from "node:assert/strict";
import fc from "fast-check";
import { requests as target } from "../fuzz/targets/requests.ts";
import { corpusOf } from "../fuzz/corpus.ts";
import { mutated } from "../fuzz/mutate.ts";
import { type AuditLine, RunningGate } from "../support/gate.ts";
import { lenientReaders } from "../support/readers/lenient.ts";
import { readAsPostern } from "../support/readers/postern.ts";
import type { Taken } from "../support/readers/reading.ts";
import { exchange, RecordingEngine } from "../support/recording_engine.ts";
import { creation, tricks } from "../support/smuggling.ts";
import { get } from "../support/wire.ts";

const CASES = 2000;
const AT_ONCE = 40;

function gateFor(policy: string): Promise<RunningGate> {
  return RunningGate.serve({
    upstream: "DIR/up.sock",
    listeners: [{ socket: "DIR/docker.sock", policy }],
  });
}

/** The audit log piece by piece. */
class Log {
  #seen = 0;
  #sentinels = 0;

  constructor(readonly gate: RunningGate) {}

  /** The lines since the last call: all that came before this request are there when it is. */
  async take(): Promise<AuditLine[]> {
    const path = `/images/sentinel${this.#sentinels++}/attestations`;
    await exchange(`${this.gate.directory}/docker.sock`, get(path));
    const lines = await this.gate.audit((all) => all.some(({ request }) => request.path === path));
    const fresh = lines.slice(this.#seen).filter(({ event, request }) =>
      event === "decision" && request.path !== path
    );
    this.#seen = lines.length;
    return fresh;
  }
}

const word = ({ method, target }: Taken) => `${method} ${target.split("?", 1)[0]}`;

Deno.test("what a lenient engine is sent is what the audit log says was allowed, and no more", async () => {
  await using gate = await gateFor("full");
  using engine = new RecordingEngine(`${gate.directory}/up.sock`);
  const log = new Log(gate);
  const pool = [...corpusOf("requests").values()];
  const inputs = fc.sample(mutated(target.grammar, target.tokens, pool), CASES);
  let arrivals = 0;
  let refusals = 0;
  for (let at = 0; at < inputs.length; at += AT_ONCE) {
    const batch = inputs.slice(at, at + AT_ONCE);
    await Promise.all(batch.map((input) => exchange(`${gate.directory}/docker.sock`, input)));
    const lines = await log.take();
    const allowed = lines.filter(({ decision }) => decision === "allow");
    const heard = engine.take();
    const expected = allowed.map(({ request }) => `${request.method} ${request.path}`).toSorted();
    const accepted = batch.flatMap((input) => [...readAsPostern(input).accepted])
      .filter(({ complete }) => complete);
    for (const reader of lenientReaders) {
      const taken = heard.flatMap((text) => [...reader.read(text).requests])
        .filter((request) => !request.target.includes("/sentinel"));
      // Every one was allowed, by the log and by what Postern's own parsers say of the inputs.
      within(taken.map(word), expected, `${reader.name} ${JSON.stringify(batch)}`);
      const whole = (request: Taken) =>
        JSON.stringify([request.method, request.target, request.body]);
      within(taken.map(whole), accepted.map(whole), `${reader.name} ${JSON.stringify(batch)}`);
      if (reader === lenientReaders[0]) arrivals += taken.length;
    }
    refusals += lines.filter(({ decision }) => decision === "deny").length;
  }
  assert.ok(arrivals > CASES / 10, `only ${arrivals} requests arrived`);
  assert.ok(refusals > CASES / 10, `only ${refusals} were refused`);
});

/** Each of `some` is one of `all`, no more often than there. */
function within(some: readonly string[], all: readonly string[], message: string): void {
  const left = new Map<string, number>();
  for (const text of all) left.set(text, (left.get(text) ?? 0) + 1);
  for (const text of some) {
    const count = left.get(text) ?? 0;
    assert.ok(count > 0, `${text} was never allowed: ${message}`);
    left.set(text, count - 1);
  }
}

Deno.test("every trick is refused, or passes as the one request that it is", async () => {
  await using gate = await gateFor("read-only");
  using engine = new RecordingEngine(`${gate.directory}/up.sock`);
  const log = new Log(gate);
  for (const { name, text, refused } of tricks(creation("smuggled"))) {
    const answer = await exchange(`${gate.directory}/docker.sock`, text);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
    assert.equal(status, refused || 200, `${name}: ${answer}`);
    assert.equal(answer.match(/HTTP\/1\.1 \d{3} /g)?.length, 1, `${name}: ${answer}`);
    const lines = await log.take();
    assert.deepEqual(lines.map(({ decision }) => decision), [refused ? "deny" : "allow"], name);
    const heard = engine.take();
    const expected = refused ? [] : readAsPostern(text).accepted.map(word);
    for (const reader of lenientReaders) {
      const taken = heard.flatMap((bytes) => [...reader.read(bytes).requests])
        .filter((request) => !request.target.includes("/sentinel"));
      assert.deepEqual(taken.map(word), expected, `${name}, to ${reader.name}`);
    }
  }
});

Deno.test("the tricks are none without a gate: lenient servers see the hidden request, or another one", () => {
  const hidden = creation("smuggled");
  const seen = tricks(hidden).filter(({ text, refused }) =>
    refused !== 0 &&
    lenientReaders.some((reader) =>
      reader.read(text).requests.some(({ target }) => target.includes("smuggled"))
    )
  );
  assert.ok(seen.length > 50, String(seen.length));
});

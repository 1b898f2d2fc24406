// The audit file of a running gate: full disks, rotation, and others who move it away.
import assert from "node:assert/strict";
import { type AuditLine, RunningGate } from "../../support/gate.ts";
import { get, ok, Wire } from "../../support/wire.ts";

/** An engine that the test plays: answers everything, and counts it. */
class CountingEngine implements AsyncDisposable {
  requests = 0;
  readonly path: string;
  readonly #directory: string;
  readonly #listener: Deno.UnixListener;

  private constructor(directory: string) {
    this.#directory = directory;
    this.path = `${directory}/up.sock`;
    this.#listener = Deno.listen({ transport: "unix", path: this.path });
    this.#serve();
  }

  static async open(): Promise<CountingEngine> {
    return new CountingEngine(await Deno.makeTempDir({ dir: "/tmp" }));
  }

  async #serve(): Promise<void> {
    for await (const conn of this.#listener) this.#answer(new Wire(conn)).catch(() => {});
  }

  async #answer(wire: Wire): Promise<void> {
    while (true) {
      await wire.until("\r\n\r\n");
      this.requests++;
      await wire.send(ok("{}"));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await Deno.remove(this.#directory, { recursive: true });
  }
}

/** A gate with two workers, in front of an engine. */
function serve(engine: CountingEngine, audit: Record<string, unknown>): Promise<RunningGate> {
  return RunningGate.serve({
    upstream: engine.path,
    workers: 2,
    listeners: [
      { socket: "DIR/a.sock", policy: "read-only" },
      { socket: "DIR/raw.sock", policy: "full", protocol: "raw", upstream: engine.path },
    ],
    audit: { file: "DIR/audit.jsonl", ...audit },
    reload: { watch: false },
  });
}

async function status(wire: Wire): Promise<{ status: number; answer: string }> {
  await wire.send(get("/version"));
  const answer = await wire.message();
  return { status: Number(answer.slice(9, 12)), answer };
}

/** Ten clients with so many requests each, one after the other. */
async function load(gate: RunningGate, requests: number): Promise<void> {
  await Promise.all(Array.from({ length: 10 }, async () => {
    using wire = await Wire.to(`${gate.directory}/a.sock`);
    for (let n = 0; n < requests; n++) assert.equal((await status(wire)).status, 200);
  }));
}

/** Every line of all audit files there are. */
async function recorded(gate: RunningGate): Promise<AuditLine[]> {
  const names = [...Deno.readDirSync(gate.directory)].map(({ name }) => name)
    .filter((name) => name.startsWith("audit.jsonl"));
  const texts = await Promise.all(names.map((n) => Deno.readTextFile(`${gate.directory}/${n}`)));
  return texts.flatMap((text) => {
    assert.ok(text === "" || text.endsWith("\n"), "a file ends in the middle of a line");
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  });
}

/** Each request has one record: as many as there were, and no id twice. */
async function assertEveryRequestOnce(gate: RunningGate, engine: CountingEngine): Promise<void> {
  const lines = await recorded(gate);
  assert.equal(lines.length, engine.requests);
  assert.equal(new Set(lines.map(({ id }) => id)).size, lines.length);
}

/** The size that files of the gate may have from now on (prlimit(1)): writing more fails, as on a full disk. */
async function limitFiles(gate: RunningGate, bytes: number | "unlimited"): Promise<void> {
  const args = ["--pid", String(gate.pid), `--fsize=${bytes}:`];
  const { success, stderr } = await new Deno.Command("prlimit", { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

async function untilStatus(gate: RunningGate, wanted: number): Promise<string> {
  for (let tries = 0; tries < 1000; tries++) {
    using wire = await Wire.to(`${gate.directory}/a.sock`);
    const { status: is, answer } = await status(wire);
    if (is === wanted) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`The gate never answered ${wanted}`);
}

Deno.test("with required nothing reaches the engine that cannot be recorded, and all goes on when it can", async () => {
  await using engine = await CountingEngine.open();
  await using gate = await serve(engine, { required: true });
  await load(gate, 3);
  await limitFiles(gate, 20_000);
  const refusal = await untilStatus(gate, 503);
  assert.match(refusal, /\r\nContent-Type: application\/json\r\n.*\r\nRetry-After: 1\r\n/s);
  const { message } = JSON.parse(refusal.split("\r\n\r\n")[1]!);
  assert.match(
    message,
    /^postern: system\.version denied for uid \d+.*: policy read-only: the audit log cannot be written/,
  );
  await gate.says(/warning: audit records cannot be written: write: EFBIG .*nothing is relayed/);
  const before = engine.requests;
  using wire = await Wire.to(`${gate.directory}/a.sock`);
  for (let n = 0; n < 50; n++) assert.equal((await status(wire)).status, 503);
  assert.equal(engine.requests, before);
  using raw = await Wire.to(`${gate.directory}/raw.sock`);
  assert.equal(await raw.rest(), "");
  const full = await recorded(gate);
  assert.equal(full.filter(({ decision }) => decision === "allow").length, before);

  await limitFiles(gate, "unlimited");
  await untilStatus(gate, 200);
  await gate.says(/warning: audit records are written again; none was lost/);
  await gate.stop();
  const lines = await recorded(gate);
  const allowed = lines.filter(({ decision }) => decision === "allow");
  const refused = lines.filter(({ decision }) => decision === "deny");
  assert.equal(allowed.length, engine.requests);
  assert.ok(refused.length > 50);
  assert.ok(refused.every(({ rule }) => rule === "audit.required"));
  const operations = refused.map(({ request }) => request.operation);
  assert.equal(operations.filter((name) => name === "raw.connect").length, 1);
});

Deno.test("records that could be written until the end at no time are counted", async () => {
  await using engine = await CountingEngine.open();
  await using gate = await serve(engine, {});
  await limitFiles(gate, 1);
  await load(gate, 2);
  await gate.stop();
  const lost = gate.stderr.matchAll(/could not be written to the end; (\d+) w/g);
  assert.equal([...lost].reduce((sum, match) => sum + Number(match[1]), 0), 20);
});

Deno.test("without required the gate goes on when records cannot be written, and writes later what it kept", async () => {
  await using engine = await CountingEngine.open();
  await using gate = await serve(engine, {});
  await limitFiles(gate, 5000);
  await load(gate, 20);
  await gate.says(/warning: audit records cannot be written: write: EFBIG .*the gate goes on/);
  assert.equal(engine.requests, 200);
  await limitFiles(gate, "unlimited");
  await gate.audit((lines) => lines.length === 200);
  await assertEveryRequestOnce(gate, engine);
  await gate.says(/warning: audit records are written again; none was lost/);
});

Deno.test("a file that is full is put aside by two busy workers without a line lost or split", async () => {
  await using engine = await CountingEngine.open();
  await using gate = await serve(engine, { rotate: { size: "64KiB", keep: 1000 } });
  const path = `${gate.directory}/audit.jsonl`;
  await Deno.chmod(path, 0o600);
  await load(gate, 200);
  await gate.stop();
  await assertEveryRequestOnce(gate, engine);
  const aside = [...Deno.readDirSync(gate.directory)].map(({ name }) => name)
    .filter((name) => /^audit\.jsonl\.\d+$/.test(name));
  assert.ok(aside.length > 5, `${aside.length} files`);
  for (const name of ["audit.jsonl", ...aside]) {
    const { size, mode } = await Deno.stat(`${gate.directory}/${name}`);
    assert.ok(size <= 64 * 1024, `${name} has ${size} bytes`);
    assert.equal(mode! & 0o777, 0o600);
  }
  // The youngest is 1.
  const times = await Promise.all(
    [2, 1].map(async (n) =>
      JSON.parse((await Deno.readTextFile(`${path}.${n}`)).split("\n", 1)[0]!).time
    ),
  );
  assert.ok(times[0] <= times[1]);
});

Deno.test("logs that are rotated by others, with SIGHUP behind it, lose no line", async () => {
  await using engine = await CountingEngine.open();
  await using gate = await serve(engine, { required: true });
  const path = `${gate.directory}/audit.jsonl`;
  let busy = true;
  const loaded = (async () => {
    while (busy) await load(gate, 20);
  })();
  for (let n = 1; n <= 10; n++) {
    await Deno.rename(path, `${path}.${n}`);
    Deno.kill(gate.pid, "SIGHUP");
    await gate.says(new RegExp(`(opened anew[^]*){${n}}`));
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o640);
  }
  busy = false;
  await loaded;
  await gate.stop();
  await assertEveryRequestOnce(gate, engine);
});

Deno.test("a file that somebody moved away or removed is there again, as it was", async () => {
  await using engine = await CountingEngine.open();
  await using gate = await serve(engine, { required: true });
  const path = `${gate.directory}/audit.jsonl`;
  await Deno.chmod(path, 0o604);
  const isThere = async () => {
    for (let tries = 0; tries < 1000; tries++) {
      await load(gate, 1);
      const found = await Deno.stat(path).catch(() => undefined);
      if (found !== undefined && found.size > 0) return assert.equal(found.mode! & 0o777, 0o604);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error("The audit file never came back");
  };
  await load(gate, 1);
  await Deno.rename(path, `${path}.moved`);
  await isThere();
  await assertEveryRequestOnce(gate, engine);
  await gate.says(/warning: audit file .* was removed or moved: it is there again/);
  await Deno.remove(path);
  await isThere();
});

Deno.test("with required nothing is relayed while the file is gone and cannot be made again", async () => {
  await using engine = await CountingEngine.open();
  await using gate = await serve(engine, { required: true });
  const path = `${gate.directory}/audit.jsonl`;
  await load(gate, 1);
  await Deno.remove(path);
  await Deno.mkdir(path);
  await untilStatus(gate, 503);
  await gate.says(/audit records cannot be written: open .*EISDIR/);
  await Deno.remove(path);
  await untilStatus(gate, 200);
  assert.match(await Deno.readTextFile(path), /"decision":"allow"/);
});

// `kill -9` in the middle of work: the next start takes the sockets up at once, and no client gets a byte of another's.
// POSTERN_KILLS=N kills N times. Between two kills the gate is stopped as it should be: a start after the one is held against a
// start after the other.
import assert from "node:assert/strict";
import { RunningGate } from "../../support/gate.ts";
import { Random } from "../../support/random.ts";
import { get, ok, post, Wire } from "../../support/wire.ts";

const KILLS = Number(Deno.env.get("POSTERN_KILLS") ?? "8");
const CLIENTS = 6;
/** Answers between a start and the kill, at most. */
const ANSWERS = 100;

const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
const switched = `HTTP/1.1 101 UPGRADED\r\n${upgrade}\r\n`;
/** Long enough to be under way when the gate is killed, and the same to its end. */
const long = (nonce: string) => `${nonce} `.repeat(3000);

/** An engine that tells everybody what they have told it. */
class EchoingEngine implements Disposable {
  readonly #listener: Deno.UnixListener;

  constructor(path: string) {
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#accept();
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) this.#serve(conn);
  }

  async #serve(conn: Deno.UnixConn): Promise<void> {
    using wire = new Wire(conn);
    try {
      for (;;) {
        const [head, body] = (await wire.message()).split("\r\n\r\n") as [string, string];
        if (head.includes("/attach")) {
          await wire.send(switched);
          for (;;) await wire.send(await wire.until(" "));
        }
        await wire.send(ok(body || long(/\/containers\/([^/]+)/.exec(head)![1]!)));
      }
    } catch { /* the gate is gone */ }
  }
}

/** Clients that ask without a break, every time for what nobody else has ever asked for. */
class Load implements AsyncDisposable {
  readonly wrong: string[] = [];
  readonly answered: number[];
  /** Exchanges that did not come to their end. */
  cut = 0;
  #over = false;
  readonly #socket: string;
  readonly #clients: Promise<void>[];

  constructor(socket: string, clients: number) {
    this.#socket = socket;
    this.answered = Array.from({ length: clients }, () => 0);
    this.#clients = this.answered.map((_, client) => this.#ask(client));
  }

  get total(): number {
    return this.answered.reduce((sum, count) => sum + count);
  }

  async end(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#clients);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #ask(client: number): Promise<void> {
    for (let asked = 0; !this.#over;) {
      try {
        using wire = await Wire.to(this.#socket);
        for (let whole = true; whole && !this.#over; asked++) {
          whole = await this.#exchange(wire, client, asked);
        }
      } catch (error) {
        if (!isAway(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  /** One request and its answer; whether another can follow on the connection. */
  async #exchange(wire: Wire, client: number, asked: number): Promise<boolean> {
    const nonce = `n${client}-${asked}-${crypto.randomUUID()}`;
    const told = long(nonce);
    switch (asked % 3) {
      case 0:
        return await this.#hear(wire, client, get(`/containers/${nonce}/json`), ok(told));
      case 1: {
        const body = JSON.stringify({ Image: "a", Labels: { nonce: told } });
        const request = post("/containers/create", body, "Content-Type: application/json\r\n");
        return await this.#hear(wire, client, request, ok(body));
      }
      default: {
        const request = post(`/containers/${nonce}/attach?stream=1`, "", upgrade);
        if (await this.#hear(wire, client, request, switched)) {
          await this.#hear(wire, client, told, told);
        }
        return false;
      }
    }
  }

  /** Whether all of the answer comes; what comes of it must be its beginning. */
  async #hear(wire: Wire, client: number, text: string, answer: string): Promise<boolean> {
    const sending = wire.send(text).catch((error) => {
      if (!isAway(error)) throw error;
    });
    const heard = await wire.exactly(answer.length).catch(() => wire.rest())
      .catch((error: Error) => error.message);
    await sending;
    if (heard === answer) this.answered[client]!++;
    else this.cut++;
    if (!answer.startsWith(heard)) {
      this.wrong.push(
        `client ${client} asked ${text.slice(0, 200)} and heard ${heard.slice(0, 200)}`,
      );
    }
    return heard === answer;
  }
}

/** Whether there is no gate, or no longer the one that was. */
const isAway = (error: unknown) =>
  error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.NotFound ||
  error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
  error instanceof Deno.errors.NotConnected;

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 30_000; tries++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error(`It never came to ${holds}`);
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** For people to read: a machine with other work makes any of it longer. */
const spread = (values: readonly number[]) =>
  `${Math.round(median(values))} ms (at most ${Math.round(Math.max(...values))} ms)`;

Deno.test(`killed ${KILLS} times under load, the next gate serves at once, and nobody hears what is another's`, async () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  const random = new Random(seed);
  const directory = await Deno.makeTempDir({ dir: "/tmp" });
  const socket = `${directory}/a.sock`;
  const config = {
    upstream: `${directory}/up.sock`,
    listeners: [{ socket, policy: "full" }],
    audit: { file: `${directory}/audit.jsonl` },
    workers: 2,
  };
  await Deno.writeTextFile(`${directory}/postern.yaml`, JSON.stringify(config), { mode: 0o600 });
  const start = () => RunningGate.start(["serve", "-c", `${directory}/postern.yaml`], [socket]);
  /** Milliseconds from a start to an answer, by how the gate before had ended. */
  const starts = { SIGKILL: [] as number[], SIGTERM: [] as number[] };
  {
    using _engine = new EchoingEngine(config.upstream);
    await using load = new Load(socket, CLIENTS);
    for (let end = 0; end < 2 * KILLS; end++) {
      const [before, signal] = end % 2 === 0
        ? ["SIGTERM", "SIGKILL"] as const
        : ["SIGKILL", "SIGTERM"] as const;
      const answered = load.total;
      const begun = performance.now();
      await using gate = await start();
      await until(() => load.total > answered);
      starts[before].push(performance.now() - begun);
      const enough = load.total + Math.floor(random.next() * ANSWERS);
      await until(() => load.total >= enough);
      const status = await gate.stop(signal);
      if (signal === "SIGTERM") assert.equal(status.code, 0, gate.stderr);
      else {
        assert.equal(status.signal, "SIGKILL", gate.stderr);
        assert.ok(Deno.lstatSync(socket).isSocket);
      }
    }
    await using _last = await start();
    const before = [...load.answered];
    await until(() => load.answered.every((count, client) => count > before[client]!));
    await load.end();
    assert.deepEqual(load.wrong, [], `seed ${seed}`);
    const prompt = starts.SIGKILL.filter((milliseconds) => milliseconds < 1000).length;
    console.log(
      `${KILLS} kills: ${load.total} answers as they should be, ${load.cut} cut off\n` +
        `from a start to an answer: ${spread(starts.SIGKILL)} after a kill, ${prompt} of ` +
        `${starts.SIGKILL.length} within a second; ${spread(starts.SIGTERM)} after an end; ` +
        `${(median(starts.SIGKILL) / median(starts.SIGTERM)).toFixed(2)} times`,
    );
    assert.ok(load.cut > 0, "no kill came into an exchange");
  }
  await Deno.remove(directory, { recursive: true });
});

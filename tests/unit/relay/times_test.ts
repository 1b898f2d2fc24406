// What happens when somebody takes too long, with times that a test can wait for: the loop runs in the test's own thread.
import assert from "node:assert/strict";
import { AuditWriter } from "../../../lib/audit/writer.ts";
import { openAuditLog } from "../../../lib/audit/log.ts";
import { close, eventfd, signalEventfd } from "../../../lib/linux/io.ts";
import { connect, unixAddress, unixSocket } from "../../../lib/linux/socket.ts";
import { NameCache } from "../../../lib/peer/names.ts";
import { full } from "../../../lib/policy/builtin.ts";
import type { Limits } from "../../../lib/policy/constraints/types.ts";
import type { Policy } from "../../../lib/policy/types.ts";
import { bindSocket, unlinkSocket } from "../../../lib/relay/bind.ts";
import { Census } from "../../../lib/relay/census.ts";
import { Gatekeeper } from "../../../lib/relay/gatekeeper.ts";
import { Listener } from "../../../lib/relay/listener.ts";
import { Loop } from "../../../lib/relay/loop.ts";
import { get, post, Wire } from "../../support/wire.ts";

const SHORT = 50;
const TIMES = { head: SHORT, body: 2 * SHORT, dial: SHORT, answer: SHORT };

function judging(operation: string, limits: Limits): Policy {
  const constraints = { limits, origins: {} };
  const verdict = { allow: true, rule: "test", constraints } as const;
  return { name: "judging", mode: "enforce", verdicts: { ...full.verdicts, [operation]: verdict } };
}

/** A loop with one listener before an engine that takes connections into its backlog and never accepts them. */
class Shore implements AsyncDisposable {
  readonly #directory = Deno.makeTempDirSync({ prefix: "postern-times-" });
  readonly #bound = bindSocket({ socket: `${this.#directory}/a.sock`, mode: 0o600, backlog: 9 });
  readonly #engine = bindSocket({ socket: `${this.#directory}/up.sock`, mode: 0o600, backlog: 0 });
  readonly #wakeFd = eventfd();
  readonly #fillers: number[] = [];
  readonly #audit = openAuditLog({ to: "file", path: `${this.#directory}/log` })!;
  readonly #loop: Loop;
  readonly #listener: Listener;

  constructor(policy: Policy, protocol: "http" | "raw" = "http", times = TIMES) {
    const rules = {
      clients: [],
      listenerPolicies: {},
      defaultPolicy: policy.name,
      policies: { [policy.name]: policy },
    };
    const audit = new AuditWriter(this.#audit, () => {});
    const { fd, path } = this.#bound;
    const planned = { name: "a", path, fd, protocol, upstream: this.#engine.path };
    this.#loop = new Loop(this.#wakeFd, false, audit, () => {}, times);
    const gatekeeper = new Gatekeeper(rules, new NameCache(), audit);
    this.#listener = new Listener(this.#loop, gatekeeper, new Census(Census.memory()), planned);
    this.#loop.listen(this.#listener);
  }

  client(): Promise<Wire> {
    return Wire.to(this.#bound.path);
  }

  /** The engine's backlog has no room any more. */
  fillBacklog(): void {
    const address = unixAddress(this.#engine.path);
    while (true) {
      const fd = unixSocket(false);
      this.#fillers.push(fd);
      if (connect(fd, address) < 0) return;
    }
  }

  /** Lets the loop run for a few times as long as anything may take. */
  async pass(): Promise<void> {
    const wake = () => signalEventfd(this.#wakeFd);
    this.#loop.after(4 * SHORT).add({ expire: wake, close: wake });
    await this.#loop.run(() => Promise.resolve(true));
  }

  // deno-lint-ignore no-explicit-any
  records(): any[] {
    const lines = Deno.readTextFileSync(`${this.#directory}/log`).split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.pass();
    for (const fd of this.#fillers) close(fd);
    for (const bound of [this.#bound, this.#engine]) {
      unlinkSocket(bound);
      close(bound.fd);
    }
    close(this.#wakeFd);
    await Deno.remove(this.#directory, { recursive: true });
  }
}

Deno.test("a head that does not come to its end is a 408; who has sent nothing may go on saying nothing", async () => {
  await using shore = new Shore({ ...full, verdicts: {} });
  using slow = await shore.client();
  using silent = await shore.client();
  using next = await shore.client();
  await slow.send("GET /_ping HTTP/1.1\r\nHost:");
  await next.send(`${get("/info")}GET /in`);
  await shore.pass();
  assert.match(await slow.rest(), /^HTTP\/1.1 408 [^]*a request head that took too long to come/);
  assert.match(
    await next.rest(),
    /^HTTP\/1.1 403 [^]*HTTP\/1.1 408 /,
    "behind another request, too",
  );
  await silent.send(get("/info"));
  await shore.pass();
  assert.match(await silent.message(), /^HTTP\/1.1 403 /);
  const [, first] = shore.records();
  assert.deepEqual([first.decision, first.rule, first.status], ["deny", "time limits", 408]);
});

Deno.test("a body that is judged and does not come to its end is a 408", async () => {
  await using shore = new Shore(judging("containers.create", { privileged: false }));
  using client = await shore.client();
  const request = post("/v1.41/containers/create", '{"Image":"a"}');
  await client.send(request.slice(0, -1));
  await shore.pass();
  assert.match(await client.rest(), /^HTTP\/1.1 408 [^]*a body that took too long to come/);
});

Deno.test("an engine whose backlog stays full is a 504 that says so", async () => {
  await using shore = new Shore(full);
  shore.fillBacklog();
  using client = await shore.client();
  await client.send(get("/_ping"));
  await shore.pass();
  assert.match(await client.rest(), /^HTTP\/1.1 504 [^]*up\.sock: its backlog stayed full/);
  const [, end] = shore.records();
  assert.deepEqual([end.event, end.status], ["end", 504]);
});

Deno.test("a raw client is closed when the engine's backlog stays full, and recorded", async () => {
  await using shore = new Shore(full, "raw");
  shore.fillBacklog();
  using client = await shore.client();
  await shore.pass();
  assert.equal(await client.rest(), "");
  assert.match(shore.records()[1].reason, /up\.sock: its backlog stayed full/);
});

Deno.test("an engine that does not say what a request names is a 502, whether it accepts or not", async () => {
  const selecting = judging("containers.stop", { containers: [{ label: ["team=ci"] }] });
  for (const full of [false, true]) {
    await using shore = new Shore(selecting);
    if (full) shore.fillBacklog();
    using client = await shore.client();
    await client.send(post("/containers/web/stop", ""));
    await shore.pass();
    assert.match(await client.message(), /^HTTP\/1.1 502 [^]*up\.sock did not answer in time/);
  }
  await using shore = new Shore(selecting, "http", { ...TIMES, answer: 60_000 });
  using client = await shore.client();
  await client.send(post("/containers/web/stop", ""));
  await shore.pass();
  assert.match(await client.message(), /^HTTP\/1.1 504 [^]*the engine took too long to say/);
});

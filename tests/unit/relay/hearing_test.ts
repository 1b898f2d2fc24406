import assert from "node:assert/strict";
import { full } from "../../../lib/policy/builtin.ts";
import type { Constraints, Limits } from "../../../lib/policy/constraints/types.ts";
import type { Policy } from "../../../lib/policy/types.ts";
import { get, ok, post, type Wire } from "../../support/wire.ts";
import { Bench } from "./harness.ts";

const JSON_TYPE = "Content-Type: application/json\r\n";
const CREATE = "/v1.41/containers/create";
const ID = "a".repeat(64);

/** Everything is allowed, and some operations are held against constraints. */
function judging(
  constraints: Record<string, Partial<Constraints>>,
  mode: Policy["mode"] = "enforce",
): Policy {
  const verdicts = Object.entries(constraints).map((
    [operation, { limits = {}, origins = {}, set }],
  ) => [
    operation,
    {
      allow: true,
      rule: "test",
      constraints: { limits, origins, ...(set === undefined ? {} : { set }) },
    },
  ]);
  return { name: "judging", mode, verdicts: { ...full.verdicts, ...Object.fromEntries(verdicts) } };
}

const creating = (limits: Limits, more: Partial<Constraints> = {}, mode?: Policy["mode"]) =>
  judging({ "containers.create": { limits, ...more } }, mode);

const create = (body: unknown, more = JSON_TYPE) => post(CREATE, JSON.stringify(body), more);
const messageOf = (response: string) =>
  JSON.parse(response.split("\r\n\r\n")[1]!).message as string;

/** The engine's answer to the one question on a connection of its own. */
async function answer(engine: Wire, path: string, status: string, body: unknown): Promise<void> {
  assert.equal(await engine.until("\r\n\r\n"), `GET ${path} HTTP/1.0\r\nHost: docker\r\n\r\n`);
  await engine.send(
    `HTTP/1.0 ${status}\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(body)}`,
  );
  engine.close();
}

Deno.test("a body that meets the constraints goes on byte for byte, once it is whole", async () => {
  await using bench = await Bench.open(creating({ privileged: false }));
  using client = await bench.client();
  const request = create({ Image: "a", Cmd: ["x".repeat(20_000)] });
  await client.send(request.slice(0, 300));
  const early = bench.engine();
  const none = await Promise.race([
    early,
    new Promise((resolve) => setTimeout(resolve, 50, "none")),
  ]);
  assert.equal(none, "none", "nothing reaches the engine before the body is judged");
  bench.giveBack(early);
  await client.send(request.slice(300));
  using engine = await bench.engine();
  assert.equal(await engine.exactly(request.length), request);
  await engine.send(ok("made"));
  assert.equal(await client.message(), ok("made"));
});

Deno.test("a body that does not is denied with its reason, and the connection goes on", async () => {
  const policy = creating({ privileged: false }, { origins: { privileged: "team.yaml:7" } });
  await using bench = await Bench.open(policy);
  using client = await bench.client();
  await client.send(create({ Image: "a", HostConfig: { Privileged: true } }));
  const denied = await client.message();
  assert.match(denied, /^HTTP\/1.1 403 /);
  assert.match(messageOf(denied), /containers\.create denied for .*: policy judging: privileged: /);
  await client.send(get("/_ping"));
  using engine = await bench.engine();
  assert.equal(await engine.message(), get("/_ping"), "the engine never saw the denied one");
  const [record] = await bench.audit(1);
  assert.equal(record.rule, "team.yaml:7");
  assert.equal(record.decision, "deny");
});

Deno.test("pipelined requests behind a judged body are found", async () => {
  await using bench = await Bench.open(creating({ privileged: false }));
  using client = await bench.client();
  const allowed = create({ Image: "a" });
  await client.send(create({ HostConfig: { Privileged: true } }) + allowed);
  assert.match(await client.message(), /^HTTP\/1.1 403 /);
  using engine = await bench.engine();
  assert.equal(await engine.exactly(allowed.length), allowed);
});

Deno.test("a chunked body is judged by its data and goes on in its chunks", async () => {
  await using bench = await Bench.open(creating({ privileged: false }));
  const chunked = (body: string) =>
    `POST ${CREATE} HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n${JSON_TYPE}\r\n` +
    [...body].map((c) => `1\r\n${c}\r\n`).join("") + "0\r\n\r\n";
  using client = await bench.client();
  await client.send(chunked('{"HostConfig":{"Privileged":true}}'));
  assert.match(await client.message(), /^HTTP\/1.1 403 /);
  const allowed = chunked('{"Image":"a"}');
  await client.send(allowed);
  using engine = await bench.engine();
  assert.equal(await engine.exactly(allowed.length), allowed);
});

Deno.test("a body over the limit is refused with 413, announced or not", async () => {
  await using bench = await Bench.open(creating({ body_limit: 100 }));
  for (const framing of ["Content-Length: 101\r\n", "Transfer-Encoding: chunked\r\n"]) {
    using client = await bench.client();
    const body = framing.startsWith("C") ? " ".repeat(101) : `65\r\n${" ".repeat(101)}\r\n`;
    await client.send(`POST ${CREATE} HTTP/1.1\r\nHost: d\r\n${JSON_TYPE}${framing}\r\n${body}`);
    assert.match(await client.until("\r\n\r\n"), /^HTTP\/1.1 413 /);
  }
});

Deno.test("a compressed body is refused: the engine would read it as it is", async () => {
  await using bench = await Bench.open(creating({}));
  using client = await bench.client();
  await client.send(create({ Image: "a" }, `${JSON_TYPE}Content-Encoding: gzip\r\n`));
  assert.match(await client.message(), /^HTTP\/1.1 400 [^]*Content-Encoding/);
});

Deno.test("Expect: 100-continue is answered by the gate when it holds the body, and not passed on", async () => {
  await using bench = await Bench.open(creating({}));
  using client = await bench.client();
  const body = '{"Image":"a"}';
  const head =
    `POST ${CREATE} HTTP/1.1\r\nHost: d\r\n${JSON_TYPE}Content-Length: ${body.length}\r\n`;
  await client.send(`${head}Expect: 100-continue\r\n\r\n`);
  assert.equal(await client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  await client.send(body);
  using engine = await bench.engine();
  assert.equal(await engine.message(), `${head}\r\n${body}`);
});

Deno.test("what a policy fills in reaches the engine, is recorded, and leaves the rest as it was", async () => {
  const policy = creating({ memory: 1024 }, { set: { memory: 512, labels: { team: "ci" } } });
  await using bench = await Bench.open(policy);
  using client = await bench.client();
  await client.send(
    post(CREATE, '{"Image":"a", "HostConfig":{"CpuShares":9007199254740993}}', JSON_TYPE),
  );
  using engine = await bench.engine();
  const seen = await engine.message();
  assert.match(seen, /"CpuShares":9007199254740993/);
  const body = JSON.parse(seen.split("\r\n\r\n")[1]!);
  assert.equal(body.HostConfig.Memory, 512);
  assert.deepEqual(body.Labels, { team: "ci" });
  const [record] = await bench.audit(1);
  assert.deepEqual(record.added.toSorted(), ["label team=ci", "memory=512"].toSorted());
});

Deno.test("mode warn relays what it would deny, and says so in the record", async () => {
  await using bench = await Bench.open(creating({ privileged: false }, {}, "warn"));
  using client = await bench.client();
  const request = create({ HostConfig: { Privileged: true } });
  await client.send(request);
  using engine = await bench.engine();
  assert.equal(await engine.exactly(request.length), request);
  const [record] = await bench.audit(1);
  assert.equal(record.decision, "would-deny");
  assert.match(record.reason, /^privileged: /);
});

const selecting = judging({
  "containers.stop": { limits: { containers: [{ label: ["team=ci"] }] } },
});
const container = (labels: Record<string, string>) => ({
  Id: ID,
  Name: "/web",
  Config: { Labels: labels },
});

Deno.test("a container that a selector is about is asked for, and goes on as its id", async () => {
  await using bench = await Bench.open(selecting);
  using client = await bench.client();
  await client.send(post("/v1.41/containers/web/stop?t=3", ""));
  await answer(await bench.engine(), "/containers/web/json", "200 OK", container({ team: "ci" }));
  using engine = await bench.engine();
  assert.match(
    await engine.message(),
    new RegExp(`^POST /v1\\.41/containers/${ID}/stop\\?t=3 HTTP`),
  );
});

Deno.test("a container outside the selector is denied", async () => {
  await using bench = await Bench.open(selecting);
  using client = await bench.client();
  await client.send(post("/v1.41/containers/web/stop", ""));
  await answer(await bench.engine(), "/containers/web/json", "200 OK", container({ team: "ops" }));
  assert.match(await client.message(), /^HTTP\/1.1 403 [^]*containers: /);
});

Deno.test("a container that does not exist is the engine's 404, and an engine that fails is a 502", async () => {
  await using bench = await Bench.open(selecting);
  using client = await bench.client();
  await client.send(post("/containers/web/stop", ""));
  const words = "No such container: web";
  await answer(await bench.engine(), "/containers/web/json", "404 Not Found", { message: words });
  const absent = await client.message();
  assert.match(absent, /^HTTP\/1.1 404 /);
  assert.match(messageOf(absent), /No such container: web/);
  await client.send(post("/containers/web/stop", ""));
  await answer(await bench.engine(), "/containers/web/json", "500 Internal Server Error", {
    message: "x",
  });
  assert.match(await client.message(), /^HTTP\/1.1 502 /);
  await client.send(post("/containers/web/stop", ""));
  (await bench.engine()).close();
  assert.match(await client.message(), /^HTTP\/1.1 502 /);
});

Deno.test("a client that leaves while the engine is asked leaves nothing behind", async () => {
  await using bench = await Bench.open(selecting);
  using client = await bench.client();
  await client.send(post("/containers/web/stop", ""));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  client.close();
  assert.equal(await engine.rest(), "", "the question's connection is closed, too");
});

Deno.test("the same body again is recalled, another behind the same head is not", async () => {
  await using bench = await Bench.open(creating({ privileged: false }));
  using client = await bench.client();
  const bodies = ['{"HostConfig":{"Privileged":true }}', '{"HostConfig":{"Privileged":false}}'];
  assert.equal(bodies[0]!.length, bodies[1]!.length, "the heads are the same bytes");
  using engine = await (async () => {
    await client.send(post(CREATE, bodies[1]!, JSON_TYPE));
    return await bench.engine();
  })();
  await engine.message();
  await engine.send(ok("made"));
  await client.message();
  for (const allowed of [false, true, false, true, true, false]) {
    const request = post(CREATE, bodies[Number(allowed)]!, JSON_TYPE);
    await client.send(request);
    if (!allowed) assert.match(await client.message(), /^HTTP\/1.1 403 /);
    else {
      using next = await bench.engine();
      assert.equal(await next.exactly(request.length), request);
      await next.send(ok("made"));
      assert.equal(await client.message(), ok("made"));
    }
  }
});

const binds = (folder: string, count: number) =>
  create({
    HostConfig: { Binds: Array.from({ length: count }, (_, i) => `${folder}/${i}:/m${i}`) },
  });

Deno.test("many paths are looked up in turns, and more than anybody needs are refused", async () => {
  await using bench = await Bench.open(creating({ host_mounts: [{ path: "/tmp/**" }] }));
  using client = await bench.client();
  const many = binds("/tmp/postern-none", 100);
  await client.send(many);
  using engine = await bench.engine();
  assert.equal(await engine.exactly(many.length), many);
  await engine.send(ok("made"));
  assert.equal(await client.message(), ok("made"));
  await client.send(binds("/tmp/postern-none", 257));
  assert.match(await client.message(), /^HTTP\/1.1 400 [^]*names more than 256 things/);
});

Deno.test("a client of HTTP/1.0 is not told to go on: it knows no interim answers", async () => {
  await using bench = await Bench.open(creating({}));
  using client = await bench.client();
  const body = '{"Image":"a"}';
  const head = `POST ${CREATE} HTTP/1.0\r\n${JSON_TYPE}Content-Length: ${body.length}\r\n`;
  await client.send(`${head}Expect: 100-continue\r\n\r\n`);
  await client.send(body);
  using engine = await bench.engine();
  assert.equal(await engine.message(), `${head}\r\n${body}`);
  await engine.send(ok("made"));
  assert.equal(await client.message(), ok("made"));
});

Deno.test("mode warn tells a body that it would deny from one that it allows behind the very same head", async () => {
  await using bench = await Bench.open(creating({ privileged: false }, {}, "warn"));
  using client = await bench.client();
  for (
    const body of ['{"HostConfig":{"Privileged":false}}', '{"HostConfig":{"Privileged":true }}']
  ) {
    await client.send(post(CREATE, body, JSON_TYPE));
    using engine = await bench.engine();
    await engine.message();
    await engine.send(ok("made"));
    assert.equal(await client.message(), ok("made"));
  }
  const records = await bench.audit(2);
  assert.deepEqual(records.map(({ decision }) => decision), ["allow", "would-deny"]);
});

/** The records that the audit log holds once no more are added. */
async function settled(bench: Bench): Promise<number> {
  for (let count = -1, same = 0;;) {
    const now = (await bench.audit(0)).length;
    same = now === count ? same + 1 : 0;
    count = now;
    if (count > 0 && same === 20) return count;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

Deno.test("a client that is slow to read earlier answers is told to go on all the same", async () => {
  await using bench = await Bench.open(creating({}));
  const denied = get("/secret");
  const deaf = await bench.client();
  const stuck = deaf.send(denied.repeat(3000)).catch(() => {});
  // The last one that was denied finds no room for its answer.
  const room = await settled(bench) - 1;
  deaf.close();
  await stuck;
  using client = await bench.client();
  await client.send(
    denied.repeat(room) +
      `POST ${CREATE} HTTP/1.1\r\nHost: d\r\n${JSON_TYPE}Content-Length: 13\r\nExpect: 100-continue\r\n\r\n`,
  );
  await bench.audit(room * 2 + 1);
  for (let n = 0; n < room; n++) assert.match(await client.message(), /^HTTP\/1.1 403 /);
  assert.equal(await client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
});

// The HTTP of the real engine through the gate, byte by byte: what a proxy can get wrong.
import assert from "node:assert/strict";
import { docker, engineSocket, engineTest, unique } from "../support/docker.ts";
import { recordEvents } from "../support/engine_state.ts";
import { RunningGate } from "../support/gate.ts";
import { get, post, Wire } from "../support/wire.ts";

function gateFor(policy: string): Promise<RunningGate> {
  return RunningGate.serve({
    upstream: engineSocket,
    listeners: [{ socket: "DIR/docker.sock", policy }],
  });
}

const connect = (gate: RunningGate) => Wire.to(`${gate.directory}/docker.sock`);
const status = (response: string) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(response)?.[1]);
const bodyOf = (response: string) => response.slice(response.indexOf("\r\n\r\n") + 4);

async function create(command: string, more: Record<string, unknown> = {}): Promise<string> {
  using wire = await Wire.to(engineSocket);
  const config = { Image: "bb", Cmd: ["sh", "-c", command], NetworkDisabled: true, ...more };
  await wire.send(
    post("/containers/create", JSON.stringify(config), "Content-Type: application/json\r\n"),
  );
  const { Id } = JSON.parse(bodyOf(await wire.message()));
  return Id;
}

const direct = async (request: string): Promise<string> => {
  using wire = await Wire.to(engineSocket);
  await wire.send(request);
  return await wire.message();
};

engineTest(
  "read-only: the second, third and pipelined request of a connection are judged too",
  async () => {
    await using gate = await gateFor("read-only");
    using wire = await connect(gate);
    const events = await recordEvents();
    await wire.send(get("/_ping"));
    assert.equal(status(await wire.message()), 200);
    const volume = unique("smuggled");
    const body = JSON.stringify({ Name: volume });
    const creation = post("/volumes/create", body, "Content-Type: application/json\r\n");
    await wire.send(creation);
    assert.match(await wire.message(), /^HTTP\/1\.1 403 .*volumes\.create denied/s);
    await wire.send(get("/v1.41/version"));
    assert.equal(status(await wire.message()), 200);
    // All at once: answered one by one and in order.
    await wire.send(get("/_ping") + creation + get("/version") + creation + get("/_ping"));
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push(status(await wire.message()));
    assert.deepEqual(answers, [200, 403, 200, 403, 200]);
    assert.deepEqual(await events.stop(), []);
  },
);

engineTest(
  "read-only: what hides a second request in the first is refused and never reaches the engine",
  async () => {
    await using gate = await gateFor("read-only");
    const events = await recordEvents();
    const volume = JSON.stringify({ Name: unique("hidden") });
    const hidden = post("/volumes/create", volume, "Content-Type: application/json\r\n");
    const length = hidden.length;
    const wait = "POST /containers/x/wait HTTP/1.1\r\nHost: d\r\n";
    const attempts = [
      `${wait}Content-Length: 0\r\nContent-Length: ${length}\r\n\r\n${hidden}`,
      `${wait}Content-Length: ${length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
      `${wait}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`,
      `${wait}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${hidden}`,
      `${wait}Transfer-Encoding:\u000bchunked\r\n\r\n0\r\n\r\n${hidden}`,
      `${wait}Content-Length: +0\r\n\r\n${hidden}`,
      `${wait}Content-Length: 0x0\r\n\r\n${hidden}`,
      `${wait}X: y\nContent-Length: 0\r\n\r\n${hidden}`,
      `${wait}X: y\r\n Content-Length: 0\r\n\r\n${hidden}`,
      `${wait}Transfer-Encoding: chunked\r\n\r\n0;\n\r\n\r\n${hidden}`,
      `${wait}Transfer-Encoding: chunked\r\n\r\n00000000000000000\r\n\r\n${hidden}`,
      `GET /_ping HTTP/1.1\r\nHost: d\r\nHost: e\r\n\r\n`,
      `GET http://docker/volumes/create HTTP/1.1\r\nHost: d\r\n\r\n`,
      `GET /_ping\r\n\r\n`,
      `GET  /_ping HTTP/1.1\r\nHost: d\r\n\r\n`,
      `GET /_ping HTTP/2.0\r\nHost: d\r\n\r\n`,
      `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
      `GET /containers/../volumes HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n`,
      `GET /containers/%2e%2e/volumes HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n`,
      `GET //containers/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n`,
      `GET /containers/json#x HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n`,
    ];
    for (const attempt of attempts) {
      using wire = await connect(gate);
      await wire.send(attempt);
      const answer = await wire.rest();
      assert.match(answer, /^HTTP\/1\.1 400 [^\n]*\r\n/, JSON.stringify(attempt));
      assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 1, JSON.stringify([attempt, answer]));
    }
    assert.deepEqual(await events.stop(), []);
  },
);

engineTest("full: answers are the engine's, byte for byte", async () => {
  await using gate = await gateFor("full");
  const requests = [
    get("/_ping"),
    get("/version"),
    get("/v1.24/version"),
    get("/images/json"),
    get("/containers/none/json"),
    get("/v1.99/version"),
    get("/v1.41/containers/none/logs"),
    post("/containers/create", '{"Image":"none"}', "Content-Type: application/json\r\n"),
    post("/containers/create", "not json", "Content-Type: application/json\r\n"),
    post("/containers/create", "{}", "Content-Type: text/plain\r\n"),
  ];
  const plain = (answer: string) => answer.replace(/\r\nDate: [^\r]+/, "");
  for (const request of requests) {
    using wire = await connect(gate);
    await wire.send(request);
    assert.equal(plain(await wire.message()), plain(await direct(request)), request);
  }
});

engineTest("full: HEAD has no body, and the next request is answered", async () => {
  await using gate = await gateFor("full");
  using wire = await connect(gate);
  await wire.send("HEAD /_ping HTTP/1.1\r\nHost: d\r\n\r\n" + get("/_ping"));
  assert.match(await wire.until("\r\n\r\n"), /^HTTP\/1\.1 200 OK\r\nApi-Version: /);
  assert.match(await wire.message(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nOK$/);
});

engineTest("full: a chunked body, Expect: 100-continue and 204", async () => {
  await using gate = await gateFor("full");
  using wire = await connect(gate);
  const name = unique("v");
  const body = JSON.stringify({ Name: name });
  await wire.send(
    "POST /volumes/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n" +
      "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
  );
  assert.equal(await wire.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  await wire.send(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
  assert.equal(status(await wire.message()), 201);
  await wire.send(`DELETE /volumes/${name} HTTP/1.1\r\nHost: d\r\n\r\n`);
  assert.match(await wire.until("\r\n\r\n"), /^HTTP\/1\.1 204 No Content\r\n/);
  await wire.send(get("/_ping"));
  assert.equal(status(await wire.message()), 200);
});

engineTest(
  "full: a hijacked attach keeps its half-close, and early input is not lost",
  async () => {
    await using gate = await gateFor("full");
    const id = await create("cat; echo end", {
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      AttachStdout: true,
      Tty: false,
    });
    using wire = await connect(gate);
    const query = "stream=1&stdin=1&stdout=1&stderr=1";
    await wire.send(
      `POST /containers/${id}/attach?${query} HTTP/1.1\r\nHost: d\r\nUpgrade: tcp\r\n` +
        "Connection: Upgrade\r\nContent-Length: 0\r\n\r\nearly input\n",
    );
    assert.match(await wire.until("\r\n\r\n"), /^HTTP\/1\.1 101 UPGRADED\r\n/);
    await direct(post(`/containers/${id}/start`, ""));
    await wire.send("late input\n");
    await wire.closeWrite();
    const frames = await wire.rest();
    // deno-lint-ignore no-control-regex
    assert.equal(frames.replace(/[\x01\x02]\0{3}[^]{4}/g, ""), "early input\nlate input\nend\n");
    await direct(`DELETE /containers/${id} HTTP/1.1\r\nHost: d\r\n\r\n`);
  },
);

engineTest("full: a hijack without Upgrade, answered by 200, is a stream as well", async () => {
  await using gate = await gateFor("full");
  const id = await create("cat; echo end", { OpenStdin: true, StdinOnce: true, Tty: true });
  await direct(post(`/containers/${id}/start`, ""));
  using wire = await connect(gate);
  await wire.send(
    `POST /containers/${id}/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\n` +
      "Content-Length: 0\r\n\r\n",
  );
  const head = await wire.until("\r\n\r\n");
  assert.match(
    head,
    /^HTTP\/1\.1 200 OK\r\nContent-Type: application\/vnd\.docker\.raw-stream\r\n/,
  );
  await wire.send("typed\n");
  assert.equal(await wire.until("typed\r\ntyped\r\n"), "typed\r\ntyped\r\n");
  await wire.send("\x04");
  assert.equal(await wire.rest(), "end\r\n");
  await direct(`DELETE /containers/${id}?force=1 HTTP/1.1\r\nHost: d\r\n\r\n`);
});

engineTest("full: exec start with Detach answers and keeps the connection", async () => {
  await using gate = await gateFor("full");
  const id = await create("sleep 100");
  await direct(post(`/containers/${id}/start`, ""));
  using wire = await connect(gate);
  const json = "Content-Type: application/json\r\n";
  await wire.send(post(`/containers/${id}/exec`, '{"Cmd":["true"]}', json));
  const exec = JSON.parse(bodyOf(await wire.message())).Id;
  await wire.send(
    post(
      `/exec/${exec}/start`,
      '{"Detach":true}',
      `${json}Upgrade: tcp\r\nConnection: Upgrade\r\n`,
    ),
  );
  assert.equal(status(await wire.message()), 200);
  await wire.send(get("/_ping"));
  assert.equal(status(await wire.message()), 200);
  await direct(`DELETE /containers/${id}?force=1 HTTP/1.1\r\nHost: d\r\n\r\n`);
});

engineTest("read-only: wait outlives the client's half-close", async () => {
  await using gate = await gateFor("read-only");
  const id = await create("sleep 1; exit 3");
  await direct(post(`/containers/${id}/start`, ""));
  using wire = await connect(gate);
  await wire.send(`POST /containers/${id}/wait HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n`);
  await wire.closeWrite();
  assert.match(await wire.rest(), /"StatusCode":3/);
  await direct(`DELETE /containers/${id} HTTP/1.1\r\nHost: d\r\n\r\n`);
});

engineTest("full: an error comes while the body is still being sent", async () => {
  await using gate = await gateFor("full");
  using wire = await connect(gate);
  const half = 1 << 22;
  await wire.send(
    `PUT /containers/none/archive?path=/ HTTP/1.1\r\nHost: d\r\nContent-Length: ${
      half * 2
    }\r\n\r\n`,
  );
  const sending = wire.send("\0".repeat(half)).catch(() => {});
  assert.match(await wire.until("\r\n\r\n"), /^HTTP\/1\.1 404 Not Found\r\n/);
  assert.match(await wire.until("}"), /No such container: none/);
  wire.close();
  await sending;
});

engineTest("a full close of the client ends what the engine does for it", async () => {
  await using gate = await gateFor("full");
  const events = await connect(gate);
  await events.send(get("/events"));
  await events.until("\r\n\r\n");
  const followers = async () => {
    const { out } = await docker(engineSocket, ["info", "--format", "{{.NEventsListener}}"]);
    return Number(out);
  };
  const during = await followers();
  events.close();
  for (let i = 0; i < 500 && await followers() >= during; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(await followers(), during - 1);
});

engineTest("an engine that is not there is a 502 that names its socket", async () => {
  await using gate = await RunningGate.serve({
    upstream: "DIR/none.sock",
    listeners: [{ socket: "DIR/docker.sock", policy: "full" }],
  });
  const { code, err } = await docker(`${gate.directory}/docker.sock`, ["ps"]);
  assert.equal(code, 1);
  assert.match(err, /postern: .*none\.sock/);
});

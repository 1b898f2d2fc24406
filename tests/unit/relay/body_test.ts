import assert from "node:assert/strict";
import { readOnly } from "../../../lib/policy/builtin.ts";
import { get, ok, post } from "../../support/wire.ts";
import { Bench } from "./harness.ts";

const chunked = (path: string, body: string, more = "") =>
  `POST ${path} HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n${more}\r\n${body}`;
const chunks = (...parts: string[]) =>
  parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("") + "0\r\n\r\n";

Deno.test("a chunked upload with trailers passes byte for byte, and the next request is found", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  const upload = chunked("/images/load", chunks("abc", "defgh").slice(0, -2) + "X: y\r\n\r\n");
  await client.send(upload + get("/_ping"));
  using engine = await bench.engine();
  assert.equal(await engine.until("X: y\r\n\r\n"), upload);
  await engine.send(ok("loaded"));
  assert.equal(await client.message(), ok("loaded"));
  using next = await bench.engine();
  assert.equal(await next.message(), get("/_ping"));
});

Deno.test("a chunked response with trailers passes byte for byte", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(get("/events"));
  using engine = await bench.engine();
  await engine.message();
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const body = "3\r\nabc\r\n0\r\nDigest: z\r\n\r\n";
  for (const piece of [head, "3\r\na", "bc\r", "\n0\r\nDig", "est: z\r\n\r\n"]) {
    await engine.send(piece);
  }
  assert.equal(await client.until("z\r\n\r\n"), head + body);
  await client.send(get("/_ping"));
  assert.equal(await engine.message(), get("/_ping"), "the connection is kept");
});

for (const size of [1_000_000, 5_000_000]) {
  Deno.test(`${size} bytes pass up and down unchanged, by length and in chunks`, async () => {
    await using bench = await Bench.open();
    const data = Array.from({ length: size / 10 }, (_, i) => i.toString().padStart(10, ".")).join(
      "",
    );
    for (const framing of ["length", "chunks"]) {
      using client = await bench.client();
      const body = framing === "length" ? data : chunks(data.slice(0, 70_001), data.slice(70_001));
      const request = framing === "length"
        ? post("/images/load", data)
        : chunked("/images/load", body);
      const response = framing === "length"
        ? ok(data)
        : `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
      const sent = client.send(request);
      using engine = await bench.engine();
      assert.ok(await engine.exactly(request.length) === request, `${framing} up`);
      await sent;
      const answered = engine.send(response);
      assert.ok(await client.exactly(response.length) === response, `${framing} down`);
      await answered;
    }
  });
}

Deno.test("Expect: 100-continue is the engine's to answer", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  const head =
    "POST /images/load HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
  await client.send(head);
  using engine = await bench.engine();
  assert.equal(await engine.until("\r\n\r\n"), head);
  await engine.send("HTTP/1.1 100 Continue\r\n\r\n");
  assert.equal(await client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  await client.send("abc");
  assert.equal(await engine.exactly(3), "abc");
  await engine.send(ok("x"));
  assert.equal(await client.message(), ok("x"));
});

Deno.test("an early response passes while the body is still being sent", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(
    "PUT /containers/x/archive HTTP/1.1\r\nHost: d\r\nContent-Length: 10\r\n\r\nabc",
  );
  using engine = await bench.engine();
  await engine.until("abc");
  await engine.send(ok("early"));
  assert.equal(await client.message(), ok("early"));
  await client.send("defghij" + get("/_ping"));
  assert.equal(await engine.exactly(7), "defghij");
  using next = await bench.engine();
  assert.equal(await next.message(), get("/_ping"), "the next request is found behind the body");
});

Deno.test("an engine that answers early and closes is heard, and the rest of the body is dropped", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  const size = 3_000_000;
  const head = `POST /build HTTP/1.1\r\nHost: d\r\nContent-Length: ${size}\r\n\r\n`;
  await client.send(head);
  const engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send(ok("no", "Connection: close\r\n"));
  engine.close();
  assert.equal(await client.message(), ok("no", "Connection: close\r\n"));
  await client.send("x".repeat(size));
  assert.equal(await client.rest(), "");
});

for (const status of ["204 No Content", "304 Not Modified"]) {
  Deno.test(`a ${status} ends with its head`, async () => {
    await using bench = await Bench.open();
    using client = await bench.client();
    await client.send(post("/containers/x/start", ""));
    using engine = await bench.engine();
    await engine.message();
    await engine.send(`HTTP/1.1 ${status}\r\nServer: d\r\n\r\n`);
    assert.equal(await client.until("\r\n\r\n"), `HTTP/1.1 ${status}\r\nServer: d\r\n\r\n`);
    await client.send(get("/_ping"));
    assert.equal(await engine.message(), get("/_ping"));
  });
}

Deno.test("the response to HEAD has no body, whatever it declares", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send("HEAD /_ping HTTP/1.1\r\nHost: d\r\n\r\n");
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  await engine.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  await client.until("\r\n\r\n");
  await client.send(get("/_ping"));
  assert.equal(await engine.message(), get("/_ping"));
});

Deno.test("a response without framing goes on until the engine closes", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(get("/containers/x/logs"));
  const engine = await bench.engine();
  await engine.message();
  await engine.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nabc");
  await engine.send("def");
  engine.close();
  assert.equal(await client.rest(), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nabcdef");
});

Deno.test("a denied body is dropped, and the connection serves the next request", async () => {
  await using bench = await Bench.open(readOnly);
  using client = await bench.client();
  for (
    const request of [
      post("/containers/create", "x".repeat(100_000)),
      chunked("/images/load", chunks("abc")),
    ]
  ) {
    await client.send(request);
    assert.match(await client.message(), /^HTTP\/1\.1 403 /);
  }
  await client.send(get("/_ping"));
  using engine = await bench.engine();
  assert.equal(await engine.message(), get("/_ping"), "nothing else reached the engine");
});

Deno.test("a denied request that is longer than is worth reading closes the connection after its answer", async () => {
  await using bench = await Bench.open(readOnly);
  using client = await bench.client();
  await client.send(
    `POST /images/load HTTP/1.1\r\nHost: d\r\nContent-Length: ${50_000_000}\r\n\r\n`,
  );
  const answer = await client.message();
  assert.match(answer, /^HTTP\/1\.1 403 .*Connection: close/s);
  await client.send("x".repeat(1_000_000));
  assert.equal(await client.rest(), "");
});

Deno.test("a denied request that waits for 100 Continue is answered at once", async () => {
  await using bench = await Bench.open(readOnly);
  using client = await bench.client();
  await client.send(
    "POST /build HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
  );
  assert.match(await client.message(), /^HTTP\/1\.1 403 .*Connection: close/s);
  assert.equal(await client.rest(), "");
});

Deno.test("a denied HEAD is answered without a body", async () => {
  await using bench = await Bench.open(readOnly);
  using client = await bench.client();
  await client.send(
    "HEAD /containers/x/archive?path=/ HTTP/1.1\r\nHost: d\r\n\r\n" + get("/_ping"),
  );
  assert.match(await client.until("\r\n\r\n"), /^HTTP\/1\.1 403 /);
  using engine = await bench.engine();
  await engine.message();
  await engine.send(ok("x"));
  assert.equal(await client.message(), ok("x"), "the next bytes are the next response");
});

Deno.test("broken chunk framing never reaches the engine's next request", async () => {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(chunked("/images/load", "3\r\nabc\r\n"));
  using engine = await bench.engine();
  await engine.until("abc\r\n");
  await client.send("3;x=y\r\nabc\r\n0\r\n\r\n");
  assert.match(await client.message(), /^HTTP\/1\.1 400 .*odd chunk/s);
  assert.equal(await engine.rest(), "", "the engine's connection is closed");
});

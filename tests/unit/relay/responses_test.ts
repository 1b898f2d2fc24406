// What an engine sends that no engine should: the client is told, or its connection ends; it never reads one answer for another.
import assert from "node:assert/strict";
import { get, ok, post, type Wire } from "../../support/wire.ts";
import { Bench } from "./harness.ts";

/** Sends a request and plays the engine; the rest of what the client gets. */
async function answered(answer: string, request = get("/_ping")): Promise<string> {
  await using bench = await Bench.open();
  using client = await bench.client();
  await client.send(request);
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  // The gate may have had enough before the engine has said all.
  await engine.send(answer).catch(() => {});
  engine.close();
  const got = await client.rest();
  await stillServes(bench);
  return got;
}

async function stillServes(bench: Bench): Promise<void> {
  using client: Wire = await bench.client();
  await client.send(get("/version"));
  using engine = await bench.engine();
  assert.equal(await engine.message(), get("/version"));
  await engine.send(ok("fine"));
  assert.equal(await client.message(), ok("fine"));
}

const refused: [name: string, answer: string][] = [
  ["no HTTP", "hello\r\n\r\n"],
  ["HTTP/2", "HTTP/2 200 OK\r\n\r\n"],
  ["HTTP/0.9", "<html>\n\n"],
  ["line ends without CR", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
  ["a CR in its reason", "HTTP/1.1 200 OK\rContent-Length: 5\r\nContent-Length: 0\r\n\r\n"],
  ["a folded line", "HTTP/1.1 200 OK\r\nX: y\r\n Content-Length: 5\r\n\r\n"],
  ["a blank before a colon", "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"],
  [
    "a length and chunks",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["an odd length", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello"],
  ["another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
  ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a wrong chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n"],
  ["an interim response with a length", `HTTP/1.1 199 X\r\nContent-Length: 5\r\n\r\n${ok("")}`],
  ["a switch that nobody asked for", "HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nraw"],
  ["a head over 64 KiB", `HTTP/1.1 200 OK\r\nX: ${"y".repeat(70_000)}\r\n\r\n`],
  ["a head that does not end", "HTTP/1.1 200 OK\r\nContent-Le"],
];

for (const [name, answer] of refused) {
  Deno.test(`an answer with ${name} is a 502, and the end of the connection`, async () => {
    const got = await answered(answer);
    assert.match(got, /^HTTP\/1\.1 502 [^\n]*\r\n/);
    assert.equal(got.match(/HTTP\/1\.1 \d{3} /g)?.length, 1, got);
  });
}

Deno.test("a flood of interim responses is a 502 when it is longer than a head may be", async () => {
  const interim = "HTTP/1.1 102 Processing\r\n\r\n";
  const got = await answered(interim.repeat(20_000));
  const passed = got.lastIndexOf(interim) + interim.length;
  assert.ok(passed <= 64 * 1024, String(passed));
  assert.match(got.slice(passed), /^HTTP\/1\.1 502 /);
});

Deno.test("a few interim responses pass, before the final one", async () => {
  const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  const last = ok("x", "Connection: close\r\n");
  assert.equal(await answered(interim + last), interim + last);
});

const broken: [name: string, head: string, rest: string][] = [
  ["an odd chunk size", "Transfer-Encoding: chunked", "xyz\r\n"],
  ["more data than the chunk said", "Transfer-Encoding: chunked", "1\r\nab\r\n0\r\n\r\n"],
  ["a bare LF behind a size", "Transfer-Encoding: chunked", "1\na\r\n0\r\n\r\n"],
];

for (const [name, head, rest] of broken) {
  Deno.test(`a body that goes on with ${name} ends the connection before that`, async () => {
    await using bench = await Bench.open();
    using client = await bench.client();
    await client.send(get("/info"));
    using engine = await bench.engine();
    await engine.message();
    const start = `HTTP/1.1 200 OK\r\n${head}\r\n\r\n2\r\nhi\r\n`;
    await engine.send(start);
    assert.equal(await client.exactly(start.length), start);
    await engine.send(rest);
    assert.equal(
      await client.rest(),
      "",
      "the last chunk never comes: the client sees that it is cut",
    );
    await stillServes(bench);
  });
}

Deno.test("an answer that is shorter than it says ends the connection", async () => {
  const cut = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
  assert.equal(await answered(cut), cut);
});

Deno.test("a second answer behind the first is nobody's, with a body of any length", async () => {
  for (const first of [ok("x"), "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 X\r\n\r\n"]) {
    await using bench = await Bench.open();
    using client = await bench.client();
    await client.send(post("/containers/x/start", ""));
    using engine = await bench.engine();
    await engine.until("\r\n\r\n");
    await engine.send(first + ok("smuggled"));
    assert.equal(await client.exactly(first.length), first);
    await stillServes(bench);
    await client.send(get("/version"));
    using second = await bench.engine();
    assert.equal(await second.message(), get("/version"));
    await second.send(ok("2"));
    assert.equal(await client.message(), ok("2"));
  }
});

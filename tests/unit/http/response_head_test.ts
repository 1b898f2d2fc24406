import assert from "node:assert/strict";
import { HeadError } from "../../../lib/http/fields.ts";
import { CHUNKED } from "../../../lib/http/request_head.ts";
import { bodyOf, parseResponseHead, UNTIL_CLOSE } from "../../../lib/http/response_head.ts";

const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const parse = (text: string) => parseResponseHead(bytes(text), 0, text.length);

const framings: [name: string, method: string, head: string, body: number][] = [
  ["Content-Length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 5],
  ["chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNKED],
  ["nothing", "GET", "HTTP/1.1 200 OK\r\n\r\n", UNTIL_CLOSE],
  ["HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 0],
  ["204", "POST", "HTTP/1.1 204 No Content\r\n\r\n", 0],
  ["304", "POST", "HTTP/1.1 304 Not Modified\r\n\r\n", 0],
  ["100", "POST", "HTTP/1.1 100 Continue\r\n\r\n", 0],
];

for (const [name, method, head, body] of framings) {
  Deno.test(`the body of a response with ${name} is found by RFC 9112 §6.3`, () => {
    assert.equal(bodyOf(parse(head), method), body);
  });
}

Deno.test("a 200 with a raw-stream type and no framing is a hijack, and nothing else is", () => {
  const type = "Content-Type: application/vnd.docker.raw-stream\r\n";
  assert.equal(parse(`HTTP/1.1 200 OK\r\n${type}\r\n`).rawStream, true);
  const multiplexed = type.replace("raw", "multiplexed");
  assert.equal(parse(`HTTP/1.1 200 OK\r\n${multiplexed}\r\n`).rawStream, true);
  assert.equal(parse(`HTTP/1.1 200 OK\r\n${type}Content-Length: 0\r\n\r\n`).rawStream, false);
  assert.equal(
    parse(`HTTP/1.1 200 OK\r\n${type}Transfer-Encoding: chunked\r\n\r\n`).rawStream,
    false,
  );
  assert.equal(parse(`HTTP/1.1 404 Not Found\r\n${type}\r\n`).rawStream, false);
  assert.equal(parse("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n").rawStream, false);
});

Deno.test("a response keeps the connection by its version and Connection header", () => {
  assert.equal(parse("HTTP/1.1 200 OK\r\n\r\n").keepAlive, true);
  assert.equal(parse("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").keepAlive, false);
  assert.equal(parse("HTTP/1.0 200 OK\r\n\r\n").keepAlive, false);
});

const refused = [
  "HTTP/2 200 OK\r\n\r\n",
  "HTTP/1.1 20 OK\r\n\r\n",
  "HTTP/1.1 099 X\r\n\r\n",
  "HTTP/1.1 200 OK\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
  "ICY 200 OK\r\n\r\n",
  "HTTP/1.1 200 OK\rContent-Length: 5\r\n\r\n",
  "HTTP/1.1 200 O\0K\r\n\r\n",
  "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n",
  "HTTP/1.1 199 X\r\nContent-Length: 5\r\n\r\n",
  "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n",
];

for (const head of refused) {
  Deno.test(`the response head ${JSON.stringify(head)} is refused`, () => {
    assert.throws(() => parse(head), HeadError);
  });
}

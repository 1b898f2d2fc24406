import assert from "node:assert/strict";
import { headEnd, HeadError } from "../../../lib/http/fields.ts";
import { CHUNKED, parseRequestHead } from "../../../lib/http/request_head.ts";

const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

function parse(text: string) {
  const raw = bytes(text);
  const end = headEnd(raw, 0, raw.length);
  assert.ok(end > 0, "no end of head found");
  return parseRequestHead(raw, 0, end);
}

const accepted: [name: string, head: string, expected: Partial<ReturnType<typeof parse>>][] = [
  ["a plain GET", "GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n", {
    method: "GET",
    target: "/_ping",
    minor: 1,
    body: 0,
    keepAlive: true,
    upgrade: undefined,
    expectContinue: false,
  }],
  ["an empty Host, as old clients send", "GET / HTTP/1.1\r\nHost:\r\n\r\n", { target: "/" }],
  ["HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", { minor: 0, keepAlive: false }],
  ["HTTP/1.0 with keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", {
    keepAlive: true,
  }],
  ["Connection: close", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {
    keepAlive: false,
  }],
  [
    "two Connection headers",
    "GET / HTTP/1.1\r\nHost: x\r\nConnection: a\r\nconnection: Close\r\n\r\n",
    {
      keepAlive: false,
    },
  ],
  ["a fixed body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n", { body: 17 }],
  ["a chunked body", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", {
    body: CHUNKED,
  }],
  ["field names in any case", "POST / HTTP/1.1\r\nhOsT: x\r\ncOnTeNt-lEnGtH: 3\r\n\r\n", {
    body: 3,
  }],
  ["blanks around a value", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \t 3 \t\r\n\r\n", {
    body: 3,
  }],
  ["an upgrade", "POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n", {
    upgrade: "tcp",
  }],
  ["an expectation", "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n\r\n", {
    expectContinue: true,
  }],
  ["high bytes in a value nobody reads", "GET / HTTP/1.1\r\nHost: x\r\nX: \xe4\r\n\r\n", {}],
  ["a JSON body type", "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\r\n", {}],
];

for (const [name, head, expected] of accepted) {
  Deno.test(`a request head with ${name} is accepted`, () => {
    const parsed = parse(head) as unknown as Record<string, unknown>;
    for (const [key, value] of Object.entries(expected)) assert.equal(parsed[key], value, key);
    assert.equal(parsed["length"], head.length);
  });
}

const host = "Host: x\r\n";
type Refused = [name: string, head: string, status: number, reason: RegExp];
const refused: Refused[] = [
  [
    "a Connection header that nobody needs",
    `GET / HTTP/1.1\r\n${host}Connection: ${"a,".repeat(600)}\r\n\r\n`,
    431,
    /too long/,
  ],
  ["bare LF line ends", "GET / HTTP/1.1\nHost: x\n\n", 400, /HTTP\/1/],
  ["a bare LF after a header", `GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n`, 400, /without CR/],
  ["a bare LF at the end", `GET / HTTP/1.1\r\n${host}\n`, 400, /without CR/],
  ["LF LF after a CRLF head line", `GET / HTTP/1.1\r\nHost: x\n\n`, 400, /without CR/],
  ["a bare CR in a value", `GET / HTTP/1.1\r\n${host}A: b\rc\r\n\r\n`, 400, /control/],
  ["a NUL in a value", `GET / HTTP/1.1\r\n${host}A: b\0c\r\n\r\n`, 400, /control/],
  ["a DEL in a value", `GET / HTTP/1.1\r\n${host}A: b\x7fc\r\n\r\n`, 400, /control/],
  ["a folded line", `GET / HTTP/1.1\r\n${host}A: b\r\n c\r\n\r\n`, 400, /folded/],
  [
    "a folded Transfer-Encoding",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding:\r\n chunked\r\n\r\n`,
    400,
    /folded|other than/,
  ],
  [
    "a blank before the colon",
    `POST / HTTP/1.1\r\n${host}Content-Length : 3\r\n\r\n`,
    400,
    /before the colon/,
  ],
  [
    "a tab before the colon",
    `POST / HTTP/1.1\r\n${host}Content-Length\t: 3\r\n\r\n`,
    400,
    /before the colon/,
  ],
  ["a line without a colon", `GET / HTTP/1.1\r\n${host}nonsense\r\n\r\n`, 400, /without a colon/],
  ["an empty field name", `GET / HTTP/1.1\r\n${host}: v\r\n\r\n`, 400, /without a name/],
  ["no Host", "GET / HTTP/1.1\r\n\r\n", 400, /no Host/],
  ["a seal", `GET / HTTP/1.1\r\n${host}x-postern-SEAL: y\r\n\r\n`, 400, /Postern's own/],
  [
    "a Connection that names the seal",
    `GET / HTTP/1.1\r\n${host}Connection: X-Postern-Seal\r\n\r\n`,
    400,
    /a Connection header that names x-postern-seal/,
  ],
  ["two Hosts", `GET / HTTP/1.1\r\n${host}host: y\r\n\r\n`, 400, /more than one host/],
  [
    "two equal Content-Lengths",
    `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 3\r\n\r\n`,
    400,
    /more than one content-length/,
  ],
  [
    "Content-Length: 3, 3",
    `POST / HTTP/1.1\r\n${host}Content-Length: 3, 3\r\n\r\n`,
    400,
    /odd Content-Length/,
  ],
  [
    "Content-Length: +3",
    `POST / HTTP/1.1\r\n${host}Content-Length: +3\r\n\r\n`,
    400,
    /odd Content-Length/,
  ],
  [
    "Content-Length: 0x3",
    `POST / HTTP/1.1\r\n${host}Content-Length: 0x3\r\n\r\n`,
    400,
    /odd Content-Length/,
  ],
  [
    "Content-Length: 03",
    `POST / HTTP/1.1\r\n${host}Content-Length: 03\r\n\r\n`,
    400,
    /odd Content-Length/,
  ],
  [
    "Content-Length: -1",
    `POST / HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`,
    400,
    /odd Content-Length/,
  ],
  [
    "an empty Content-Length",
    `POST / HTTP/1.1\r\n${host}Content-Length:\r\n\r\n`,
    400,
    /odd Content-Length/,
  ],
  [
    "a Content-Length beyond 2^53",
    `POST / HTTP/1.1\r\n${host}Content-Length: 9007199254740993\r\n\r\n`,
    400,
    /odd Content-Length/,
  ],
  [
    "Content-Length and Transfer-Encoding",
    `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`,
    400,
    /both/,
  ],
  [
    "Transfer-Encoding: Chunked",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: Chunked\r\n\r\n`,
    400,
    /other than chunked/,
  ],
  ...[" chunked\t", " chunked ", "\tchunked"].map((value): Refused => [
    `Transfer-Encoding:${JSON.stringify(value)}`,
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding:${value}\r\n\r\n`,
    400,
    /other than chunked/,
  ]),
  [
    "Transfer-Encoding: gzip, chunked",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n`,
    400,
    /other than chunked/,
  ],
  [
    "Transfer-Encoding: identity",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: identity\r\n\r\n`,
    400,
    /other than chunked/,
  ],
  [
    "two Transfer-Encodings",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
    400,
    /more than one/,
  ],
  [
    "Transfer-Encoding on HTTP/1.0",
    `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n`,
    400,
    /HTTP\/1\.0/,
  ],
  ["HTTP/1.2", `GET / HTTP/1.2\r\n${host}\r\n`, 400, /HTTP\/1/],
  ["HTTP/1.10", `GET / HTTP/1.10\r\n${host}\r\n`, 400, /HTTP\/1/],
  ["http/1.1", `GET / http/1.1\r\n${host}\r\n`, 400, /HTTP\/1/],
  ["the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\n", 400, /changes the protocol/],
  ["HTTP/0.9", "GET /\r\n\r\n", 400, /blank|HTTP/],
  ["a leading CRLF", `\r\nGET / HTTP/1.1\r\n${host}\r\n`, 400, /method/],
  ["a leading blank", ` GET / HTTP/1.1\r\n${host}\r\n`, 400, /method/],
  ["two blanks in the request line", `GET  / HTTP/1.1\r\n${host}\r\n`, 400, /target/],
  ["a tab in the request line", `GET\t/ HTTP/1.1\r\n${host}\r\n`, 400, /method/],
  ["a control byte in the target", `GET /\x01 HTTP/1.1\r\n${host}\r\n`, 400, /target/],
  ["a high byte in the target", `GET /\xe4 HTTP/1.1\r\n${host}\r\n`, 400, /target/],
  ["an absolute target", `GET http://x/ HTTP/1.1\r\n${host}\r\n`, 400, /not a path/],
  ["an opaque target", `POST x:/containers/create HTTP/1.1\r\n${host}\r\n`, 400, /not a path/],
  ["an asterisk target", `OPTIONS * HTTP/1.1\r\n${host}\r\n`, 400, /not a path/],
  ["an authority target", `CONNECT x:80 HTTP/1.1\r\n${host}\r\n`, 400, /changes the protocol/],
  ["PRI for a path", "PRI /_ping HTTP/1.0\r\n\r\n", 400, /changes the protocol/],
  ["CONNECT to a path", `CONNECT /_ping HTTP/1.1\r\n${host}\r\n`, 400, /changes the protocol/],
  [
    "a form body",
    `POST / HTTP/1.1\r\n${host}Content-Type: Application/x-www-form-urlencoded; q=1\r\n\r\n`,
    400,
    /form body/,
  ],
  [
    "a multipart body",
    `POST / HTTP/1.1\r\n${host}Content-Type: multipart/form-data; boundary=x\r\n\r\n`,
    400,
    /form body/,
  ],
  [
    "two Content-Types",
    `POST / HTTP/1.1\r\n${host}Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n`,
    400,
    /more than one/,
  ],
  ["an unknown expectation", `POST / HTTP/1.1\r\n${host}Expect: foo\r\n\r\n`, 417, /expectation/],
  [
    "a Connection header that names Content-Length",
    `POST / HTTP/1.1\r\n${host}Connection: content-length\r\n\r\n`,
    400,
    /Connection/,
  ],
  [
    "a Trailer header without chunks",
    `POST / HTTP/1.1\r\n${host}Trailer: X\r\n\r\n`,
    400,
    /Trailer/,
  ],
  ["201 fields", `GET / HTTP/1.1\r\n${host}${"A: b\r\n".repeat(200)}\r\n`, 431, /more than 200/],
];

for (const [name, head, status, reason] of refused) {
  Deno.test(`a request head with ${name} is refused`, () => {
    assert.throws(() => parse(head), (error: unknown) => {
      assert.ok(error instanceof HeadError, String(error));
      assert.equal(error.status, status);
      assert.match(error.message, reason);
      return true;
    });
  });
}

Deno.test("a head ends at the first empty line, wherever the buffer was cut", () => {
  const text = "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\n";
  const raw = bytes(text);
  const end = text.indexOf("\r\n\r\n") + 4;
  for (let cut = 0; cut < end; cut++) assert.equal(headEnd(raw, 0, cut), -1, `cut at ${cut}`);
  for (let cut = end; cut <= raw.length; cut++) assert.equal(headEnd(raw, 0, cut), end);
});

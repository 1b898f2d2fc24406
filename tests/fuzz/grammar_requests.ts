import fc from "fast-check";
import { creation } from "../support/smuggling.ts";

const choose = <T>(common: readonly T[], rare: readonly T[]) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...common) },
    { weight: 1, arbitrary: fc.constantFrom(...rare) },
  );

const method = choose(
  ["GET", "POST", "HEAD", "DELETE", "PUT", "OPTIONS"],
  ["get", "PATCH", "CONNECT", "PRI", "QUERY", "G@T", ""],
);
const target = choose(
  [
    "/_ping",
    "/v1.41/containers/json?all=1",
    "/containers/x/wait",
    "/v1.41/images/a%2Fb/json",
    "/containers/create?name=c",
    "/exec/x/start",
  ],
  ["http://d/_ping", "x:/containers/create", "*", "d:80", "//_ping", "/%2e/", "/_ping#x", "/a b"],
);
const version = choose(["HTTP/1.1"], [
  "HTTP/1.0",
  "HTTP/1.2",
  "HTTP/2.0",
  "http/1.1",
  "HTTP/1",
  "",
]);

/** Fields that say nothing about framing, and those that have been made to. */
const field = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "X: y",
      "Content-Type: application/json",
      "Connection: keep-alive",
      "Connection: close",
      "Upgrade: tcp",
      "Connection: Upgrade",
      "Upgrade: h2c",
      "Expect: 100-continue",
      "X:\ty\t",
      "X: \xe4\xff",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "Content-Length: 0",
      "Content-Length: 5",
      "Content-Length: +5",
      "Content-Length: 5, 5",
      "Content-Length: 05",
      "Content-Length : 5",
      "Content-Length:",
      "Transfer-Encoding: chunked",
      "Transfer-Encoding: Chunked",
      "Transfer-Encoding: xchunked",
      "Transfer-Encoding: chunked, identity",
      "Transfer-Encoding: gzip, chunked",
      "Transfer-Encoding:\x0bchunked",
      "Transfer-Encoding: chunked\xa0",
      "Transfer-Encoding:\r\n chunked",
      "Transfer-Encoding\t: chunked",
      "X: y\r\n Transfer-Encoding: chunked",
      "X: y\nTransfer-Encoding: chunked",
      "X: y\rTransfer-Encoding: chunked",
      "X: y\0",
      "Host: e",
      "Trailer: Content-Length",
      "Connection: content-length",
      "Content-Encoding: gzip",
      "Content-Type: application/x-www-form-urlencoded",
      ": v",
      "no colon",
    ),
  },
);

/** What must never reach an engine from inside another request. */
export const hidden = creation("smuggled");

const data = fc.oneof(
  fc.constantFrom("", "{}", "hello", hidden, `0\r\n\r\n${hidden}`, "\r\n", "0\r\n\r\n"),
  fc.string({ maxLength: 20 }).map((text) => text.replace(/[^\0-\xff]/g, "x")),
);

const chunk = fc.tuple(
  data,
  choose(["\r\n"], ["\n", "\r", ";\n\r\n", ";a=b\r\n", " \r\n", ";\r\n", "\r\n\r\n"]),
  choose(["\r\n"], ["\n", "", "\rx", "xx"]),
  choose([""], ["0", "0x", "+", " ", "000000000000"]),
).map(([text, behind, end, before]) =>
  text === "" ? "" : `${before}${text.length.toString(16)}${behind}${text}${end}`
);
const chunks = fc.tuple(
  fc.array(chunk, { maxLength: 3 }),
  choose(["0\r\n\r\n"], ["0\r\nX: y\r\n\r\n", "0\n\n", "00\r\n\r\n", "0\r\n", "0;\n\r\n\r\n", ""]),
).map(([parts, end]) => parts.join("") + end);

/** Chunked bodies, most of them sound. */
export const chunkedBodies: fc.Arbitrary<string> = chunks;

const framed = fc.oneof(
  fc.constant({ lines: [] as string[], body: "" }),
  fc.tuple(data, choose([0], [-1, 1, 40])).map(([body, off]) => ({
    lines: [`Content-Length: ${Math.max(0, body.length + off)}`],
    body,
  })),
  chunks.map((body) => ({ lines: ["Transfer-Encoding: chunked"], body })),
  fc.tuple(data, chunks).map(([text, body]) => ({
    lines: [`Content-Length: ${text.length}`, "Transfer-Encoding: chunked"],
    body,
  })),
);

const request = fc.tuple(
  fc.tuple(method, target, version, choose(["Host: d"], ["", "Host:", "Host: /a"])),
  fc.array(field, { maxLength: 2 }),
  framed,
  fc.boolean(),
).map(([[verb, path, http, host], fields, { lines, body }, last]) => {
  const all = last ? [host, ...fields, ...lines] : [host, ...lines, ...fields];
  const head = [`${verb} ${path} ${http}`, ...all.filter((line) => line !== ""), "", ""];
  return head.join("\r\n") + body;
});

/** What a client sends on a connection: one request or several, with the framing tricks of RFC 9112's history among them. */
export const requestStreams: fc.Arbitrary<string> = fc.array(request, {
  minLength: 1,
  maxLength: 3,
}).map((parts) => parts.join(""));

/** What framing is made and broken with. */
export const framingTokens: readonly string[] = [
  "\r\n",
  "\n",
  "\r",
  "\0",
  " ",
  "\t",
  "\x0b",
  "\x0c",
  "\x85",
  "\xa0",
  ":",
  "\r\n ",
  "\r\n\t",
  "\r\n\r\n",
  "\n\n",
  "0\r\n\r\n",
  "5\r\n",
  ";",
  ";\n",
  "HTTP/1.1",
  "HTTP/1.0",
  "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n",
  hidden,
  "\r\nContent-Length: 5",
  "\r\nContent-Length: 0",
  "\r\nTransfer-Encoding: chunked",
  "\r\nTransfer-Encoding: xchunked",
  "\r\ntransfer-encoding:chunked",
  "\r\nConnection: close",
  "\r\nUpgrade: h2c",
  "\r\nHost: d",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

import assert from "node:assert/strict";
import fc from "fast-check";
import { chunkData, ChunkedScanner } from "../../../lib/http/chunked.ts";
import { headEnd, HeadError } from "../../../lib/http/fields.ts";
import { CHUNKED } from "../../../lib/http/request_head.ts";
import { bodyOf, parseResponseHead, UNTIL_CLOSE } from "../../../lib/http/response_head.ts";
import { readResponses, type TakenResponse } from "../../support/readers/llhttp.ts";
import { bytes, latin1 } from "../../support/wire.ts";
import { chunkedBodies, framingTokens } from "../grammar_requests.ts";
import type { Target } from "../target.ts";

const status = fc.constantFrom(
  ...["200 OK", "200", "201 Created", "204 No Content", "304 Not Modified", "404 Not Found"],
  ...["100 Continue", "103 Early Hints", "199 X", "101 UPGRADED", "099 X", "20 OK", "600 X"],
);
const field = fc.constantFrom(
  ...["X: y", "Content-Type: application/json", "Connection: close", "Connection: keep-alive"],
  ...["Content-Length: 5", "Content-Length: 0", "Transfer-Encoding: chunked", "Content-Length: 05"],
  ...["Content-Type: application/vnd.docker.raw-stream", "Transfer-Encoding: gzip", "X:\r\n y"],
);
const response = fc.tuple(
  fc.constantFrom("HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2", "ICY"),
  status,
  fc.array(field, { maxLength: 3 }),
  fc.oneof(fc.constantFrom("", "hello", "0\r\n\r\n"), chunkedBodies),
).map(([version, code, fields, body]) =>
  [`${version} ${code}`, ...fields, "", ""].join("\r\n") + body
);

/** What an engine sends: what is passed on of it, a client reads as the gate does. */
export const responses: Target = {
  name: "responses",
  grammar: fc.array(response, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("")),
  tokens: framingTokens,
  check(input) {
    return ["GET", "HEAD"].map((method) => follow(input, method)).join(" / ");
  },
};

function follow(input: string, method: string): string {
  const { responses: own, end, untilClose, refusal } = readAsPostern(input, method);
  const passed = input.slice(0, end);
  // It becomes a raw stream, or the client waits for the end of the connection.
  const last = own.at(-1);
  if (last?.status === 101 || untilClose || passed === "") return `${own.length} ${refusal}`;
  for (const lenient of [false, true]) {
    const client = readResponses(passed, [method], lenient);
    const show = JSON.stringify([method, lenient, passed, own, client]);
    if (client.end === "refused") {
      assert.deepEqual(client.responses, own.slice(0, client.responses.length), show);
    } else assert.deepEqual(client, { responses: own, end: "clean" }, show);
  }
  return `${own.map(({ status }) => status).join()} ${refusal}`;
}

/** One exchange as HttpConnection reads it: interim responses and a final one, of which `end` is behind the last byte. */
function readAsPostern(input: string, method: string) {
  const raw = bytes(input);
  const found: TakenResponse[] = [];
  let at = 0;
  try {
    for (;;) {
      const end = headEnd(raw, at, raw.length);
      if (end < 0) return { responses: found, end: at, untilClose: false, refusal: "goes on" };
      const head = parseResponseHead(raw, at, end);
      if (head.status < 200 && head.status !== 101) {
        found.push({ status: head.status, body: "" });
        at = end;
        continue;
      }
      const body = bodyOf(head, method);
      const taken = takeBody(raw, end, body);
      if (taken === undefined) {
        return { responses: found, end: at, untilClose: false, refusal: "goes on" };
      }
      found.push({ status: head.status, body: taken.body });
      return {
        responses: found,
        end: taken.end,
        untilClose: body === UNTIL_CLOSE,
        refusal: undefined,
      };
    }
  } catch (error) {
    if (!(error instanceof HeadError)) throw error;
    return { responses: found, end: at, untilClose: false, refusal: error.message };
  }
}

function takeBody(raw: Uint8Array, start: number, body: number) {
  if (body === UNTIL_CLOSE) return { end: raw.length, body: latin1(raw.subarray(start)) };
  if (body !== CHUNKED) {
    const end = start + body;
    return end > raw.length ? undefined : { end, body: latin1(raw.subarray(start, end)) };
  }
  const scanner = new ChunkedScanner();
  const end = scanner.feed(raw, start, raw.length);
  return scanner.done ? { end, body: latin1(chunkData(raw, start, end)) } : undefined;
}

import { bytes, latin1, Wire } from "../../support/wire.ts";
import type { Call } from "./table.ts";

export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** What stands for a word with a dollar. */
export type Words = ReadonlyMap<string, string>;

/** Puts the words in their places. Those that are not known, as `$ref`, stay. */
export function fill(text: string, words: Words): string {
  return text.replace(/\$([a-z]+(?:_[a-z0-9]+)?)/g, (all, word) => words.get(word) ?? all);
}

/** Sends one request on a connection of its own and reads its answer; of a stream, the head only. */
export async function send(socket: string, call: Call, words: Words): Promise<Reply> {
  using wire = await Wire.to(socket);
  const filled = typeof call.body === "string" ? fill(call.body, words) : call.body;
  const body = typeof filled === "string" ? new TextEncoder().encode(filled) : filled;
  const content = body === undefined ? "" : latin1(body);
  const framing = call.framing === "chunked"
    ? "Transfer-Encoding: chunked\r\n"
    : `Content-Length: ${content.length}\r\n`;
  const head = `${call.method ?? "POST"} ${fill(call.path, words)} HTTP/1.1\r\nHost: d\r\n` +
    (call.headers ?? "Content-Type: application/json\r\n") +
    (call.framing === "expect" ? "Expect: 100-continue\r\n" : "") + `${framing}\r\n`;

  if (call.framing === "expect") {
    await wire.send(head);
    const answer = await wire.until("\r\n\r\n");
    if (!answer.startsWith("HTTP/1.1 100 ")) return await rest(wire, answer);
    await wire.send(content);
  } else if (call.framing === "slow") {
    for (const character of head + content) await wire.send(character);
  } else {
    const text = head + (call.framing === "chunked" ? chunks(content) : content);
    // A gate may answer and close before everything is there.
    const sending = wire.send(text).catch(() => {});
    const reply = await rest(wire, await wire.until("\r\n\r\n"));
    wire.close();
    await sending;
    return reply;
  }
  return await rest(wire, await wire.until("\r\n\r\n"));
}

/** Three pieces, none of which is JSON. */
function chunks(content: string): string {
  const third = Math.ceil(content.length / 3);
  const pieces = [0, 1, 2].map((n) => content.slice(n * third, (n + 1) * third));
  return pieces.filter((piece) => piece !== "").map((piece) =>
    `${bytes(piece).length.toString(16)}\r\n${piece}\r\n`
  ).join("") + "0\r\n\r\n";
}

async function rest(wire: Wire, head: string): Promise<Reply> {
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
  const chunked = /\r\ntransfer-encoding: chunked/i.test(head);
  const body = chunked ? await pieces(wire) : await wire.exactly(length);
  return { status, body: new TextDecoder().decode(bytes(body)) };
}

async function pieces(wire: Wire): Promise<string> {
  let body = "";
  for (;;) {
    const length = parseInt(await wire.until("\r\n"), 16);
    const piece = await wire.exactly(length + 2);
    if (length === 0) return body;
    body += piece.slice(0, -2);
  }
}

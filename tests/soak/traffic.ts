import { get, post } from "../support/wire.ts";
import { type Client, expect } from "./client.ts";
import { about, told } from "./tags.ts";

const JSON_TYPE = "Content-Type: application/json\r\n";
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** In how many chunks, of a few sizes, a body is sent. */
function chunked(text: string, size: number): string {
  let chunks = "";
  for (let at = 0; at < text.length; at += size) {
    const piece = text.slice(at, at + size);
    chunks += `${piece.length.toString(16)}\r\n${piece}\r\n`;
  }
  return `${chunks}0\r\n\r\n`;
}

const put = (path: string, body: string) =>
  `PUT ${path} HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(body, 5000)}`;
const inspected = (tag: string) => ({ tag, status: 200, body: about(tag) });

/** What the gate never takes for a request. */
const garbage = [
  "GET /_ping HTTP/1.1\nHost: d\n\r\n\r\n",
  "GET /_ping HTTP/1.1\r\nHost: d\r\nHost: e\r\n\r\n",
  "POST /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: +1\r\n\r\n",
  "POST /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
  "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  `GET /${"%2e%2e/".repeat(20)} HTTP/1.1\r\nHost: d\r\n\r\n`,
];

/**
 * What a client does on one connection, by kind. True when all of it was answered as it should be, false when the gate said that
 * the engine cannot be used; what is cut off throws a `Cut`.
 */
export const traffic: Readonly<Record<string, (client: Client) => Promise<boolean>>> = {
  async "GET, kept alive"(client) {
    for (let n = 0; n < 30; n++) {
      const tag = client.tag(20);
      await client.send(get(`/containers/${tag}/json`), tag);
      if (!await client.hear(inspected(tag))) return false;
    }
    return true;
  },

  async "GET, one a connection"(client) {
    const tag = client.tag(20);
    await client.send(get(`/v1.41/containers/${tag}/json`, "Connection: close\r\n"), tag);
    return await client.hear(inspected(tag));
  },

  async denied(client) {
    for (let n = 0; n < 10; n++) {
      const tag = client.tag(1);
      await client.send(post(`/containers/${tag}/kill`, "x".repeat(n * 100)), tag);
      await client.hear({ tag, status: 403 });
    }
    return true;
  },

  async "bodies that are judged"(client) {
    const tag = client.tag(1);
    const privileged = client.random.chance(0.3);
    const body = JSON.stringify({
      Cmd: ["true"],
      Privileged: privileged,
      Env: ["x=".padEnd(client.random.next() * 100_000, tag)],
    });
    const path = `/containers/${tag}/exec`;
    const whole = client.random.chance(0.5)
      ? post(path, body, JSON_TYPE)
      : `POST ${path} HTTP/1.1\r\nHost: d\r\n${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n${
        chunked(body, 1000)
      }`;
    await client.send(whole, tag);
    return await client.hear(privileged ? { tag, status: 403 } : expect(tag));
  },

  async "names that the engine is asked about"(client) {
    for (let n = 0; n < 3; n++) {
      const tag = client.tag(3);
      await client.send(post(`/containers/${tag}/stop`, ""), tag);
      if (!await client.hear(expect(tag))) return false;
    }
    return true;
  },

  async uploads(client) {
    const tag = client.tag(10_000);
    const body = told(tag);
    await client.send(put(`/containers/${tag}/archive?path=/srv`, body), tag);
    return await client.hear({ tag, status: 200, body: `${tag} ${body.length}` });
  },

  async "chunked downloads"(client) {
    const tag = client.tag(20_000);
    await client.send(get(`/containers/${tag}/logs?stdout=1`), tag);
    return await client.hear(expect(tag));
  },

  async "slow readers"(client) {
    const tag = client.tag(60_000);
    await client.send(get(`/containers/${tag}/export`), tag);
    await pause(client.random.next() * 700);
    return await client.hear(expect(tag));
  },

  async "hijacked streams"(client) {
    const tag = client.tag(10_000);
    const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
    await client.send(post(`/containers/${tag}/attach?stream=1`, "", upgrade), tag);
    const head = await client.attempt(() => client.reader.until("\r\n\r\n"));
    if (head === undefined) return false;
    client.ledger.answered(tag);
    if (!head.startsWith("HTTP/1.1 101 ")) {
      if (!/^HTTP\/1\.1 50[234] /.test(head)) client.wrong(`a stream began with ${head}`);
      return false;
    }
    const text = told(tag);
    const hearing = client.hearRest(text, tag);
    // Heard below; without this it could fail while nobody listens.
    hearing.catch(() => {});
    await client.send(text);
    await client.closeWrite();
    await hearing;
    return true;
  },

  async pipelining(client) {
    const tags = Array.from({ length: 20 }, () => client.tag(20));
    const denied = (n: number) => n % 3 === 1;
    const requests = tags.map((tag, n) =>
      denied(n) ? post(`/containers/${tag}/kill`, "") : get(`/containers/${tag}/json`)
    );
    await client.send(requests.join(""), ...tags);
    for (const [n, tag] of tags.entries()) {
      if (!await client.hear(denied(n) ? { tag, status: 403 } : inspected(tag))) return false;
    }
    return true;
  },

  async garbage(client) {
    client.ledger.garbage.sent++;
    await client.send(client.random.pick(garbage));
    const head = await client.attempt(() => client.reader.until("\r\n\r\n"));
    if (head === undefined) return false;
    client.ledger.garbage.refused++;
    if (!head.startsWith("HTTP/1.1 400 ")) client.wrong(`garbage was answered with ${head}`);
    return true;
  },
};

// The parser of node:http, as Deno ships it, without a server around it.
import { Buffer } from "node:buffer";
import { HTTPParser } from "node:_http_common";
import process from "node:process";
import type { Reader, Reading, Taken } from "./reading.ts";

/** A response as llhttp takes it. */
export interface TakenResponse {
  readonly status: number;
  body: string;
}

interface Head {
  readonly method: number | undefined;
  readonly url: string | undefined;
  readonly status: number | undefined;
}

/** By llhttp's numbers, those of RTSP among them. */
const { allMethods: methods } = (process as unknown as {
  binding(name: string): { allMethods: readonly string[] };
}).binding("http_parser");

/** What llhttp says to a head: read its body, or go on without (nodejs/llhttp, on_headers_complete). */
const READ_BODY = 0;
const NO_BODY = 1;

const kinds = { request: HTTPParser.REQUEST, response: HTTPParser.RESPONSE } as const;

/** Feeds llhttp; true when it refused, or left what follows to another protocol. */
function feed(
  kind: keyof typeof kinds,
  text: string,
  leniency: number,
  taker: { begin(): void; head(head: Head): number; body(text: string): void; end(): void },
): boolean {
  const parser = new HTTPParser();
  parser.initialize(kinds[kind], {}, 1 << 20, leniency);
  let url = "";
  parser[HTTPParser.kOnMessageBegin] = () => taker.begin();
  // Heads with many fields come in parts, and the target with the first of them.
  parser[HTTPParser.kOnHeaders] = (_: unknown, part: string) => void (url += part ?? "");
  parser[HTTPParser.kOnHeadersComplete] = (...args: unknown[]) => {
    const [, , , method, rest, status] = args as [never, never, never, number, string, number];
    const head = { method, url: url + (rest ?? ""), status };
    url = "";
    return taker.head(head);
  };
  parser[HTTPParser.kOnBody] = (bytes: Uint8Array) =>
    taker.body(Buffer.from(bytes).toString("latin1"));
  parser[HTTPParser.kOnMessageComplete] = () => taker.end();
  const bytes = Buffer.from(text, "latin1");
  const outcome = parser.execute(bytes);
  parser.close();
  return outcome !== bytes.length;
}

class Llhttp implements Reader {
  constructor(readonly name: string, readonly leniency: number) {}

  read(text: string): Reading {
    const requests: Taken[] = [];
    let open = false;
    let head: Head | undefined;
    let body = "";
    const refused = feed("request", text, this.leniency, {
      begin: () => {
        open = true;
        body = "";
      },
      head: (found) => {
        head = found;
        return READ_BODY;
      },
      body: (part) => body += part,
      end: () => {
        open = false;
        requests.push({ method: methods[head!.method!]!, target: head!.url!, body });
      },
    });
    return { requests, end: refused ? "refused" : open ? "open" : "clean" };
  }
}

export const llhttpReaders: readonly Reader[] = [
  new Llhttp("llhttp", HTTPParser.kLenientNone),
  new Llhttp("llhttp with insecureHTTPParser", HTTPParser.kLenientAll),
];

/** What a client with llhttp makes of the bytes that answer `methods`, one by one. */
export function readResponses(
  text: string,
  asked: readonly string[],
  lenient: boolean,
): { responses: TakenResponse[]; end: Reading["end"] } {
  const responses: TakenResponse[] = [];
  let final = 0;
  let open = false;
  const refused = feed("response", text, lenient ? HTTPParser.kLenientAll : 0, {
    begin: () => open = true,
    head: ({ status }) => {
      responses.push({ status: status!, body: "" });
      const method = asked[final];
      if (status! >= 200) final++;
      return method === "HEAD" ? NO_BODY : READ_BODY;
    },
    body: (part) => responses.at(-1)!.body += part,
    end: () => open = false,
  });
  return { responses, end: refused ? "refused" : open ? "open" : "clean" };
}

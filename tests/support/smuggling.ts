/** A request with another hidden in it, or one that servers read differently. */
export interface Trick {
  /** What it abuses, by section of RFC 9112 or a CVE. */
  readonly name: string;
  readonly text: string;
  /** The gate's answer; 0 where it passes, as the one request that it is. */
  readonly refused: number;
}

const body = '{"Image":"bb","Cmd":["true"]}';

/** Creates a container of the name, where the engine takes it for a request. */
export const creation = (name: string) =>
  `POST /containers/create?name=${name} HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n` +
  `Content-Length: ${body.length}\r\n\r\n${body}`;

/** The tricks with `hidden` in them; their first request is one that read-only allows. */
export function tricks(hidden: string): readonly Trick[] {
  const { length } = hidden;
  const wait = "POST /containers/x/wait HTTP/1.1\r\nHost: d\r\n";
  const old = "POST /containers/x/wait HTTP/1.0\r\nConnection: keep-alive\r\n";
  const get = "GET /_ping HTTP/1.1\r\nHost: d\r\n";
  const chunks = "Transfer-Encoding: chunked\r\n";
  const none = "0\r\n\r\n";
  const trick = (name: string, text: string, refused = 400): Trick => ({ name, text, refused });
  return [
    // §2.2: lines
    trick("§2.2 bare LF ends the lines", `GET /_ping HTTP/1.1\nHost: d\n\n${hidden}`),
    trick("§2.2 bare LF ends one field", `${wait}X: y\nContent-Length: ${length}\r\n\r\n${hidden}`),
    trick("§2.2 bare CR ends one field", `${wait}X: y\rContent-Length: 0\r\n\r\n${hidden}`),
    trick("§2.2 CR CR LF ends the head", `${get}\r\r\n${hidden}`),
    trick(
      "§2.2 white space before the first field",
      `GET /_ping HTTP/1.1\r\n Host: d\r\n\r\n${hidden}`,
    ),
    trick("§2.2 an empty line before the request", `\r\n${get}\r\n${hidden}`),
    trick("§2.3 HTTP/2.0", `GET /_ping HTTP/2.0\r\nHost: d\r\n\r\n${hidden}`),
    trick("§2.3 HTTP/1.9", `GET /_ping HTTP/1.9\r\nHost: d\r\n\r\n${hidden}`),
    trick("§2.3 no version", `GET /_ping\r\n\r\n${hidden}`),
    // §3: the request line
    trick("§3 two blanks", `GET  /_ping HTTP/1.1\r\nHost: d\r\n\r\n${hidden}`),
    trick("§3 a tab", `GET\t/_ping HTTP/1.1\r\nHost: d\r\n\r\n${hidden}`),
    trick("§3 a blank behind the version", `GET /_ping HTTP/1.1 \r\nHost: d\r\n\r\n${hidden}`),
    trick("§3.1 a method that is no token", `G{T /_ping HTTP/1.1\r\nHost: d\r\n\r\n${hidden}`),
    trick("§3.2 a blank in the target", `GET /_ping /x HTTP/1.1\r\nHost: d\r\n\r\n${hidden}`),
    trick(
      "§3.2 a fragment",
      `GET /_ping#x HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n${hidden}`,
    ),
    trick("§3.2.2 an absolute target", `GET http://d/_ping HTTP/1.1\r\nHost: d\r\n\r\n${hidden}`),
    trick(
      "§3.2.2 a target that is opaque to Go",
      `POST x:/containers/create?name=y HTTP/1.1\r\nHost: d\r\n\r\n${hidden}`,
    ),
    trick("§3.2.3 CONNECT", `CONNECT d:80 HTTP/1.1\r\nHost: d\r\n\r\n${hidden}`),
    trick("§3.2.3 CONNECT to a path", `CONNECT /_ping HTTP/1.1\r\nHost: d\r\n\r\n${hidden}`),
    trick("§3.2.4 an asterisk", `OPTIONS * HTTP/1.1\r\nHost: d\r\n\r\n${hidden}`),
    trick("§3.2 no Host", `GET /_ping HTTP/1.1\r\n\r\n${hidden}`),
    trick("§3.2 two Hosts", `${get}Host: e\r\n\r\n${hidden}`),
    trick("RFC 9113 §3.4 the preface of HTTP/2", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}`),
    // §5: fields
    trick("§5.1 a blank before the colon", `${wait}Content-Length : ${length}\r\n\r\n${hidden}`),
    trick(
      "§5.1 a tab before the colon",
      `${wait}Transfer-Encoding\t: chunked\r\n\r\n${none}${hidden}`,
    ),
    trick("§5.1 no colon", `${wait}Content-Length 0\r\n\r\n${hidden}`),
    trick("§5.1 no name", `${wait}: Content-Length: 0\r\n\r\n${hidden}`),
    trick("§5.1 a control byte in a name", `${wait}Content-Length\x0b: ${length}\r\n\r\n${hidden}`),
    trick("§5.5 a NUL in a value", `${wait}X: y\0\r\nContent-Length: 0\r\n\r\n${hidden}`),
    trick("§5.2 a folded field", `${wait}X: y\r\n Content-Length: ${length}\r\n\r\n${hidden}`),
    trick("§5.2 a folded coding", `${wait}Transfer-Encoding:\r\n chunked\r\n\r\n${none}${hidden}`),
    // §6: framing
    trick(
      "§6.1 chunks and a length",
      `${wait}Content-Length: ${length}\r\n${chunks}\r\n${none}${hidden}`,
    ),
    trick("§6.1 a length and chunks", `${wait}${chunks}Content-Length: 5\r\n\r\n${none}${hidden}`),
    trick("§6.1 xchunked", `${wait}Transfer-Encoding: xchunked\r\n\r\n${none}${hidden}`),
    trick("§6.1 Chunked", `${wait}Transfer-Encoding: Chunked\r\n\r\n${none}${hidden}`),
    trick(
      "§6.1 chunked, identity",
      `${wait}Transfer-Encoding: chunked, identity\r\n\r\n${none}${hidden}`,
    ),
    trick("§6.1 gzip, chunked", `${wait}Transfer-Encoding: gzip, chunked\r\n\r\n${none}${hidden}`),
    trick("§6.1 two codings", `${wait}${chunks}Transfer-Encoding: x\r\n\r\n${none}${hidden}`),
    trick("§6.1 chunked twice", `${wait}${chunks}${chunks}\r\n${none}${hidden}`),
    trick(
      "§6.1 identity",
      `${wait}Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\n${none}${hidden}`,
    ),
    trick(
      "§6.1 an empty coding",
      `${wait}Transfer-Encoding:\r\nContent-Length: 5\r\n\r\n${none}${hidden}`,
    ),
    trick(
      "§6.1 a vertical tab before chunked",
      `${wait}Transfer-Encoding:\x0bchunked\r\n\r\n${none}${hidden}`,
    ),
    trick(
      "§6.1 a tab behind chunked",
      `${wait}Transfer-Encoding: chunked\t\r\n\r\n${none}${hidden}`,
    ),
    trick(
      "§6.1 quotes around chunked",
      `${wait}Transfer-Encoding: "chunked"\r\n\r\n${none}${hidden}`,
    ),
    trick("§6.1 chunks in HTTP/1.0", `${old}${chunks}\r\n${none}${hidden}`),
    trick(
      "§6.3 two lengths",
      `${wait}Content-Length: 0\r\nContent-Length: ${length}\r\n\r\n${hidden}`,
    ),
    trick(
      "§6.3 one length twice",
      `${wait}Content-Length: 0\r\nContent-Length: 0\r\n\r\n${hidden}`,
    ),
    trick("§6.3 a list of lengths", `${wait}Content-Length: 0, ${length}\r\n\r\n${hidden}`),
    ...["+0", "-0", "0x0", "00", "0 0", "0;", "0.0", "", "\xb2", "18446744073709551616"].map((
      value,
    ) =>
      trick(`§6.3 Content-Length: ${value}`, `${wait}Content-Length: ${value}\r\n\r\n${hidden}`)
    ),
    trick("§6.5 a Trailer without chunks", `${wait}Trailer: Content-Length\r\n\r\n${hidden}`),
    trick(
      "RFC 9110 §7.6.1 Connection names Content-Length",
      `${wait}Content-Length: 0\r\nConnection: content-length\r\n\r\n${hidden}`,
    ),
    trick("RFC 9110 §10.1.1 an unknown expectation", `${wait}Expect: 200-ok\r\n\r\n${hidden}`, 417),
    trick(
      "a form that overrides the query",
      `${wait}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${length}\r\n\r\n${hidden}`,
    ),
    // §7: chunks
    trick("§7.1 a bare LF behind the size", `${wait}${chunks}\r\n0\n\r\n${hidden}`),
    trick(
      "§7.1.1 a bare LF in an extension (CVE-2025-22871)",
      `${wait}${chunks}\r\n0;\n\r\n\r\n${hidden}`,
    ),
    trick("§7.1.1 an extension", `${wait}${chunks}\r\n0;a="\r\n\r\n${hidden}`),
    trick("§7.1 a bare LF behind the last chunk", `${wait}${chunks}\r\n0\r\n\n${hidden}`),
    trick("§7.1 a bare CR behind the data", `${wait}${chunks}\r\n1\r\nx\r0\r\n\r\n${hidden}`),
    trick("§7.1 nothing behind the data", `${wait}${chunks}\r\n1\r\nx0\r\n\r\n${hidden}`),
    trick("§7.1 a size of many zeros", `${wait}${chunks}\r\n00000000000000000\r\n\r\n${hidden}`),
    trick("§7.1 a size beyond 64 bits", `${wait}${chunks}\r\n10000000000000000\r\n\r\n${hidden}`),
    trick("§7.1 a signed size", `${wait}${chunks}\r\n-0\r\n\r\n${hidden}`),
    trick("§7.1 0x before the size", `${wait}${chunks}\r\n0x0\r\n\r\n${hidden}`),
    trick("§7.1 a blank behind the size", `${wait}${chunks}\r\n0 \r\n\r\n${hidden}`),
    trick("§7.1 an underscore in the size", `${wait}${chunks}\r\n0_0\r\n\r\n${hidden}`),
    trick("§7.1.2 a trailer without a colon", `${wait}${chunks}\r\n0\r\nx\r\n\r\n${hidden}`),
    trick("§7.1.2 a folded trailer", `${wait}${chunks}\r\n0\r\nX: y\r\n z\r\n\r\n${hidden}`),
    // What is sound passes, with the other request as the data that it is.
    trick(
      "a request in a body",
      `${wait}Content-Length: ${length}\r\nConnection: close\r\n\r\n${hidden}`,
      0,
    ),
    trick(
      "a request in a chunk",
      `${wait}${chunks}Connection: close\r\n\r\n${length.toString(16)}\r\n${hidden}\r\n${none}`,
      0,
    ),
    trick(
      "an upgrade to HTTP/2 that is taken out",
      `${get}Connection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n\r\n${hidden}`,
      0,
    ),
  ];
}

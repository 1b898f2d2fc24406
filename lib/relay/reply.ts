const encoder = new TextEncoder();

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  413: "Content Too Large",
  417: "Expectation Failed",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

export interface ReplyOptions {
  /** The request was a HEAD: no body. */
  readonly head: boolean;
  readonly close: boolean;
  /** Seconds (RFC 9110 §10.2.3). */
  readonly retryAfter?: number | undefined;
}

/** A reply of Postern's own, in the shape of the engine's errors so that every client shows the message (`GET /…` → ErrorResponse). */
export function errorReply(
  status: number,
  message: string,
  options: ReplyOptions,
): Uint8Array<ArrayBuffer> {
  const body = encoder.encode(JSON.stringify({ message }) + "\n");
  const head = encoder.encode(
    `HTTP/1.1 ${status} ${reasons[status] ?? "Error"}\r\n` +
      `Content-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n` +
      (options.retryAfter === undefined ? "" : `Retry-After: ${options.retryAfter}\r\n`) +
      (options.close ? "Connection: close\r\n" : "") +
      `\r\n`,
  );
  if (options.head) return head;
  const reply = new Uint8Array(head.length + body.length);
  reply.set(head);
  reply.set(body, head.length);
  return reply;
}

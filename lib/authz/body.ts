import { type Denial, encodedBody, refused, tooLong } from "../policy/constraints/finding.ts";
import type { PluginRequest } from "./protocol.ts";

/** The engine shows no body of this length or longer (maxBodySize of moby pkg/authorization/authz.go). */
const SHOWN = 1024 * 1024;

/**
 * The body of a request that is judged by it, or why it cannot be. The engine tells a body that it does not show, or shows in
 * part, from none in no way: chunked ones (CVE-2024-41110), long ones (CVE-2026-34040), those of other types. So there must be
 * one, as long as the client has said.
 */
export function shownBody(
  { body, headers }: PluginRequest,
  bodyLimit: number | undefined,
): Uint8Array | Denial {
  const declared = headers.get("content-length");
  if (headers.has("content-encoding")) {
    return encodedBody;
  }
  if (Number(declared) >= SHOWN || (body?.length ?? 0) >= SHOWN) {
    return refused(
      413,
      `the engine shows its plugins no whole body of ${SHOWN} bytes or more, and this request is ` +
        "judged by it",
    );
  }
  if (body === undefined) {
    const why = declared === undefined
      ? "it has no Content-Length, and may be chunked"
      : declared === "0"
      ? "it is said to be empty"
      : "the engine shows only what is sent as application/json";
    return refused(400, `this request is judged by its body, and the engine shows none: ${why}`);
  }
  if (declared !== undefined && declared !== String(body.length)) {
    return refused(
      400,
      `the engine shows ${body.length} bytes of a body whose Content-Length says otherwise`,
    );
  }
  if (bodyLimit !== undefined && body.length > bodyLimit) {
    return tooLong(bodyLimit);
  }
  return body;
}

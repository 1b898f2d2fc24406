/** Where the engine sends its questions (moby pkg/authorization/api.go, pkg/plugins/plugins.go). */
export const ACTIVATE = "/Plugin.Activate";
export const REQUEST = "/AuthZPlugin.AuthZReq";
export const RESPONSE = "/AuthZPlugin.AuthZRes";

/** What the engine tells of a request before it serves it. */
export interface PluginRequest {
  /** The common name of the client's certificate; "" where there is none. */
  readonly user: string;
  /** `TLS` where there is a certificate, else "". */
  readonly authMethod: string;
  readonly method: string;
  /** As it was sent. */
  readonly target: string;
  /** By name in lower case. Of a header that is sent several times the engine tells the last. */
  readonly headers: ReadonlyMap<string, string>;
  /** Absent where the engine shows none, whether there is one or not. */
  readonly body?: Uint8Array;
}

/** What the engine is told. */
export interface PluginAnswer {
  readonly allow: boolean;
  /** For the client. */
  readonly message: string;
  /** A fault of ours. */
  readonly fault?: true;
}

/** What the engine sends that is not what it should. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** Reads the body of a question. Throws a ProtocolError. */
export function readPluginRequest(text: string): PluginRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProtocolError("it is not JSON");
  }
  if (typeof value !== "object" || value === null) throw new ProtocolError("it is no object");
  const question = value as Readonly<Record<string, unknown>>;
  const body = bodyOf(textAt(question, "RequestBody"));
  return {
    user: textAt(question, "User"),
    authMethod: textAt(question, "UserAuthNMethod"),
    method: textAt(question, "RequestMethod"),
    target: textAt(question, "RequestUri"),
    headers: headersAt(question["RequestHeaders"]),
    ...(body === undefined ? {} : { body }),
  };
}

/** What the engine reads: it looks at Allow, and shows Msg to the client. */
export function pluginAnswer({ allow, message, fault }: PluginAnswer): string {
  return JSON.stringify({
    Allow: allow,
    Msg: message,
    ...(fault === true ? { Err: message } : {}),
  });
}

function textAt(question: Readonly<Record<string, unknown>>, key: string): string {
  const value = question[key] ?? "";
  if (typeof value !== "string") throw new ProtocolError(`${key} is no text`);
  return value;
}

/** Go writes bytes as base64 with padding (encoding/json). */
function bodyOf(base64: string): Uint8Array | undefined {
  if (base64 === "") return undefined;
  try {
    return Uint8Array.fromBase64(base64, { lastChunkHandling: "strict" });
  } catch {
    throw new ProtocolError("RequestBody is not base64");
  }
}

function headersAt(value: unknown): Map<string, string> {
  if (value === undefined || value === null) return new Map();
  if (typeof value !== "object") throw new ProtocolError("RequestHeaders is no map");
  return new Map(
    Object.entries(value).map(([name, text]) => {
      if (typeof text !== "string") throw new ProtocolError(`header ${name} is no text`);
      return [name.toLowerCase(), text] as const;
    }),
  );
}

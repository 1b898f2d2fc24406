import type { IncomingMessage, ServerResponse } from "node:http";
import type { State } from "./state.ts";

/** One request, its body already read. */
export interface Call {
  readonly state: State;
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export type Handler = (call: Call) => void | Promise<void>;

/** What the engine refuses, in the daemon's words. */
export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(`${JSON.stringify(value)}\n`);
}

export function empty(response: ServerResponse, status = 204): void {
  response.writeHead(status);
  response.end();
}

/** Sends the head at once, so that a client can follow what comes. */
export function beginStream(response: ServerResponse, type = "application/json"): void {
  response.writeHead(200, { "Content-Type": type });
  response.flushHeaders();
}

/** Resolves after `ms`, and at once when the client has gone: false then. */
export async function pause(response: ServerResponse, ms: number): Promise<boolean> {
  if (response.destroyed) return false;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const gone = () => resolve(false);
  const timer = setTimeout(() => resolve(true), ms);
  response.once("close", gone);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    response.off("close", gone);
  }
}

/** The body as an object, with the daemon's checks (CheckForJSON). */
export function bodyOf(call: Call): Record<string, unknown> {
  if (call.body.length === 0) return {};
  const type = call.request.headers["content-type"] ?? "";
  if (type.split(";")[0]?.trim() !== "application/json") {
    throw new ApiError(400, `Content-Type specified (${type}) must be 'application/json'`);
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(call.body));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Falls through: what is no JSON and what is no object get the same answer.
  }
  throw new ApiError(400, "invalid JSON: cannot unmarshal the request body into an object");
}

/** Go's way (httputils.BoolValue): everything is true but these. */
export function flag(query: URLSearchParams, name: string): boolean {
  return !["", "0", "no", "false", "none"].includes((query.get(name) ?? "").trim().toLowerCase());
}

/** `filters={"type":["container"]}`, or `{"type":{"container":true}}` as older clients write it. */
export function filtersOf(query: URLSearchParams): Map<string, string[]> {
  try {
    const value: unknown = JSON.parse(query.get("filters") || "{}");
    return new Map(
      Object.entries(value ?? {}).map(([key, values]) => [
        key,
        Array.isArray(values) ? values.map(String) : Object.keys(values ?? {}),
      ]),
    );
  } catch {
    throw new ApiError(400, "invalid filter");
  }
}

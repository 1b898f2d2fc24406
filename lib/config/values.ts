import { normalize } from "node:path";
import { MAX_SOCKET_PATH } from "../linux/socket.ts";
import { got } from "./got.ts";
import type { AuditTarget } from "./types.ts";

/** A value, or why not: a sentence's end such as `must be an absolute path`. */
export type Parsed<T> = { readonly value: T } | {
  readonly problem: string;
  readonly hint?: string;
};

/** Postern never runs more relaying threads than this. */
const MAX_WORKERS = 64;

/** Reads a unix socket's place, a path or `unix:///path`: absolute, normalised, and short enough for the kernel. */
export function parseSocketPath(text: string): Parsed<string> {
  const [, scheme, rest] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(text) ?? [];
  if (scheme !== undefined && scheme !== "unix") {
    return {
      problem: `must be a unix socket, ${scheme}:// is not supported: ${got(text)}`,
      hint: "write a path like /var/run/docker.sock, or unix:///var/run/docker.sock",
    };
  }
  const path = rest ?? text;
  if (!path.startsWith("/")) return { problem: `must be an absolute path: ${got(text)}` };
  // It stands in units, rules and messages, where an end of a line would begin something else.
  if (/\p{Cc}/u.test(path)) {
    return { problem: `must not contain control characters: ${got(text)}` };
  }
  if (path.endsWith("/")) return { problem: `must name a socket, not a folder: ${got(text)}` };
  const value = normalize(path);
  const bytes = new TextEncoder().encode(value).length;
  if (bytes > MAX_SOCKET_PATH) {
    return {
      problem: `must be at most ${MAX_SOCKET_PATH} bytes long, the kernel's limit: got ${bytes}`,
      hint: "choose a shorter folder, such as one in /run",
    };
  }
  return { value };
}

/** Reads `stderr`, `off` or the absolute path of a file. */
export function parseAudit(text: string): Parsed<AuditTarget> {
  if (text === "stderr" || text === "off") return { value: { to: text } };
  return text.startsWith("/") && !text.endsWith("/") && !text.includes("\0")
    ? { value: { to: "file", path: normalize(text) } }
    : {
      problem: `must be stderr, off or the absolute path of a file: ${got(text)}`,
    };
}

/** Reads a number of threads. */
export function parseWorkers(text: string): Parsed<number> {
  const value = /^[0-9]{1,2}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= MAX_WORKERS ? { value } : {
    problem: `must be a whole number from 1 to ${MAX_WORKERS}: ${got(text)}`,
  };
}

/** Reads a listener's or policy's name. */
export function parseName(text: string): Parsed<string> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) {
    return {
      problem: `must be 1 to 64 letters, digits, dots, dashes or underscores: ${got(text)}`,
    };
  }
  // Names become keys of plain objects, where these mean something already.
  return text in {} ? { problem: `must not be a reserved word: ${got(text)}` } : { value: text };
}

/** A request target in its only reading. */
export interface Target {
  /** As sent, and as it is forwarded. */
  readonly raw: string;
  /** `1.41` of `/v1.41/…`, `4.0.0` of `/v4.0.0/libpod/…`. */
  readonly version?: string;
  /** Decoded, without the version prefix; begins with a slash. */
  readonly path: string;
  /** Decoded, cut at the slashes that were sent as slashes; one may hold a slash that was sent as %2F. */
  readonly segments: readonly string[];
  /** Decoded pairs in the order sent, as Go's url.ParseQuery reads them. */
  readonly query: readonly (readonly [key: string, value: string])[];
}

export type ParsedTarget =
  | { readonly ok: true; readonly target: Target }
  | { readonly ok: false; readonly reason: string };

// What is longer costs much to take apart, and no client sends it; build arguments are long, but few.
const MAX_PATH = 4096;
const MAX_PARAMETERS = 512;

const MIN_VERSION = { major: 1, minor: 24 };

/** Podman's own API has versions of three parts. It serves any, with other handlers below 4. */
const LIBPOD = "/libpod/";
const MIN_LIBPOD_MAJOR = 4;

/** The only paths of the API that end in a slash. */
const TRAILING = new Set(["/networks/", "/debug/pprof/"]);

// RFC 3986 §3.3 pchar without the percent sign: what a path segment may hold as it is.
const PATH = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*$/;
// Reserved characters that occur in image references, plugin names and the like; encoding others hides something.
const ENCODABLE = new Set([..."!$&'()*+,;=:@/[]"]);
const QUERY = /^[\x21\x22\x24-\x3a\x3c-\x7e]*$/;

/**
 * Parses an origin-form target (RFC 9112 §3.2.1) and refuses what servers read differently: the engine matches routes on
 * the decoded, cleaned path, others on the encoded one. Percent-encoding is undone once, and only where it hides nothing.
 */
export function parseTarget(raw: string): ParsedTarget {
  try {
    return { ok: true, target: parse(raw) };
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    return { ok: false, reason: error.message };
  }
}

class TargetError extends Error {}

function parse(raw: string): Target {
  const mark = raw.indexOf("?");
  const rawPath = mark < 0 ? raw : raw.slice(0, mark);
  if (!rawPath.startsWith("/")) throw new TargetError("the target is not a path");
  if (rawPath.length > MAX_PATH) throw new TargetError(`the path is over ${MAX_PATH} bytes long`);
  if (!PATH.test(rawPath)) {
    throw new TargetError("the path holds a character that must not be there");
  }
  const { version, rest } = splitVersion(rawPath);
  const segments = splitPath(rest);
  return {
    raw,
    ...(version === undefined ? {} : { version }),
    path: "/" + segments.join("/"),
    segments,
    query: mark < 0 ? [] : parseQuery(raw.slice(mark + 1)),
  };
}

function splitVersion(path: string): { version?: string; rest: string } {
  if (!/^\/v[0-9]/.test(path)) return { rest: path };
  const end = path.indexOf("/", 1);
  if (end > 0 && path.startsWith(LIBPOD, end)) {
    return { version: libpodVersion(path.slice(2, end)), rest: path.slice(end) };
  }
  const match = /^\/v(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})(?=\/)/.exec(path);
  if (match === null) {
    throw new TargetError("the API version is not of the form /v1.41/");
  }
  const [prefix, major, minor] = match;
  const old = Number(major) < MIN_VERSION.major ||
    (Number(major) === MIN_VERSION.major && Number(minor) < MIN_VERSION.minor);
  if (old) {
    throw new TargetError(
      `API version ${major}.${minor} is too old: below 1.24 the engine takes bodies that cannot be judged; ` +
        `use a newer client, or set DOCKER_API_VERSION=1.24`,
    );
  }
  return { version: `${major}.${minor}`, rest: path.slice(prefix.length) };
}

function libpodVersion(version: string): string {
  const match = /^(0|[1-9][0-9]{0,3})(?:\.(?:0|[1-9][0-9]{0,3})){2}$/.exec(version);
  if (match === null) {
    throw new TargetError("the version of Podman's API is not of the form /v4.0.0/libpod/");
  }
  if (Number(match[1]) < MIN_LIBPOD_MAJOR) {
    throw new TargetError(
      `version ${version} of Podman's API is too old: it is judged from 4.0.0 on; use a newer client`,
    );
  }
  return version;
}

function splitPath(path: string): string[] {
  const parts = path.slice(1).split("/");
  if (TRAILING.has(path)) return parts;
  return parts.map((part) => {
    if (part === "") throw new TargetError("the path has an empty segment");
    const decoded = decodeSegment(part);
    for (const piece of decoded.split("/")) {
      if (piece === "") throw new TargetError("the path has an empty segment");
      if (piece === "." || piece === "..") throw new TargetError(`the path has a ${piece} segment`);
    }
    return decoded;
  });
}

function decodeSegment(segment: string): string {
  return segment.replace(/%(.{0,2})/g, (_, hex: string) => {
    if (!/^[0-9A-Fa-f]{2}$/.test(hex)) {
      throw new TargetError("the path has a broken percent-encoding");
    }
    const character = String.fromCharCode(parseInt(hex, 16));
    if (!ENCODABLE.has(character)) {
      throw new TargetError(`the path encodes a character that must not be encoded (%${hex})`);
    }
    return character;
  });
}

function parseQuery(query: string): [string, string][] {
  if (!QUERY.test(query)) {
    throw new TargetError(
      "the query holds a character that must not be there (; and # must be encoded)",
    );
  }
  const pairs = query.split("&", MAX_PARAMETERS + 1);
  if (pairs.length > MAX_PARAMETERS) {
    throw new TargetError(`the query has more than ${MAX_PARAMETERS} parameters`);
  }
  return pairs.filter((pair) => pair !== "").map((pair) => {
    const equals = pair.indexOf("=");
    const key = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? "" : pair.slice(equals + 1);
    return [decodeQuery(key), decodeQuery(value)];
  });
}

function decodeQuery(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new TargetError("the query has a broken percent-encoding");
  }
}

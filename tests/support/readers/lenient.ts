import type { Reader, Reading, Taken } from "./reading.ts";

/** Where servers tolerate what RFC 9112 does not have, and each in its own way. */
export interface Dialect {
  readonly name: string;
  readonly lineEnd: RegExp;
  /** A line that begins with a blank: more of the field before it, or a field of its own. */
  readonly folded: "joined" | "separate";
  /** Whether a Transfer-Encoding makes chunks. */
  readonly chunked: (coding: string) => boolean;
  readonly codingOnHttp10: boolean;
  /** What counts when both are there. */
  readonly both: "coding" | "length";
  /** Which of several fields of a name counts. */
  readonly repeated: "first" | "last";
  /** The number in a Content-Length, or undefined when there is none. */
  readonly length: (text: string) => number | undefined;
}

const atoi = (text: string) => {
  const digits = /^[+]?0*(\d{1,15})/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
};

/** net/http of Go 1.19 as dockerd 20.10 runs it: what it tolerates was tried on it. */
const go: Dialect = {
  name: "Go's net/http",
  lineEnd: /\r?\n/g,
  folded: "joined",
  chunked: (coding) => coding.toLowerCase() === "chunked",
  codingOnHttp10: false,
  both: "coding",
  repeated: "first",
  length: (text) => text === "" ? 0 : /^\d{1,15}$/.test(text) ? Number(text) : undefined,
};

/** The ways that smuggling was done in, each with the tolerance that it needs. */
const dialects: readonly Dialect[] = [
  go,
  { ...go, name: "a reader that prefers Content-Length", both: "length" },
  {
    ...go,
    name: "a reader that finds chunked anywhere in the value",
    chunked: (coding) => /chunked/i.test(coding),
  },
  {
    ...go,
    name: "a reader that looks at the last coding only",
    chunked: (coding) => coding.split(",").at(-1)!.trim().toLowerCase() === "chunked",
    repeated: "last",
  },
  { ...go, name: "a reader of chunks in HTTP/1.0", codingOnHttp10: true },
  { ...go, name: "a reader of the last of several fields", repeated: "last", both: "length" },
  { ...go, name: "a reader with atoi", length: atoi, both: "length" },
  { ...go, name: "a reader of folded lines as fields", folded: "separate" },
  { ...go, name: "a reader of CR as a line's end", lineEnd: /\r\n|\n|\r/g },
  { ...go, name: "a reader of CRLF only", lineEnd: /\r\n/g },
  {
    ...go,
    name: "a reader of vertical tabs and no-break spaces as blanks",
    chunked: (coding) => coding.trim().toLowerCase() === "chunked",
    length: (text) => atoi(text.trim()),
  },
];

/** A server that reads as a dialect has it, and all else as far as it can. */
class LenientReader implements Reader {
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  get name(): string {
    return this.#dialect.name;
  }

  read(text: string): Reading {
    const requests: Taken[] = [];
    const lines = new Lines(text, this.#dialect.lineEnd);
    try {
      for (;;) {
        while (lines.skipEmpty());
        if (lines.ended) return { requests, end: "clean" };
        requests.push(this.#request(lines));
      }
    } catch (error) {
      if (error === OPEN) return { requests, end: "open" };
      if (error === REFUSED) return { requests, end: "refused" };
      throw error;
    }
  }

  #request(lines: Lines): Taken {
    const match = /^(\S+)[ \t\v\f]+(\S.*?)(?:[ \t\v\f]+HTTP\/1\.(\d+))?\s*$/i.exec(lines.next());
    if (match === null) throw REFUSED;
    const [, method, target, minor] = match;
    if (minor === undefined) return { method: method!, target: target!, body: "" };
    const fields = this.#fields(lines);
    return { method: method!, target: target!, body: this.#body(lines, fields, minor === "0") };
  }

  #fields(lines: Lines): Map<string, string> {
    const { folded, repeated } = this.#dialect;
    const fields = new Map<string, string>();
    let last = "";
    for (;;) {
      const line = lines.next();
      if (line === "") return fields;
      if (/^[ \t]/.test(line) && folded === "joined" && last !== "") {
        fields.set(last, trimmed(`${fields.get(last)} ${trimmed(line)}`));
        continue;
      }
      const colon = line.indexOf(":");
      if (colon < 0) continue;
      last = line.slice(0, colon).trim().toLowerCase();
      if (!fields.has(last) || repeated === "last") {
        fields.set(last, trimmed(line.slice(colon + 1)));
      }
    }
  }

  #body(lines: Lines, fields: ReadonlyMap<string, string>, old: boolean): string {
    const { chunked, codingOnHttp10, both, length } = this.#dialect;
    const coding = fields.get("transfer-encoding");
    const declared = fields.get("content-length");
    const known = declared === undefined ? undefined : length(declared);
    const chunks = coding !== undefined && (!old || codingOnHttp10) && chunked(coding);
    if (chunks && (both === "coding" || known === undefined)) return chunkedBody(lines);
    if (declared !== undefined && known === undefined) throw REFUSED;
    return lines.take(known ?? 0);
  }
}

function chunkedBody(lines: Lines): string {
  let body = "";
  for (;;) {
    const size = /^[ \t]*(?:0x)?([0-9a-f]{1,12})[ \t]*(?:;.*)?$/i.exec(lines.next())?.[1];
    if (size === undefined) throw REFUSED;
    if (/^0+$/.test(size)) break;
    body += lines.take(parseInt(size, 16));
    lines.skipEmpty();
  }
  while (lines.next() !== "");
  return body;
}

const OPEN = Symbol("the message goes on");
const REFUSED = Symbol("the message is refused");

/** Texts without the blanks around them, as HTTP has blanks. */
const trimmed = (text: string) => text.replace(/^[ \t]+|[ \t]+$/g, "");

class Lines {
  #at = 0;

  constructor(readonly text: string, readonly lineEnd: RegExp) {}

  get ended(): boolean {
    return this.#at === this.text.length;
  }

  next(): string {
    this.lineEnd.lastIndex = this.#at;
    const match = this.lineEnd.exec(this.text);
    if (match === null) throw OPEN;
    const line = this.text.slice(this.#at, match.index);
    this.#at = match.index + match[0].length;
    return line;
  }

  skipEmpty(): boolean {
    this.lineEnd.lastIndex = this.#at;
    const match = this.lineEnd.exec(this.text);
    if (match?.index !== this.#at) return false;
    this.#at += match[0].length;
    return true;
  }

  take(length: number): string {
    if (length > this.text.length - this.#at) throw OPEN;
    const at = this.#at;
    this.#at += length;
    return this.text.slice(at, this.#at);
  }
}

export const lenientReaders: readonly Reader[] = dialects.map((dialect) =>
  new LenientReader(dialect)
);
export const goReader = lenientReaders[0]!;

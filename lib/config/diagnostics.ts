/** What kind of mistake it is, for programs; the message is for people. */
export type DiagnosticCode =
  | "yaml"
  | "duplicate-key"
  | "unknown-key"
  | "missing-key"
  | "wrong-value"
  | "bad-mode"
  | "bad-id"
  | "bad-name"
  | "bad-path"
  | "bad-address"
  | "bad-tls"
  | "insecure"
  | "path-too-long"
  | "conflict"
  | "not-allowed"
  | "unknown-user"
  | "unknown-group"
  | "unknown-listener"
  | "unknown-policy"
  | "unknown-operation"
  | "duplicate-listener"
  | "duplicate-policy"
  | "extends-cycle"
  | "raw-policy"
  | "raw-upstream"
  | "upstream-loop"
  | "no-listeners"
  | "no-files"
  | "no-conditions"
  | "unreachable"
  | "unreadable"
  | "untrusted";

/** A mistake and its place. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  /** The file as the reader would name it, or `environment`, `command line`. */
  readonly file: string;
  /** From 1; 0 when it is about the file as a whole. */
  readonly line: number;
  /** From 1, in UTF-16 units; 0 when it is about the file as a whole. */
  readonly column: number;
  /** How much of the line is meant, in UTF-16 units. */
  readonly length: number;
  /** Without a final period. */
  readonly message: string;
  /** What to do about it, without a final period. */
  readonly hint?: string;
}

/** A mistake of a file as a whole. */
export function wholeFile(
  code: DiagnosticCode,
  file: string,
  message: string,
  hint?: string,
): Diagnostic {
  return {
    code,
    file,
    line: 0,
    column: 0,
    length: 0,
    message,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** All of them as text that ends with a newline, sorted by file and position; `sources` gives the lines to show. */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  options: { readonly color: boolean },
): string {
  const paint = options.color ? escaped : plain;
  const lines = new Map([...sources].map(([file, text]) => [file, text.split("\n")]));
  return sorted(diagnostics).map((diagnostic) => {
    const { file, line, column, message, hint } = diagnostic;
    const place = line === 0 ? file : `${file}:${line}:${column}`;
    const source = line === 0 ? undefined : lines.get(file)?.[line - 1];
    return [
      `${paint("1", visible(place))}: ${paint("31", visible(message))}`,
      ...(source === undefined ? [] : excerpt(diagnostic, source, paint)),
      ...(hint === undefined ? [] : [`${GUTTER}${paint("36", `= ${visible(hint)}`)}`]),
      "",
    ].join("\n");
  }).join("");
}

/** By file, then line, then column. */
export function sorted(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.toSorted((a, b) =>
    (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column
  );
}

const GUTTER = "       ";

type Paint = (code: string, text: string) => string;
const plain: Paint = (_, text) => text;
const escaped: Paint = (code, text) => `\x1b[${code}m${text}\x1b[0m`;

function excerpt(at: Diagnostic, source: string, paint: Paint): string[] {
  const line = source.replace(/\r$/, "");
  const before = visible(line.slice(0, at.column - 1));
  const marked = visible(line.slice(at.column - 1, at.column - 1 + at.length));
  const caret = "^".padEnd([...marked].length, "~");
  return [
    `${String(at.line).padStart(5)} | ${visible(line)}`,
    `      | ${" ".repeat([...before].length)}${paint("31", caret)}`,
  ];
}

/**
 * One visible character for each that is not: a terminal must not act on what a file holds, and a line must not look
 * different from what it says (bidirectional overrides, zero-width characters).
 */
function visible(text: string): string {
  return text
    // deno-lint-ignore no-control-regex
    .replace(/[\x00-\x1f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)))
    .replace(/\x7f/g, "\u2421")
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

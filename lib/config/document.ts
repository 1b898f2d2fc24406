import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import type { Document, Node, Pair } from "yaml";
import type { Diagnostic, DiagnosticCode } from "./diagnostics.ts";

/** Keys and indexes from the top of a file to a value. */
export type Path = readonly (string | number)[];

/** A place in a file's text, in UTF-16 units. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** A YAML file that knows where each of its values stands. */
export class YamlFile {
  /** As diagnostics name it. */
  readonly file: string;
  /** As rules name it: relative to the config file. */
  readonly label: string;
  /** The plain data, undefined when the file cannot be understood at all. */
  readonly data: unknown;
  readonly diagnostics: readonly Diagnostic[];
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(file: string, label: string, text: string) {
    this.file = file;
    this.label = label;
    this.#text = text;
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      stringKeys: true,
    });
    const found = this.#syntax();
    const understood = found.every(({ code }) => code === "duplicate-key");
    if (understood) {
      try {
        this.data = this.#document.toJS() ?? {};
      } catch (error) {
        found.push(this.#diagnostic("yaml", { start: 0, end: 1 }, (error as Error).message));
      }
    }
    this.diagnostics = found;
  }

  /** A mistake in a value; where there is none, in what should have held it. */
  atValue(code: DiagnosticCode, path: Path, message: string, hint?: string): Diagnostic {
    return this.#diagnostic(code, this.#valueSpan(path), message, hint);
  }

  /** A mistake in a key. */
  atKey(code: DiagnosticCode, path: Path, message: string, hint?: string): Diagnostic {
    return this.#diagnostic(code, this.#keySpan(path), message, hint);
  }

  /** Where a value was written, for rules to name: `postern.yaml:17`. */
  origin(path: Path): string {
    return `${this.label}:${this.#lines.linePos(this.#valueSpan(path).start).line}`;
  }

  /** A scalar as it was written, without its quotes: `0660` is a decimal number in YAML 1.2. */
  sourceText(path: Path): string | undefined {
    const node = this.#descend(path)?.node;
    return isScalar(node) ? node.source : undefined;
  }

  #syntax(): Diagnostic[] {
    const { errors, warnings, directives } = this.#document;
    // The parser's second thoughts about a place say less than its first.
    const firsts = new Map([...warnings, ...errors].toReversed().map((e) => [e.pos[0], e]));
    const found = [...firsts.values()].map(({ code, message, pos: [start, end] }) =>
      code === "DUPLICATE_KEY"
        ? this.#diagnostic("duplicate-key", { start, end }, "this key is written twice")
        : this.#diagnostic("yaml", { start, end }, message)
    );
    if (directives?.yaml.explicit && directives.yaml.version !== "1.2") {
      const message = `must be YAML 1.2, not ${directives.yaml.version}`;
      found.push(this.#diagnostic("yaml", { start: 0, end: 1 }, message));
    }
    visit(this.#document, {
      Alias: (_, alias) => {
        if (alias.resolve(this.#document) !== undefined) return;
        const message = `there is no anchor &${alias.source} before this alias`;
        found.push(this.#diagnostic("yaml", spanOf(alias), message));
      },
    });
    return found;
  }

  #valueSpan(path: Path): Span {
    for (let known = path; known.length > 0; known = known.slice(0, -1)) {
      const node = this.#descend(known)?.node;
      if (node?.range) return spanOf(node);
    }
    return { start: this.#document.contents?.range?.[0] ?? 0, end: 0 };
  }

  #keySpan(path: Path): Span {
    const key = this.#descend(path)?.key;
    return key?.range ? spanOf(key) : this.#valueSpan(path);
  }

  #descend(path: Path): { key?: Node; node?: Node } | undefined {
    let at: { key?: Node; node?: Node } = { ...this.#resolved(this.#document.contents) };
    for (const step of path) {
      const { node } = at;
      if (isMap<Node, Node>(node)) {
        const pair = node.items.find((pair) => nameOf(pair) === String(step));
        if (pair === undefined) return undefined;
        at = { key: pair.key, ...this.#resolved(pair.value) };
      } else if (isSeq<Node>(node) && typeof step === "number" && step < node.items.length) {
        at = this.#resolved(node.items[step] ?? null);
      } else return undefined;
    }
    return at;
  }

  #resolved(node: Node | null): { node?: Node } {
    const target = isAlias(node) ? node.resolve(this.#document) : node;
    return target ? { node: target } : {};
  }

  #diagnostic(code: DiagnosticCode, span: Span, message: string, hint?: string): Diagnostic {
    const { line, col } = this.#lines.linePos(span.start);
    const written = this.#text.slice(span.start, span.end).split("\n", 1)[0]?.trimEnd() ?? "";
    return {
      code,
      file: this.file,
      line: Math.max(1, line),
      column: Math.max(1, col),
      length: Math.max(1, written.length),
      message,
      ...(hint === undefined ? {} : { hint }),
    };
  }
}

function spanOf(node: Node): Span {
  const [start, end] = node.range ?? [0, 0];
  return { start, end };
}

function nameOf(pair: Pair<Node, Node | null>): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined;
}

import type { Document, Node } from "yaml";
import type { Diagnostic, DiagnosticCode } from "./diagnostics.ts";
import { nameOf, type Span, spanOf, syntaxProblems } from "./syntax.ts";
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "./yaml.ts";

/** Keys and indexes from the top of a file to a value. */
export type Path = readonly (string | number)[];

/** What stands at a path. Where an alias leads there, `alias` is what was written. */
interface Found {
  readonly key?: Node;
  readonly node?: Node;
  readonly alias?: Node;
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
      // They are looked for here, with the place of the first.
      uniqueKeys: false,
    });
    const lineOf = (place: number) => this.#lines.linePos(place).line;
    const found = syntaxProblems(this.#document, text, lineOf)
      .map(({ code, span, message, hint }) => this.#diagnostic(code, span, message, hint));
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

  /** Whether something was written there, be it null. */
  has(path: Path): boolean {
    return this.#descend(path) !== undefined;
  }

  /** The keys of a map, as they were written. */
  keys(path: Path): string[] {
    const node = this.#descend(path)?.node;
    return isMap<Node, Node>(node) ? node.items.map(({ key }) => nameOf(key) ?? "") : [];
  }

  /** A scalar as it was written, without its quotes: `0660` is a decimal number in YAML 1.2. */
  sourceText(path: Path): string | undefined {
    const node = this.#descend(path)?.node;
    return isScalar(node) ? node.source : undefined;
  }

  #valueSpan(path: Path): Span {
    for (let known = path; known.length > 0; known = known.slice(0, -1)) {
      const { alias, node } = this.#descend(known) ?? {};
      const written = alias ?? node;
      if (written?.range) return spanOf(written);
    }
    return { start: this.#document.contents?.range?.[0] ?? 0, end: 0 };
  }

  #keySpan(path: Path): Span {
    const key = this.#descend(path)?.key;
    return key?.range ? spanOf(key) : this.#valueSpan(path);
  }

  #descend(path: Path): Found | undefined {
    let at = this.#resolved(this.#document.contents);
    for (const step of path) {
      const { node, alias } = at;
      if (isMap<Node, Node>(node)) {
        const pair = node.items.find(({ key }) => nameOf(key) === String(step));
        if (pair === undefined) return undefined;
        at = { key: alias ?? pair.key, ...this.#resolved(pair.value, alias) };
      } else if (isSeq<Node>(node) && typeof step === "number" && step < node.items.length) {
        at = this.#resolved(node.items[step] ?? null, alias);
      } else return undefined;
    }
    return at;
  }

  /** `alias`: the one that led here already. */
  #resolved(node: Node | null, alias?: Node): Found {
    if (node === null) return alias === undefined ? {} : { alias };
    if (!isAlias(node)) return { node, ...(alias === undefined ? {} : { alias }) };
    const target = node.resolve(this.#document);
    return { alias: alias ?? node, ...(target === undefined ? {} : { node: target }) };
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

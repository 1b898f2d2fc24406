import type { Document, Node, Pair, YAMLError } from "yaml";
import type { DiagnosticCode } from "./diagnostics.ts";
import { isScalar, visit } from "./yaml.ts";

/** A place in a file's text, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A mistake that makes it another YAML than the one that is read here, or none at all. */
export interface SyntaxProblem {
  readonly code: Extract<DiagnosticCode, "yaml" | "duplicate-key">;
  readonly span: Span;
  readonly message: string;
  readonly hint?: string;
}

/** Everything that is wrong with a file's YAML; `lineOf` says where in it a place is. */
export function syntaxProblems(
  document: Document,
  text: string,
  lineOf: (place: number) => number,
): SyntaxProblem[] {
  const { errors, warnings, directives } = document;
  // The parser's second thoughts about a place say less than its first.
  const firsts = new Map([...warnings, ...errors].toReversed().map((e) => [e.pos[0], e]));
  const found = [...firsts.values()].map((error) => explained(error, document, text));
  const add = (span: Span, message: string, hint?: string) =>
    void found.push({ code: "yaml", span, message, ...(hint === undefined ? {} : { hint }) });

  if (directives?.yaml.explicit && directives.yaml.version !== "1.2") {
    add({ start: 0, end: 1 }, `must be YAML 1.2, not ${directives.yaml.version}`);
  }
  visit(document, {
    Alias(_, alias) {
      // One without a name was reported by the parser.
      if (alias.source === "" || alias.resolve(document) !== undefined) return;
      add(spanOf(alias), `there is no anchor &${alias.source} before this alias`);
    },
    Map(_, map) {
      const earlier = new Map<string, Node>();
      for (const { key } of map.items as Pair<Node, Node | null>[]) {
        const name = nameOf(key);
        if (name === undefined) continue;
        if (name === "<<") add(spanOf(key), "merge keys are not supported", "write the keys out");
        const first = earlier.get(name);
        if (first === undefined) earlier.set(name, key);
        else {
          const message = `this key stands in line ${lineOf(spanOf(first).start)} already`;
          found.push({ code: "duplicate-key", span: spanOf(key), message });
        }
      }
    },
  });
  return found;
}

/** Where a node was written. */
export function spanOf(node: Node): Span {
  const [start, end] = node.range ?? [0, 0];
  return { start, end };
}

/** A key as text, undefined when it is none. */
export function nameOf(key: Node): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}

/** What the parser says, in words for the author of the file where its own are for a programmer. */
function explained(
  { code, message, pos: [start, end] }: YAMLError,
  document: Document,
  text: string,
): SyntaxProblem {
  const problem = { code: "yaml", span: { start, end }, message } as const;
  if (code === "MULTIPLE_DOCS") {
    return {
      ...problem,
      message: "a file holds only one document",
      hint: "remove what begins here",
    };
  }
  if (code === "BAD_ALIAS" && text[start] === "*") {
    return { ...problem, message: "a * alone is an alias without a name", hint: 'quote it: "*"' };
  }
  const quote = code === "MISSING_CHAR" ? unclosedQuote(document, start) : undefined;
  if (quote === undefined) return problem;
  const span = { start: quote.start, end: quote.start + 1 };
  return { ...problem, span, message: "this quote is never closed" };
}

/** The quoted text that goes on to a place where its end is missed. */
function unclosedQuote(document: Document, place: number): Span | undefined {
  let found: Span | undefined;
  visit(document, {
    Scalar(_, scalar) {
      const span = spanOf(scalar);
      if (scalar.type?.startsWith("QUOTE") && span.end === place) found = span;
    },
  });
  return found;
}

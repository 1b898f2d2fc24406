import { translateRe2 } from "./re2.ts";
import { ImportError, type Source, wordsIn } from "./source.ts";

/** Paths that some methods are allowed for: a pattern of Go's, as it was written. */
export interface PatternRule {
  readonly methods: readonly string[];
  readonly pattern: string;
  /** How people know the rule. */
  readonly text: string;
}

type Matched = Pick<Source, "rules" | "decide" | "decideLiterally" | "words" | "warnings">;

interface Compiled extends PatternRule {
  /** As it was meant: all alternatives from the beginning to the end. */
  readonly meant: RegExp;
  /** As it is compiled at the source, `^` + pattern + `$`, where that is not the same. */
  readonly literal: RegExp | undefined;
}

/** Rules whose source puts `^` before and `$` behind a pattern, and no group around it. Throws an ImportError. */
export function matchPatterns(rules: readonly PatternRule[]): Matched {
  const compiled = rules.map(compile);
  return {
    rules: rules.map(({ text }) => text),
    decide: (method, path) => {
      const found = compiled.findIndex(({ methods, meant }) =>
        methods.includes(method) && meant.test(path)
      );
      return found < 0 ? undefined : found;
    },
    decideLiterally: (method, path) =>
      compiled.some(({ methods, meant, literal = meant }) =>
        methods.includes(method) && literal.test(path)
      ),
    words: rules.flatMap(({ pattern }) => wordsIn(pattern)),
    warnings: compiled.filter(({ literal }) => literal !== undefined).map(({ text }) =>
      `${text}: the source anchors only the first alternative at the beginning and only the last at the end, so that ` +
      "it allows every path that merely begins or ends in that way; here each is anchored at both ends, as it was meant"
    ),
  };
}

function compile(rule: PatternRule): Compiled {
  const translated = translateRe2(rule.pattern);
  if ("problem" in translated) {
    throw new ImportError(`has a pattern that cannot be read, ${rule.text}: ${translated.problem}`);
  }
  const { source, flags, alternatives } = translated;
  return {
    ...rule,
    meant: new RegExp(`^(?:${source})$`, flags),
    literal: alternatives ? new RegExp(`^${source}$`, flags) : undefined,
  };
}

import type {
  Additions,
  ContainerSelector,
  HostMount,
  Limits,
} from "../../policy/constraints/types.ts";
import { items } from "../clients.ts";
import type { Diagnostic } from "../diagnostics.ts";
import type { Path, YamlFile } from "../document.ts";
import { got } from "../got.ts";
import type { Parsed } from "../values.ts";
import { checkPattern, checkSelector } from "./patterns.ts";
import { parseSize } from "./size.ts";

type Key = keyof Limits;
type Word = string | number;
type Words = Word | readonly (Word | undefined)[];
type LooseMount = string | { readonly path?: string; readonly read_only?: boolean };
type LooseSelector = { readonly [K in "name" | "label" | "image"]?: Words };
type LooseLabels = Readonly<Record<string, string | number | boolean | undefined>>;
/** `set` as its schema lets it through. */
export interface LooseAdditions {
  readonly labels?: LooseLabels;
  readonly no_new_privileges?: true;
  readonly memory?: Word;
  readonly cpus?: number;
  readonly pids?: number;
  readonly user?: Word;
}

/** Reads the values of one entry of `constraints`, whose types have been checked; what is wrong with them is reported. */
export class LimitReader {
  readonly #yaml: YamlFile;
  readonly #report: (diagnostic: Diagnostic) => void;

  constructor(yaml: YamlFile, report: (diagnostic: Diagnostic) => void) {
    this.#yaml = yaml;
    this.#report = report;
  }

  /** A key's value; undefined where it was opened by `any` and limits nothing. */
  limit(key: Key, value: unknown, path: Path): Limits[Key] {
    switch (key) {
      case "host_mounts":
        return value === "any" ? value : this.#mounts(value as LooseMount, path);
      case "containers":
        return value === "any" ? undefined : this.#selectors(value as LooseSelector, path);
      case "memory":
      case "body_limit":
        return value === "any" && key === "memory"
          ? undefined
          : this.#size(key, value as Word, path);
      case "cpus":
      case "pids":
        return value === "any" ? undefined : value as number;
      case "required_labels":
        return this.#labels(value as LooseLabels, path);
      case "user":
        if (value === "non-root") return value;
        break;
      case "unknown_fields":
        return value as "deny" | "allow";
    }
    if (typeof value === "boolean") return value;
    return value === "any" ? value : this.#patterns(key, value as Words, path);
  }

  /** What `set` fills in. */
  additions(set: LooseAdditions, path: Path): Additions {
    const { labels, memory, user, ...rest } = set;
    return {
      ...rest,
      ...(labels === undefined ? {} : { labels: this.#labels(labels, [...path, "labels"]) }),
      ...(memory === undefined
        ? {}
        : { memory: this.#size("memory", memory, [...path, "memory"]) }),
      ...(user === undefined ? {} : { user: String(user) }),
    };
  }

  /** `version: 1` is the label's text "1". */
  #labels(labels: LooseLabels, path: Path): Record<string, string> {
    return Object.fromEntries(
      Object.entries(labels).flatMap(([name, value]) => {
        if (value === undefined) return [];
        // zod leaves what stands at __proto__ unchecked.
        if (typeof value !== "object") return [[name, String(value)]];
        this.#refuse(name, { problem: `must be text: ${got(value)}` }, [...path, name]);
        return [];
      }),
    );
  }

  #patterns(key: Key, value: Words, path: Path): string[] {
    return this.#each(key, value, path, (text) => checkPattern(key, text));
  }

  #mounts(value: LooseMount | readonly (LooseMount | undefined)[], path: Path): HostMount[] {
    const list = Array.isArray(value) ? value : [value];
    return list.flatMap((item: LooseMount | undefined, index) => {
      if (item === undefined) return [];
      const at = Array.isArray(value) ? [...path, index] : path;
      const own = typeof item === "string" ? item : item.path;
      if (own === undefined) return [];
      const where = typeof item === "string" ? at : [...at, "path"];
      const [checked] = this.#patterns("host_mounts", own, where);
      if (checked === undefined) return [];
      const readOnly = typeof item === "object" && item.read_only === true;
      return [{ path: checked, ...(readOnly ? { read_only: true } : {}) }];
    });
  }

  #selectors(
    value: LooseSelector | readonly (LooseSelector | undefined)[],
    path: Path,
  ): ContainerSelector[] {
    const list = Array.isArray(value) ? value : [value];
    return list.flatMap((item: LooseSelector | undefined, index) => {
      if (item === undefined) return [];
      const at = Array.isArray(value) ? [...path, index] : path;
      if (this.#yaml.keys(at).length === 0) {
        const message = "a selector without conditions would be about every container";
        this.#report(
          this.#yaml.atValue("no-conditions", at, message, "name a name, label or image"),
        );
      }
      const selector: { -readonly [K in keyof ContainerSelector]: ContainerSelector[K] } = {};
      for (const key of ["name", "label", "image"] as const) {
        const words = item[key];
        if (words === undefined) continue;
        selector[key] = this.#each(key, words, [...at, key], (text) => checkSelector(key, text));
      }
      return [selector];
    });
  }

  #size(key: string, value: Word, path: Path): number {
    const parsed = parseSize(value);
    if ("value" in parsed) return parsed.value;
    this.#refuse(key, parsed, path);
    return 1;
  }

  #each(key: string, value: Words, path: Path, check: (text: string) => Parsed<string>): string[] {
    return items<Word>(value, path).flatMap(({ value, path }) => {
      const parsed = check(String(value));
      if ("value" in parsed) return [parsed.value];
      this.#refuse(key, parsed, path);
      return [];
    });
  }

  #refuse(
    key: string,
    { problem, hint }: Extract<Parsed<unknown>, { problem: string }>,
    path: Path,
  ) {
    this.#report(this.#yaml.atValue("wrong-value", path, `${key} ${problem}`, hint));
  }
}

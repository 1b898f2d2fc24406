import { operations } from "../../policy/operations.ts";
import { alike, fixedWords, type Sample, samplesOf } from "../samples.ts";
import type { Source } from "./source.ts";

/** A source's rules as operations, and what could not be said in them. */
export interface Translation {
  /** In the order of the table. */
  readonly allowed: readonly string[];
  /** Operations that the source allows for some names only; they are left out. */
  readonly partial: readonly Partial[];
  /** Allowed operations that the source allows in some form only, although that form reaches everything. */
  readonly widened: readonly Widened[];
  /** Operations that the source allows by an accident of its patterns, and this does not. */
  readonly lost: readonly string[];
  /** Rules that allow nothing that Postern knows, beyond what rules before them do. */
  readonly unused: readonly string[];
}

/** By which of these there are more ways to an operation than the source had: API versions, spellings of names, or routes. */
export interface Widened {
  readonly operation: string;
  readonly by: "version" | "name" | "route";
}

/** An operation and the names for which it is allowed, as far as the rules write them out. */
export interface Partial {
  readonly operation: string;
  readonly names: readonly string[];
}

/** A long list of names costs time, and tells no more. */
const MAX_WORDS = 50;

const dockerVersions = ["", "/v1.24", "/v1.30", "/v1.41", "/v1.44", "/v1.47", "/v1.52"];
const libpodVersions = ["", "/v4.0.0", "/v4.9.4", "/v5.4.2"];

/**
 * The operations that a source allows for every object there is: by some route, in some API version, by every id or by every
 * name, since each object can be called by either. What it allows for some objects only is told apart.
 */
export function translate(source: Source): Translation {
  const used = new Set<number>();
  const allowed: string[] = [];
  const partial: Partial[] = [];
  const widened: Widened[] = [];
  const words = [...new Set(source.words)].filter((word) =>
    !fixedWords.has(word) && !/^v?[0-9.]+$/.test(word)
  ).slice(0, MAX_WORDS);
  for (const operation of operations) {
    const tried = samplesOf(operation, words).map((sample) => tryOut(source, sample, used));
    const extent = extentOf(source, tried);
    if (extent.kind === "some") partial.push({ operation: operation.name, names: extent.names });
    if (extent.kind !== "all") continue;
    allowed.push(operation.name);
    if (operation.variantOf !== undefined) continue;
    widened.push(...extent.by.map((by) => ({ operation: operation.name, by })));
  }
  const lost = operations.filter((operation) =>
    !allowed.includes(operation.name) && allowsLiterally(source, samplesOf(operation))
  ).map(({ name }) => name);
  const unused = source.rules.filter((_, index) =>
    !used.has(index) && source.gates?.includes(index) !== true
  );
  return { allowed, partial, widened, lost, unused };
}

function allowsLiterally({ decide, decideLiterally }: Source, samples: readonly Sample[]): boolean {
  if (decideLiterally === undefined) return false;
  return samples.some(({ method, path }) =>
    versionsFor(path).some((version) =>
      decideLiterally(method, version + path) && decide(method, version + path) === undefined
    )
  );
}

function versionsFor(path: string): readonly string[] {
  return path.startsWith("/libpod/") ? libpodVersions : dockerVersions;
}

interface Tried extends Sample {
  /** Whether it is allowed, by version. */
  readonly verdicts: readonly boolean[];
}

function tryOut(source: Source, sample: Sample, used: Set<number>): Tried {
  const verdicts = versionsFor(sample.path).map((version) => {
    const rule = source.decide(sample.method, version + sample.path);
    if (rule !== undefined) used.add(rule);
    return rule !== undefined;
  });
  return { ...sample, verdicts };
}

type Extent =
  | { readonly kind: "none" }
  | { readonly kind: "some"; readonly names: readonly string[] }
  | { readonly kind: "all"; readonly by: readonly Widened["by"][] };

function extentOf(source: Source, tried: readonly Tried[]): Extent {
  const isOpen = ({ verdicts }: Tried) => verdicts.includes(true);
  const open = tried.filter(isOpen);
  if (open.length === 0) return { kind: "none" };
  // Each object can be called by each of these ways, and extra words are only some of the names.
  const usual = tried.filter(({ extra }) => extra !== true);
  const ways = Map.groupBy(usual, ({ route, spelling = "" }) => `${route} ${spelling}`);
  const allowsEach = (samples: readonly Sample[]) =>
    samples.every(({ method, path }) =>
      versionsFor(path).some((version) => source.decide(method, version + path) !== undefined)
    );
  const whole = [...ways.values()].filter((way) => way.every(isOpen) && allowsEach(alike(way[0]!)));
  if (whole.length === 0) {
    const known = open.filter(({ extra }) => extra === true).map(({ object = "" }) => object);
    return { kind: "some", names: [...new Set(known)] };
  }
  const routes = new Set(whole.map(([first]) => first!.route));
  const closed = usual.filter((one) => !isOpen(one));
  const differs: Readonly<Record<Widened["by"], boolean>> = {
    version: whole.flat().some(({ verdicts }) => verdicts.includes(false)),
    name: closed.some(({ route }) => routes.has(route)),
    route: closed.some(({ route }) => !routes.has(route)),
  };
  const by = (["version", "name", "route"] as const).filter((kind) => differs[kind]);
  return { kind: "all", by };
}

import { type Denial, denied } from "./finding.ts";
import { allows, Answers, isOpen } from "./patterns.ts";
import type { Allowed, Answer, Lookup } from "./types.ts";
import { listWith, notAmong, shown } from "./wording.ts";

/** A reference in its parts. Without tag and digest it is all tags of the name. */
export interface ImageName {
  /** With its domain: `docker.io/library/alpine`. */
  readonly name: string;
  readonly tag?: string;
  /** `sha256:…`. */
  readonly digest?: string;
}

const DEFAULT_DOMAIN = "docker.io";
const MAX_NAME = 255;

// distribution/reference regexp.go.
const label = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const domain = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const word = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const path = new RegExp(`^${word}(?:/${word})*$`);
const tagged = /^\w[\w.-]{0,127}$/;
const digested = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/** 64 digits alone are an id, and refused as a name. */
const fullId = /^[0-9a-f]{64}$/;
/** What the engine looks for among its ids as well: a part of one is enough. */
const partOfId = /^(?:sha(?:256|384|512):)?[0-9a-f]{1,128}$/;

/**
 * An image's reference as the engine reads it (distribution/reference ParseNormalizedNamed), or undefined when it is none. The first
 * part is a domain when it has a dot, a colon or a capital, or is localhost; else it is docker.io's, and a name of one part
 * there is in library/.
 */
export function parseImage(text: string): ImageName | undefined {
  if (fullId.test(text)) return undefined;
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !digested.test(digest)) return undefined;
  const { domain: host, rest } = split(at < 0 ? text : text.slice(0, at));
  const colon = rest.indexOf(":");
  const remote = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  if (tag !== undefined && !tagged.test(tag)) return undefined;
  if (!domain.test(host) || !path.test(remote)) return undefined;
  const name = `${host}/${remote}`;
  if (name.length > MAX_NAME) return undefined;
  return {
    name,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function split(name: string): { domain: string; rest: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, slash);
  if (slash < 0 || !/^localhost$|[.:A-Z]/.test(first)) return official(DEFAULT_DOMAIN, name);
  const rest = name.slice(slash + 1);
  return official(first === "index.docker.io" ? DEFAULT_DOMAIN : first, rest);
}

function official(host: string, rest: string): { domain: string; rest: string } {
  const single = host === DEFAULT_DOMAIN && !rest.includes("/");
  return { domain: host, rest: single ? `library/${rest}` : rest };
}

/** With `latest` where there is neither tag nor digest. */
export function withDefaultTag(image: ImageName): ImageName {
  return image.tag === undefined && image.digest === undefined
    ? { ...image, tag: "latest" }
    : image;
}

/** As people write it: `docker.io/library/alpine:3.20`; beside a digest a tag decides nothing and is left out. */
export function formatImage({ name, tag, digest }: ImageName): string {
  if (digest !== undefined) return `${name}@${digest}`;
  return tag === undefined ? name : `${name}:${tag}`;
}

/** A pattern in its parts, each a pattern of its own, in lists so that they are compiled once. */
interface Pattern {
  readonly name: readonly [string];
  readonly tag?: readonly [string];
  readonly digest?: readonly [string];
}

interface Patterns {
  readonly all: readonly Pattern[];
  readonly answers: Answers;
}

const patterns = new WeakMap<readonly string[], Patterns>();

/** What is left out is filled in as in a reference, but the tag: without one, it is every tag and digest. */
function parsePattern(text: string): Pattern {
  const at = text.indexOf("@");
  const before = at < 0 ? text : text.slice(0, at);
  const slash = before.lastIndexOf("/");
  const colon = before.indexOf(":", slash + 1);
  const name = colon < 0 ? before : before.slice(0, colon);
  if (at >= 0) return { name: [fillName(name)], digest: [text.slice(at + 1)] };
  const tag = colon < 0 ? "**" : before.slice(colon + 1);
  return /^\*+$/.test(tag) ? { name: [fillName(name)] } : { name: [fillName(name)], tag: [tag] };
}

/** A pattern that begins with `**` is for every domain; `*` alone is a name in library/ as any other word. */
function fillName(name: string): string {
  if (name.startsWith("**")) return name;
  const { domain: host, rest } = split(name);
  return `${host}/${rest}`;
}

/** Whether a name is allowed; one without tag and digest, all its tags, needs a pattern without a tag. */
export function allowsName(allowed: Allowed | undefined, image: ImageName): boolean {
  if (isOpen(allowed)) return true;
  let parsed = patterns.get(allowed);
  if (parsed === undefined) {
    parsed = { all: allowed.map(parsePattern), answers: new Answers() };
    patterns.set(allowed, parsed);
  }
  const { all, answers } = parsed;
  return answers.recall(
    `${image.name}:${image.tag ?? ""}@${image.digest ?? ""}`,
    () => all.some((pattern) => matches(pattern, image)),
  );
}

function matches(pattern: Pattern, { name, tag, digest }: ImageName): boolean {
  if (!allows(pattern.name, name)) return false;
  if (pattern.digest !== undefined) return digest !== undefined && allows(pattern.digest, digest);
  if (pattern.tag === undefined) return true;
  return digest === undefined && tag !== undefined && allows(pattern.tag, tag);
}

/** Whether a reference, normalised or not, is allowed by its own words, without a look at the engine. */
export function imageAllows(allowed: Allowed | undefined, reference: string): boolean {
  if (isOpen(allowed)) return true;
  const image = parseImage(reference);
  return image !== undefined && allowsName(allowed, withDefaultTag(image));
}

/** The finding against a name. */
export function imageDenied(allowed: Allowed | undefined, image: ImageName): Denial {
  const text = formatImage(image);
  return denied("images", `${text} ${notAmong(allowed)}`, listWith("images", allowed, text));
}

/**
 * Judges the image of a container, undefined when it is allowed. A word that could be a part of an id, and a digest, are asked of the
 * engine: it is the image's own names that decide then. Where the engine has no such image, the word is a name that clients
 * will pull next.
 */
export function* judgeImage(
  allowed: Allowed | undefined,
  reference: string,
): Generator<Lookup, Denial | undefined, Answer> {
  if (isOpen(allowed)) return undefined;
  const parsed = parseImage(reference);
  const image = parsed === undefined ? undefined : withDefaultTag(parsed);
  const perhapsId = partOfId.test(reference);
  if (image !== undefined && !perhapsId && allowsName(allowed, image)) return undefined;
  if (perhapsId || image?.digest !== undefined) {
    const answer = yield { kind: "image", name: reference };
    if ("failed" in answer) return denied("images", answer.failed, "");
    if ("found" in answer) return judgeFound(allowed, reference, answer.found);
    if (image !== undefined && allowsName(allowed, image)) return undefined;
  }
  if (image === undefined) {
    return denied("images", `${shown(reference)} is not an image reference`, "");
  }
  return imageDenied(allowed, image);
}

function judgeFound(
  allowed: readonly string[],
  reference: string,
  found: unknown,
): Denial | undefined {
  const { Id, RepoTags, RepoDigests } = (found ?? {}) as Record<string, unknown>;
  const names = [RepoTags, RepoDigests].flatMap((list) => Array.isArray(list) ? list : [])
    .filter((name) => typeof name === "string" && !name.startsWith("<none>")) as string[];
  if (typeof Id === "string" && allowed.includes(Id)) return undefined;
  if (names.some((name) => imageAllows(allowed, name))) return undefined;
  const known = names.length === 0 ? "an image without a name" : names.slice(0, 3).join(", ");
  return denied(
    "images",
    `${shown(reference)} is ${shown(known)}, which ${notAmong(allowed)}`,
    names.length === 0 ? "images: any" : listWith("images", allowed, ...names.slice(0, 1)),
  );
}

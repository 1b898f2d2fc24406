import { applyEdits, insertItem, insertMember, replaceValue } from "../../json/edit.ts";
import { parseJson } from "../../json/parse.ts";
import type { Edit, Json, JsonDocument, JsonObject } from "../../json/value.ts";
import { integerAt, member, objectAt, pairsAt, textAt, textsAt } from "./reading.ts";
import type { Additions, Finding } from "./types.ts";

/** A body with what a policy sets in it, and what that was. */
export interface Filled {
  readonly document: JsonDocument;
  readonly added: readonly string[];
}

/** A value that a policy sets. */
interface Addition {
  readonly name: string;
  readonly json: string;
  /** For the record: `memory=1073741824`. */
  readonly words: string;
}

/**
 * Fills in what the client left out of a body of containers.create, before it is judged, so that a limit that a policy both sets and
 * requires is there. A client's own value stays, and is judged.
 */
export function addDefaults(document: JsonDocument, set: Additions | undefined): Filled {
  const { root } = document;
  if (set === undefined || root.kind !== "object") return { document, added: [] };
  const host = objectAt(root, "HostConfig");
  const labels = missingLabels(root, set);
  const own = missingUser(root, set);
  const inHost = missingInHost(host, set);
  const added = [...labels, ...own, ...inHost].map(({ words }) => words);
  if (added.length === 0) return { document, added };
  const edits = [
    ...intoMember(root, "Labels", labels),
    ...own.map((addition) => into(root, addition)),
    ...intoMember(root, "HostConfig", inHost),
  ];
  return { document: parsed(applyEdits(document, edits)), added };
}

/** The finding for a body that was filled in and then judged: one edit for all, since the edits have places in the filled text. */
export function withAdditions(
  original: JsonDocument,
  { document, added }: Filled,
  edits: readonly Edit[],
): Finding {
  if (added.length === 0) {
    return { ok: true, edits, added, ...(edits.length === 0 ? {} : { document }) };
  }
  const whole = { start: 0, end: original.text.length, text: applyEdits(document, edits) };
  return { ok: true, document: original, edits: [whole], added };
}

function parsed(text: string): JsonDocument {
  return parseJson(new TextEncoder().encode(text));
}

function missingLabels(root: JsonObject, { labels = {} }: Additions): Addition[] {
  const own = new Set(pairsAt(root, "Labels").map(([name]) => name));
  return Object.entries(labels).filter(([name]) => !own.has(name)).map(([name, value]) => ({
    name,
    json: JSON.stringify(value),
    words: `label ${name}=${value}`,
  }));
}

function missingUser(root: JsonObject, { user }: Additions): Addition[] {
  if (user === undefined || textAt(root, "User") !== "") return [];
  return [{ name: "User", json: JSON.stringify(user), words: `user=${user}` }];
}

function missingInHost(host: JsonObject | undefined, set: Additions): Addition[] {
  const isUnset = (name: string) => (integerAt(host, name) ?? 0n) === 0n;
  const additions: Addition[] = [];
  if (set.memory !== undefined && isUnset("Memory")) {
    additions.push({ name: "Memory", json: `${set.memory}`, words: `memory=${set.memory}` });
  }
  // The engine refuses NanoCpus beside the other two.
  if (set.cpus !== undefined && ["NanoCpus", "CpuQuota", "CpuPeriod"].every(isUnset)) {
    const nano = `${Math.round(set.cpus * 1e9)}`;
    additions.push({ name: "NanoCpus", json: nano, words: `cpus=${set.cpus}` });
  }
  if (set.pids !== undefined && isUnset("PidsLimit")) {
    additions.push({ name: "PidsLimit", json: `${set.pids}`, words: `pids=${set.pids}` });
  }
  if (set.no_new_privileges === true && !saysNoNewPrivileges(host)) {
    additions.push({
      name: "SecurityOpt",
      json: `["no-new-privileges"]`,
      words: "no_new_privileges=true",
    });
  }
  return additions;
}

function saysNoNewPrivileges(host: JsonObject | undefined): boolean {
  return textsAt(host, "SecurityOpt").some((option) => /^no-new-privileges(?:[=:]|$)/.test(option));
}

/** Into an object that may be absent or null. */
function intoMember(root: JsonObject, name: string, additions: readonly Addition[]): Edit[] {
  if (additions.length === 0) return [];
  const object = objectAt(root, name);
  if (object !== undefined) return additions.map((addition) => into(object, addition));
  const members = additions.map(({ name, json }) => `${JSON.stringify(name)}:${json}`);
  return [into(root, { name, json: `{${members.join(",")}}`, words: "" })];
}

/** Of the members that may hold something only SecurityOpt is a list. */
function into(object: JsonObject, { name, json }: Addition): Edit {
  const present: Json | undefined = object.members.get(name);
  if (present === undefined) return insertMember(object, name, json);
  const value = member(object, name);
  return value?.kind === "array"
    ? insertItem(value, JSON.stringify("no-new-privileges"))
    : replaceValue(present, json);
}

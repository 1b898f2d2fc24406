import { groups, operations } from "./operations.ts";

/** The candidate that a misspelt word most likely meant, or undefined when none is near. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  // A third of the letters may be wrong, at least one.
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const d = slips(wanted, candidate.toLowerCase());
    if (d < least) [best, least] = [candidate, d];
  }
  return best;
}

/** Slips of the pen between two words; two letters that changed places are one (optimal string alignment). */
function slips(word: string, candidate: string): number {
  let before: number[] = [];
  let above = Array.from({ length: candidate.length + 1 }, (_, i) => i);
  for (let i = 1; i <= word.length; i++) {
    const row = [i];
    for (let j = 1; j <= candidate.length; j++) {
      const same = word[i - 1] === candidate[j - 1];
      let least = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && word[i - 1] === candidate[j - 2] &&
        word[i - 2] === candidate[j - 1];
      if (swapped) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    [before, above] = [above, row];
  }
  return above[candidate.length]!;
}

/** What the docker command line calls things. */
const commands: Readonly<Record<string, string>> = {
  ps: "containers.list",
  ls: "containers.list",
  run: "containers.create",
  rm: "containers.remove",
  delete: "containers.remove",
  diff: "containers.changes",
  cp: "containers.archive-read",
  copy: "containers.archive-read",
  archive: "containers.archive-read",
  exec: "containers.exec",
  execute: "containers.exec",
  rmi: "images.remove",
  images: "images.list",
  get: "images.save",
  create: "containers.create",
  login: "system.auth",
  df: "system.df",
  events: "system.events",
  version: "system.version",
  info: "system.info",
  ping: "system.ping",
};

const verbs: Readonly<Record<string, string>> = {
  rm: "remove",
  delete: "remove",
  ls: "list",
  ps: "list",
  get: "inspect",
  diff: "changes",
  rmi: "remove",
  run: "create",
  connect: "connect",
};

const names = operations.map((operation) => operation.name);

/** Operations that an unknown name may have meant, the likeliest first, at most three. */
export function suggestOperations(name: string): string[] {
  const [group = "", verb = ""] = name.toLowerCase().split(".", 2);
  const found: (string | undefined)[] = [];
  if (verb === "") {
    found.push(commands[group], ...names.filter((n) => n.endsWith(`.${group}`)));
  } else {
    const realGroup = groups.includes(group) ? group : closest(group, groups);
    if (realGroup !== undefined) {
      const own = names.filter((n) => n.startsWith(`${realGroup}.`));
      const exact = `${realGroup}.${verbs[verb] ?? verb}`;
      found.push(own.find((n) => n === exact), closest(`${realGroup}.${verb}`, own));
      if (realGroup === group) found.push(...names.filter((n) => n.endsWith(`.${verb}`)));
    } else found.push(...names.filter((n) => n.endsWith(`.${verb}`)));
  }
  found.push(closest(name, names));
  return [...new Set(found.filter((n) => n !== undefined))].slice(0, 3);
}

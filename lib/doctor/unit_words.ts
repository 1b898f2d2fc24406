import { dirname } from "node:path";
import { type Host, Unreadable } from "./host.ts";
import { realPath } from "./paths.ts";
import type { Unit } from "./units.ts";

/** What a service is started with. */
export interface Started {
  /** The program first, quotes and variables resolved. */
  readonly words: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
}

/** The last ExecStart= of a unit (systemd.service(5), "Command lines"). Throws Unreadable for a file of its environment, too. */
export function startedBy(host: Host, unit: Unit): Started | undefined {
  const command = unit.values("ExecStart").at(-1);
  if (command === undefined) return undefined;
  const environment = environmentOf(host, unit);
  const [program = "", ...rest] = split(command);
  const prefix = /^[-@:+!|]*/.exec(program)![0];
  // With a colon, variables stay as they are; with @, the next word is the program's name for itself.
  const expanded = prefix.includes(":") ? rest : rest.flatMap((word) => expand(word, environment));
  const words = [program.slice(prefix.length), ...expanded.slice(prefix.includes("@") ? 1 : 0)];
  return { words, environment };
}

/** Files count after Environment=, in their order (systemd.exec(5)). */
function environmentOf(host: Host, unit: Unit): Map<string, string> {
  const environment = new Map<string, string>();
  const add = (assignment: string) => {
    const at = assignment.indexOf("=");
    if (at > 0) environment.set(assignment.slice(0, at), assignment.slice(at + 1));
  };
  unit.values("Environment").flatMap(split).forEach(add);
  for (const named of unit.values("EnvironmentFile")) {
    for (const path of matching(host, named.replace(/^-/, ""))) {
      variablesIn(host.read(path) ?? "").forEach(add);
    }
  }
  return environment;
}

/** The assignments of an environment's file, without their quotes. */
export function variablesIn(text: string): string[] {
  return text.replaceAll("\\\n", "").split("\n").flatMap((line) => {
    const [, name, value] = /^\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    return name === undefined ? [] : [`${name}=${unquoted(value!)}`];
  });
}

function unquoted(value: string): string {
  return value.replace(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gs,
    (_, double, single, escaped) => escaped ?? single ?? double.replace(/\\(.)/gs, "$1"),
  );
}

/** A pattern stands for what is in its folder; which of that it means is not asked. */
function matching(host: Host, path: string): string[] {
  if (!/[*?[]/.test(path)) return [path];
  if (/[*?[]/.test(dirname(path))) throw new Unreadable(path, "it is a pattern of folders");
  const folder = realPath(host, dirname(path));
  return (host.list(folder) ?? []).toSorted().map((name) => `${folder}/${name}`);
}

/** Words between blanks, quotes and backslashes resolved. */
export function split(text: string): string[] {
  const words = text.match(/(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\.|[^\s"'\\])+/gs) ?? [];
  return words.map((word) =>
    word.replace(
      /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\\(.)/gs,
      (_, double, single, escaped) => escaped ?? (double ?? single).replace(/\\(.)/gs, "$1"),
    )
  );
}

/** `$NAME` on its own is split at blanks, `${NAME}` is not; what is not set is empty. */
function expand(word: string, environment: ReadonlyMap<string, string>): string[] {
  const [, whole] = /^\$(\w+)$/.exec(word) ?? [];
  if (whole !== undefined) return split(environment.get(whole) ?? "");
  return [
    word.replace(
      /\$\$|\$\{(\w+)\}|\$(\w+)/g,
      (found, braced, bare) => found === "$$" ? "$" : environment.get(braced ?? bare) ?? "",
    ),
  ];
}

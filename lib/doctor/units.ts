import type { Host } from "./host.ts";
import { realPath } from "./paths.ts";

/** Where systemd looks for units, first the one that wins (systemd.unit(5)). */
const folders = [
  "/etc/systemd/system.control",
  "/run/systemd/system.control",
  "/run/systemd/transient",
  "/run/systemd/generator.early",
  "/etc/systemd/system",
  "/run/systemd/system",
  "/run/systemd/generator",
  "/usr/local/lib/systemd/system",
  "/usr/lib/systemd/system",
  "/lib/systemd/system",
  "/run/systemd/generator.late",
];

/** A unit as its file and drop-ins say, in that order. */
export interface Unit {
  readonly file: string;
  readonly dropIns: readonly string[];
  /** All values of a setting such as `SocketMode`, an empty one taking back those before it. */
  values(name: string): string[];
}

/** Reads a unit; undefined when there is none, or it is masked. */
export function readUnit(host: Host, name: string): Unit | undefined {
  const file = folders.map((folder) => `${folder}/${name}`).find((path) =>
    host.status(path) !== undefined
  );
  if (file === undefined || realPath(host, file) === "/dev/null") return undefined;
  const kind = name.slice(name.lastIndexOf(".") + 1);
  // Those of all units of its kind are read, too; of drop-ins of one name, the one in the first folder counts; they apply in the order of their names.
  const dropIns = new Map<string, string>();
  for (const folder of [name, kind].flatMap((of) => folders.map((path) => `${path}/${of}.d`))) {
    for (const entry of host.list(folder) ?? []) {
      if (entry.endsWith(".conf") && !dropIns.has(entry)) dropIns.set(entry, `${folder}/${entry}`);
    }
  }
  const ordered = [...dropIns].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  const lines = [file, ...ordered].flatMap((path) => settings(host.read(path) ?? "", kind));
  return {
    file,
    dropIns: ordered,
    values(name) {
      let values: string[] = [];
      for (const [key, value] of lines) {
        if (key === name) values = value === "" ? [] : [...values, value];
      }
      return values;
    },
  };
}

/**
 * The assignments of the section of that kind, `[Socket]` of a socket. A comment has one line, be there a backslash at its end, and
 * may stand inside a line that goes on (systemd.syntax(7); config_parse, src/shared/conf-parser.c).
 */
function settings(text: string, kind: string): [string, string][] {
  const found: [string, string][] = [];
  const title = kind.charAt(0).toUpperCase() + kind.slice(1);
  let section = "";
  let begun = "";
  for (const one of text.split("\n")) {
    if (/^\s*[#;]/.test(one)) continue;
    const line = begun + one;
    const goesOn = /(?<!\\)(?:\\\\)*\\$/.test(line);
    begun = goesOn ? `${line.slice(0, -1)} ` : "";
    if (goesOn) continue;
    section = /^\s*\[([^\]]*)\]\s*$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/s.exec(line) ?? [];
    if (key !== undefined && section === title) found.push([key, value!]);
  }
  return found;
}

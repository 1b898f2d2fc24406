import type { Host } from "./host.ts";

/** Where systemd looks for units, first the one that wins (systemd.unit(5)). */
const folders = [
  "/etc/systemd/system",
  "/run/systemd/system",
  "/usr/local/lib/systemd/system",
  "/usr/lib/systemd/system",
  "/lib/systemd/system",
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
  if (file === undefined || host.link(file) === "/dev/null") return undefined;
  // Of drop-ins of one name, the one in the first folder counts; they apply in the order of their names.
  const dropIns = new Map<string, string>();
  for (const folder of folders.map((path) => `${path}/${name}.d`)) {
    for (const entry of host.list(folder) ?? []) {
      if (entry.endsWith(".conf") && !dropIns.has(entry)) dropIns.set(entry, `${folder}/${entry}`);
    }
  }
  const ordered = [...dropIns].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  const lines = [file, ...ordered].flatMap((path) => settings(host.read(path) ?? ""));
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

function settings(text: string): [string, string][] {
  return text.replaceAll("\\\n", " ").split("\n").flatMap((line): [string, string][] => {
    const [, key, value] = /^\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    return key === undefined ? [] : [[key, value!]];
  });
}

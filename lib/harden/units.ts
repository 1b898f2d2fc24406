import { type Facts, Refused } from "./part.ts";

/** Where systemd looks for units, the administrator's first (systemd.unit(5)). */
export const unitFolders = ["/etc/systemd/system", "/run/systemd/system", "/lib/systemd/system"];

/** A unit's file, as systemd would take it; undefined where there is none, or it is masked by a link to /dev/null. */
export function readUnit(
  { read, exists }: Pick<Facts, "read" | "exists">,
  name: string,
): string | undefined {
  const path = [...unitFolders, "/usr/lib/systemd/system"].map((folder) => `${folder}/${name}`)
    .find(exists);
  return path === undefined ? undefined : read(path);
}

/** The texts of the files that change a unit, by their names, in the order in which they count. */
export function readDropIns(
  { read, list }: Pick<Facts, "read" | "list">,
  name: string,
): { readonly path: string; readonly text: string }[] {
  const paths = new Map<string, string>();
  for (const folder of [...unitFolders, "/usr/lib/systemd/system"].toReversed()) {
    for (const file of list(`${folder}/${name}.d`)) {
      if (file.endsWith(".conf")) paths.set(file, `${folder}/${name}.d/${file}`);
    }
  }
  return [...paths].sort(([one], [other]) => one < other ? -1 : 1)
    .flatMap(([, path]) => {
      const text = read(path);
      return text === undefined ? [] : [{ path, text }];
    });
}

/** Whether systemd is what runs the host (sd_booted(3)): else there is nobody to start a unit or to read it again. */
export function isBooted({ exists }: Pick<Facts, "exists">): boolean {
  return exists("/run/systemd/system");
}

/** A word of a command line in a unit: quotes, specifiers and variables mean themselves (systemd.service(5)). */
export function unitWord(text: string): string {
  return quoted(unitPath(text).replaceAll("$", "$$$$"));
}

/** A path as a value in a unit, where a per cent sign begins a specifier. Throws Refused for one that would be several lines. */
export function unitPath(path: string): string {
  // A backslash at a line's end goes on to the next one, and blanks there are none of the value (systemd.syntax(7)).
  if (/\p{Cc}|[\\\s]$/u.test(path)) {
    throw new Refused(`${JSON.stringify(path)} has characters that no unit of systemd can name`);
  }
  return path.replaceAll("%", "%%");
}

/** A path in a list of paths, such as ReadWritePaths= (systemd.syntax(7)). */
export function listedPath(path: string): string {
  return quoted(unitPath(path));
}

function quoted(text: string): string {
  if (/^[A-Za-z0-9_./:@%+=,$-]+$/.test(text)) return text;
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
